/**
 * Runs awk programs. Evaluation is synchronous and counted, for awk has no waiting but for its input; output is collected and written
 * after each line. The one rule: a loop that goes on for ever ends with an error after MAX_STEPS.
 */
import { formatNumber } from '../shell/printf.js';
import { callBuiltin } from './functions.js';
import type { Action, AwkProgram, Expression, Target } from './syntax.js';
import { compareValues, inputValue, isTrue, toNumber, toText, type Value } from './values.js';

const MAX_STEPS = 5_000_000;

export class AwkError extends Error {}
export class AwkExit extends Error {
  constructor(readonly status: number) {
    super('exit');
  }
}
class Jump extends Error {
  constructor(readonly kind: 'break' | 'continue' | 'next') {
    super(kind);
  }
}
class Return extends Error {
  constructor(readonly value: Value) {
    super('return');
  }
}

export { Jump };

type AwkArray = Map<string, Value>;

/** One running program: variables, the current record, and the output not yet written. */
export class AwkMachine {
  readonly program: AwkProgram;
  readonly scalars = new Map<string, Value>();
  readonly arrays = new Map<string, AwkArray>();
  /** Output by destination; '' is standard output. */
  readonly output: { readonly to: string; readonly append: boolean; readonly text: string }[] = [];
  readonly now: () => number;
  /** The next input line, for getline; undefined when it is not there (yet). */
  nextLine: () => string | undefined = () => undefined;
  #locals: Map<string, Value | AwkArray>[] = [];
  #fields: Value[] = [''];
  #split = true;
  #steps = 0;
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
    return toText(value ?? '', (number) => this.#format('CONVFMT', number));
  }

  #format(name: 'CONVFMT' | 'OFMT', value: number): string {
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

  /** Makes `line` the current record. */
  setRecord(line: string): void {
    this.#fields = [inputValue(line)];
    this.#split = false;
  }

