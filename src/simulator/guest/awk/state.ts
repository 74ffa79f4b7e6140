/**
 * What a running awk program holds: variables, arrays, the current record and its fields.
 * The one rule: a record is split when a field or NF is first asked for, with the FS of that moment.
 */
import { formatNumber } from '../shell/printf.js';
import type { AwkProgram, Expression, Target } from './syntax.js';
import { inputValue, toNumber, toText, type Value } from './values.js';

export class AwkError extends Error {}

export type AwkArray = Map<string, Value>;

/** Variables, arrays, the current record, and the output not yet written. */
export abstract class AwkState {
  readonly program: AwkProgram;
  readonly scalars = new Map<string, Value>();
  readonly arrays = new Map<string, AwkArray>();
  /** Output by destination; '' is standard output. */
  readonly output: { readonly to: string; readonly append: boolean; readonly text: string }[] = [];
  readonly now: () => number;
  /** The next input line, for getline; undefined when it is not there (yet). */
  nextLine: () => string | undefined = () => undefined;
  protected locals: Map<string, Value | AwkArray>[] = [];
  protected fields: Value[] = [''];
  #split = true;
  readonly #regexps = new Map<string, RegExp>();
  readonly toRegExp: (source: string) => RegExp;

  constructor(program: AwkProgram, now: () => number, compile: (source: string) => RegExp) {
    this.program = program;
    this.now = now;
    this.toRegExp = (source) => {
      const known = this.#regexps.get(source);
      if (known) return known;
      const made = compile(source);
      this.#regexps.set(source, made);
      return made;
    };
    for (const [name, value] of [
      ['FS', ' '],
      ['OFS', ' '],
      ['ORS', '\n'],
      ['RS', '\n'],
      ['SUBSEP', '\x1c'],
      ['OFMT', '%.6g'],
      ['CONVFMT', '%.6g'],
    ] as const) {
      this.scalars.set(name, value);
    }
    for (const name of ['NR', 'NF', 'FNR', 'RSTART', 'RLENGTH']) this.scalars.set(name, 0);
  }

  text(value: Value | undefined): string {
    return toText(value ?? '', (number) => this.format('CONVFMT', number));
  }

  protected format(name: 'CONVFMT' | 'OFMT', value: number): string {
    const found = /^%([-+ 0#]*)(\d+)?(?:\.(\d+))?([a-zA-Z])$/.exec(toText(this.scalars.get(name) ?? '', String));
    if (!found) return String(value);
    return formatNumber(
      found[4] ?? 'g',
      found[1] ?? '',
      found[2] === undefined ? undefined : Number(found[2]),
      Number(found[3] ?? 6),
      value,
    );
  }

  abstract evaluate(node: Expression): Value | undefined;

  /** Makes `line` the current record. */
  setRecord(line: string): void {
    this.fields = [inputValue(line)];
    this.#split = false;
  }

  #need(): void {
    if (this.#split) return;
    this.#split = true;
    const record = this.text(this.fields[0]);
    this.fields = [this.fields[0] ?? '', ...this.splitText(record, this.text(this.scalars.get('FS'))).map(inputValue)];
    this.scalars.set('NF', this.fields.length - 1);
  }

  /** Splits as FS does: a blank means runs of white space, one character itself, anything else a regular expression. */
  splitText(text: string, separator: string): string[] {
    if (text === '') return [];
    if (separator === ' ') return text.split(/[ \t\n]+/).filter((part) => part !== '');
    if (separator.length === 1 && separator !== '\\') return text.split(separator === '\t' ? '\t' : separator);
    return separator === '' ? [...text] : text.split(this.toRegExp(separator));
  }

  #setField(index: number, value: Value): void {
    if (index === 0) {
      this.setRecord(this.text(value));
      return;
    }
    if (index < 0 || index > 32_767) throw new AwkError(`attempt to access field ${index}`);
    this.#need();
    while (this.fields.length <= index) this.fields.push('');
    this.fields[index] = value;
    this.scalars.set('NF', this.fields.length - 1);
    this.#rebuild();
  }

  #rebuild(): void {
    this.fields[0] = this.fields
      .slice(1)
      .map((field) => this.text(field))
      .join(this.text(this.scalars.get('OFS')));
  }

  /** The array of that name, made if need be; a local one if the name is a parameter. */
  array(name: string): AwkArray {
    const frame = this.locals.at(-1);
    const local = frame?.get(name);
    if (local instanceof Map) return local;
    if (frame?.has(name)) {
      const made: AwkArray = new Map();
      frame.set(name, made);
      return made;
    }
    const known = this.arrays.get(name);
    if (known) return known;
    const made: AwkArray = new Map();
    this.arrays.set(name, made);
    return made;
  }

  protected key(keys: readonly Expression[]): string {
    return keys.map((key) => this.text(this.evaluate(key))).join(this.text(this.scalars.get('SUBSEP')));
  }

  protected get(target: Target): Value | undefined {
    if (target.type === 'field') {
      const index = toNumber(this.evaluate(target.index) ?? 0);
      if (index !== 0) this.#need();
      return this.fields[Math.trunc(index)];
    }
    if (target.type === 'element') {
      const array = this.array(target.array);
      const key = this.key(target.keys);
      if (!array.has(key)) array.set(key, '');
      const value = array.get(key);
      return value === '' ? undefined : value;
    }
    const local = this.locals.at(-1);
    if (local?.has(target.name)) {
      const value = local.get(target.name);
      return value instanceof Map ? undefined : value;
    }
    if (target.name === 'NF') this.#need();
    return this.scalars.get(target.name);
  }

  assign(target: Target, value: Value): Value {
    if (target.type === 'field') this.#setField(Math.trunc(toNumber(this.evaluate(target.index) ?? 0)), value);
    else if (target.type === 'element') this.array(target.array).set(this.key(target.keys), value);
    else if (this.locals.at(-1)?.has(target.name)) this.locals.at(-1)?.set(target.name, value);
    else {
      this.scalars.set(target.name, value);
      if (target.name === 'NF') {
        this.#need();
        this.fields.length = Math.min(32_768, toNumber(value) + 1);
        this.fields = Array.from(this.fields, (field) => field ?? '');
        this.scalars.set('NF', value);
        this.#rebuild();
      }
    }
    return value;
  }
}
