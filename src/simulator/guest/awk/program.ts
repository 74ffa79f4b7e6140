/**
 * awk as a program: options, files, the loop over lines. The one rule: what a line makes awk print is written before the next is read.
 */
import type { CommandContext, Program } from '../commands/context.js';
import { parseOptions } from '../commands/options.js';
import { toRegExp } from '../commands/regex.js';
import { unescapeText } from '../shell/printf.js';
import { AwkSyntaxError } from './lexer.js';
import { parseAwk } from './parser.js';
import { AwkExit, AwkMachine, Jump } from './run.js';
import { AwkError } from './state.js';
import type { Rule } from './syntax.js';
import { inputValue, isTrue } from './values.js';

export const awk: Program = async (c) => {
  const options = parseOptions(c.args, '+F:v:f:W:');
  const operands = [...options.operands];
  const files = options.values.get('f') ?? [];
  const text = files.length > 0 ? (await c.lines(files)).join('\n') : operands.shift();
  if (text === undefined) return c.fail('usage: awk [-F fs][-v var=value][prog | -f progfile][file ...]', 2);
  try {
    const machine = new AwkMachine(
      parseAwk(text),
      () => c.machine.clock.now(),
      (source) => toRegExp(source, true),
    );
    const separator = options.get('F');
    if (separator !== undefined)
      machine.scalars.set('FS', separator === 't' ? '\t' : unescapeText(separator, 'format').out);
    for (const setting of options.values.get('v') ?? []) set(machine, setting);
    for (const [name, value] of c.environment) machine.array('ENVIRON').set(name, inputValue(value));
    return await new AwkRun(c, machine).go(operands);
  } catch (error) {
    if (error instanceof AwkSyntaxError) return c.fail(`line 1: ${error.message}`, 2);
    if (error instanceof AwkError || error instanceof SyntaxError) return c.fail(error.message, 2);
    throw error;
  }
};

function set(machine: AwkMachine, setting: string): void {
  const at = setting.indexOf('=');
  machine.scalars.set(setting.slice(0, at), inputValue(unescapeText(setting.slice(at + 1), 'format').out));
}

class AwkRun {
  readonly #context: CommandContext;
  readonly #machine: AwkMachine;
  readonly #ranges = new Set<Rule>();
  readonly #opened = new Set<string>();
  #status = 0;

  constructor(context: CommandContext, machine: AwkMachine) {
    this.#context = context;
    this.#machine = machine;
  }

  async go(operands: readonly string[]): Promise<number> {
    const { rules } = this.#machine.program;
    const of = (kind: Rule['kind']): Rule[] => rules.filter((rule) => rule.kind === kind);
    let going = await this.#run(() => {
      for (const rule of of('BEGIN')) if (rule.action) this.#machine.run(rule.action);
    });
    if (going && (of('line').length > 0 || of('END').length > 0)) going = await this.#lines(operands, of('line'));
    const end = of('END');
    if (end.length > 0 && (going || of('line').length > 0)) {
      await this.#run(() => {
        for (const rule of end) if (rule.action) this.#machine.run(rule.action);
      });
    }
    return this.#status || (this.#context.failed > 0 ? 2 : 0);
  }

  async #lines(operands: readonly string[], rules: readonly Rule[]): Promise<boolean> {
    const c = this.#context;
    const files: string[] = [];
    for (const operand of operands) {
      if (/^[A-Za-z_]\w*=/.test(operand)) set(this.#machine, operand);
      else files.push(operand);
    }
    for await (const { name, reader } of c.inputs(files)) {
      this.#machine.scalars.set('FILENAME', name === '-' ? '' : name);
      this.#machine.scalars.set('FNR', 0);
      for await (const line of this.#records(reader)) {
        if (!(await this.#run(() => this.#line(line, rules)))) return false;
      }
    }
    return true;
  }

  async *#records(reader: NonNullable<CommandContext['input']>): AsyncGenerator<string> {
    const c = this.#context;
    const separator = this.#machine.text(this.#machine.scalars.get('RS'));
    if (separator === '\n') {
      for (let line = await c.line(reader); line !== undefined; line = await c.line(reader))
        yield line.replace(/\n$/, '');
      return;
    }
    const text = await c.all(reader);
    const parts =
      separator === '' ? text.replace(/^\n+|\n+$/g, '').split(/\n\n+/) : text.replace(/\n$/, '').split(separator);
    for (const part of parts) if (part !== '' || separator !== '') yield part;
  }

  #line(line: string, rules: readonly Rule[]): void {
    const machine = this.#machine;
    machine.setRecord(line);
    for (const name of ['NR', 'FNR']) machine.scalars.set(name, Number(machine.scalars.get(name)) + 1);
    for (const rule of rules) {
      if (!this.#selects(rule)) continue;
      if (rule.action) machine.run(rule.action);
      else machine.run({ type: 'print', args: [], formatted: false });
    }
  }

  #selects(rule: Rule): boolean {
    const holds = (pattern: Rule['pattern']): boolean => !pattern || isTrue(this.#machine.evaluate(pattern) ?? '');
    if (!rule.until) return holds(rule.pattern);
    const open = this.#ranges.has(rule) || holds(rule.pattern);
    if (open && !holds(rule.until)) this.#ranges.add(rule);
    else this.#ranges.delete(rule);
    return open;
  }

  /** Runs and writes what was printed. @returns false after `exit` */
  async #run(work: () => void): Promise<boolean> {
    let going = true;
    try {
      work();
    } catch (error) {
      if (error instanceof AwkExit) {
        going = false;
        if (error.status >= 0) this.#status = error.status;
      } else if (!(error instanceof Jump)) {
        await this.#flush();
        throw error;
      }
    }
    await this.#flush();
    return going;
  }

  async #flush(): Promise<void> {
    const c = this.#context;
    for (const { to, append, text } of this.#machine.output.splice(0)) {
      if (to === '' || to === '/dev/stdout') await c.out(text);
      else if (to === '/dev/stderr') await c.err(text);
      else await this.#writeFile(to, append, text);
    }
  }

  async #writeFile(name: string, append: boolean, text: string): Promise<void> {
    const { files } = this.#context.machine;
    const path = this.#context.path(name);
    const node = files.get(path);
    if (node?.kind === 'device') {
      await node.open().sink?.write(text);
      return;
    }
    const keep = (append || this.#opened.has(path)) && node?.kind === 'file' ? node.content : '';
    this.#opened.add(path);
    await this.#context.attempt(name, () => files.write(path, keep + text));
  }
}