  #need(): void {
    if (this.#split) return;
    this.#split = true;
    const record = this.text(this.#fields[0]);
    this.#fields = [
      this.#fields[0] ?? '',
      ...this.splitText(record, this.text(this.scalars.get('FS'))).map(inputValue),
    ];
    this.scalars.set('NF', this.#fields.length - 1);
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
    while (this.#fields.length <= index) this.#fields.push('');
    this.#fields[index] = value;
    this.scalars.set('NF', this.#fields.length - 1);
    this.#rebuild();
  }

  #rebuild(): void {
    this.#fields[0] = this.#fields
      .slice(1)
      .map((field) => this.text(field))
      .join(this.text(this.scalars.get('OFS')));
  }

  /** The array of that name, made if need be; a local one if the name is a parameter. */
  array(name: string): AwkArray {
    const frame = this.#locals.at(-1);
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

  #key(keys: readonly Expression[]): string {
    return keys.map((key) => this.text(this.evaluate(key))).join(this.text(this.scalars.get('SUBSEP')));
  }

  #get(target: Target): Value | undefined {
    if (target.type === 'field') {
      const index = toNumber(this.evaluate(target.index) ?? 0);
      if (index !== 0) this.#need();
      return this.#fields[Math.trunc(index)];
    }
    if (target.type === 'element') {
      const array = this.array(target.array);
      const key = this.#key(target.keys);
      if (!array.has(key)) array.set(key, '');
      const value = array.get(key);
      return value === '' ? undefined : value;
    }
    const local = this.#locals.at(-1);
    if (local?.has(target.name)) {
      const value = local.get(target.name);
      return value instanceof Map ? undefined : value;
    }
    if (target.name === 'NF') this.#need();
    return this.scalars.get(target.name);
  }

  assign(target: Target, value: Value): Value {
    if (target.type === 'field') this.#setField(Math.trunc(toNumber(this.evaluate(target.index) ?? 0)), value);
    else if (target.type === 'element') this.array(target.array).set(this.#key(target.keys), value);
    else if (this.#locals.at(-1)?.has(target.name)) this.#locals.at(-1)?.set(target.name, value);
    else {
      this.scalars.set(target.name, value);
      if (target.name === 'NF') {
        this.#need();
        this.#fields.length = Math.min(32_768, toNumber(value) + 1);
        this.#fields = Array.from(this.#fields, (field) => field ?? '');
        this.scalars.set('NF', value);
        this.#rebuild();
      }
    }
    return value;
  }

  /** The value; undefined for what was never set. */
  evaluate(node: Expression): Value | undefined {
    this.#steps += 1;
    if (this.#steps > MAX_STEPS) throw new AwkError('program limit exceeded');
    switch (node.type) {
      case 'number':
      case 'string':
        return node.value;
      case 'regexp':
        return this.toRegExp(node.source).test(this.text(this.#fields[0])) ? 1 : 0;
      case 'name':
      case 'field':
      case 'element':
        return this.#get(node);
      case 'assign': {
        const value = this.evaluate(node.value) ?? '';
        if (node.operator === '=') return this.assign(node.target, value);
        const before = toNumber(this.#get(node.target) ?? 0);
        return this.assign(node.target, arithmetic(node.operator.slice(0, -1), before, toNumber(value)));
      }
      case 'step': {
        const before = toNumber(this.#get(node.target) ?? 0);
        this.assign(node.target, before + node.by);
        return node.prefix ? before + node.by : before;
      }
      case 'unary': {
        const value = this.evaluate(node.operand) ?? '';
        if (node.operator === '!') return isTrue(value) ? 0 : 1;
        return node.operator === '-' ? -toNumber(value) : toNumber(value);
      }
      case 'ternary':
        return isTrue(this.evaluate(node.test) ?? '') ? this.evaluate(node.yes) : this.evaluate(node.no);
      case 'match':
        return this.regexpOf(node.right).test(this.text(this.evaluate(node.left))) !== node.negated ? 1 : 0;
      case 'in':
        return this.array(node.array).has(this.#key(node.keys)) ? 1 : 0;
      case 'call':
        return this.#call(node.name, node.args);
      case 'builtin':
        return callBuiltin(this, node.name, node.args);
      case 'getline': {
        const line = this.nextLine();
        if (line === undefined) return 0;
        if (node.target) this.assign(node.target, inputValue(line));
        else this.setRecord(line);
        return 1;
      }
      case 'binary':
        return this.#binary(node);
    }
  }

  #binary(node: Extract<Expression, { type: 'binary' }>): Value {
    const left = this.evaluate(node.left);
    if (node.operator === '&&') return isTrue(left ?? '') && isTrue(this.evaluate(node.right) ?? '') ? 1 : 0;
    if (node.operator === '||') return isTrue(left ?? '') || isTrue(this.evaluate(node.right) ?? '') ? 1 : 0;
    const right = this.evaluate(node.right);
    if (node.operator === ' ') return this.text(left) + this.text(right);
    if (/^[<>=!]/.test(node.operator)) {
      const order = compareValues(left, right, (value) => this.#format('CONVFMT', value));
      const holds = {
        '<': order < 0,
        '<=': order <= 0,
        '==': order === 0,
        '!=': order !== 0,
        '>': order > 0,
        '>=': order >= 0,
      }[node.operator];
      return holds ? 1 : 0;
    }
    return arithmetic(node.operator, toNumber(left ?? 0), toNumber(right ?? 0));
  }

  /** A regular expression given as one, or as a string. */
  regexpOf(node: Expression): RegExp {
    return this.toRegExp(node.type === 'regexp' ? node.source : this.text(this.evaluate(node)));
  }

  #call(name: string, args: readonly Expression[]): Value {
    const fn = this.program.functions.get(name);
    if (!fn) throw new AwkError(`function ${name} not defined`);
    if (this.#locals.length > 200) throw new AwkError('function call nesting too deep');
    const frame = new Map<string, Value | AwkArray>();
    for (const [index, parameter] of fn.parameters.entries()) {
      const arg = args[index];
      const array =
        arg?.type === 'name' && !this.scalars.has(arg.name)
          ? (this.#locals.at(-1)?.get(arg.name) ?? this.arrays.get(arg.name))
          : undefined;
      frame.set(parameter, array instanceof Map ? array : arg ? (this.evaluate(arg) ?? '') : '');
    }
    this.#locals.push(frame);
    try {
      this.run(fn.body);
    } catch (error) {
      if (error instanceof Return) return error.value;
      throw error;
    } finally {
      this.#locals.pop();
    }
    return '';
  }

  run(action: Action): void {
    switch (action.type) {
      case 'block':
        for (const each of action.body) this.run(each);
        return;
      case 'expression':
        this.evaluate(action.value);
        return;
      case 'print':
        this.#print(action);
        return;
      case 'if':
        if (isTrue(this.evaluate(action.test) ?? '')) this.run(action.then);
        else if (action.else) this.run(action.else);
        return;
      case 'while':
        this.#loop(action.atLeastOnce, () => isTrue(this.evaluate(action.test) ?? ''), action.body, undefined);
        return;
      case 'for': {
        const { test } = action;
        if (action.start) this.run(action.start);
        this.#loop(false, () => !test || isTrue(this.evaluate(test) ?? ''), action.body, action.step);
        return;
      }
      case 'each': {
        const keys = [...this.array(action.array).keys()];
        this.#loop(
          false,
          () => {
            const key = keys.shift();
            if (key !== undefined) this.assign({ type: 'name', name: action.name }, inputValue(key));
            return key !== undefined;
          },
          action.body,
          undefined,
        );
        return;
      }
      case 'jump':
        throw new Jump(action.kind);
      case 'exit':
        throw new AwkExit(action.value ? toNumber(this.evaluate(action.value) ?? 0) & 255 : -1);
      case 'return':
        throw new Return(action.value ? (this.evaluate(action.value) ?? '') : '');
      case 'delete':
        if (action.keys) this.array(action.array).delete(this.#key(action.keys));
        else this.array(action.array).clear();
    }
  }

  #loop(first: boolean, test: () => boolean, body: Action, step: Action | undefined): void {
    for (let free = first; free || test(); free = false) {
      try {
        this.#steps += 1;
        this.run(body);
      } catch (error) {
        if (!(error instanceof Jump) || error.kind === 'next') throw error;
        if (error.kind === 'break') return;
      }
      if (step) this.run(step);
    }
  }

  #print(action: Extract<Action, { type: 'print' }>): void {
    const values = action.args.map((arg) => this.evaluate(arg) ?? '');
    const shown = (value: Value): string => toText(value, (number) => this.#format('OFMT', number));
    let text: string;
    if (action.formatted) text = callBuiltin(this, 'sprintf', action.args) as string;
    else if (values.length === 0) text = this.text(this.#fields[0]) + this.text(this.scalars.get('ORS'));
    else text = values.map(shown).join(this.text(this.scalars.get('OFS'))) + this.text(this.scalars.get('ORS'));
    if (action.to?.operator === '|') throw new AwkError('output pipes are not available');
    const to = action.to ? this.text(this.evaluate(action.to.target)) : '';
    this.output.push({ to, append: action.to?.operator === '>>', text });
  }
}

function arithmetic(operator: string, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '^':
      return left ** right;
    default:
      if (right === 0) throw new AwkError('division by zero');
      return operator === '/' ? left / right : left % right;
  }
}
