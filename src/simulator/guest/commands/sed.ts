/**
 * sed: runs the commands of sed-script.ts over lines. The one rule: a line is printed when its cycle ends, before the next is read,
 * except that `$` needs one line of look-ahead.
 */
import type { CommandContext, Program } from './context.js';
import { parseOptions } from './options.js';
import { type Address, parseSed, type SedCommand, SedError } from './sed-script.js';

interface State {
  pattern: string;
  hold: string;
  line: number;
  substituted: boolean;
  quit: number | undefined;
  appended: string[];
  readonly silent: boolean;
  readonly out: (text: string) => Promise<void>;
  readonly next: () => Promise<string | undefined>;
  readonly isLast: () => boolean;
}

export const sed: Program = async (c) => {
  const options = parseOptions(c.args, 'nErzsue:f:i', ['expression=', 'quiet', 'silent', 'in-place']);
  const operands = [...options.operands];
  const scripts = [...(options.values.get('e') ?? []), ...(options.values.get('expression') ?? [])];
  const file = options.get('f');
  if (file !== undefined) scripts.push((await c.lines([file])).join('\n'));
  if (scripts.length === 0) scripts.push(operands.shift() ?? '');
  const silent = options.has('n') || options.has('quiet') || options.has('silent');
  const inPlace = options.has('i') || options.has('in-place');
  const parse = (): SedCommand[] => parseSed(scripts.join('\n'), options.has('E') || options.has('r'));
  try {
    if (!inPlace) return await edit(c, operands, parse(), silent, (text) => c.out(text));
    for (const name of operands) {
      let text = '';
      await edit(c, [name], parse(), silent, async (part) => {
        text += part;
      });
      if (c.failed === 0) await c.attempt(name, () => c.machine.files.write(c.path(name), text));
    }
    return c.failed > 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof SedError)) throw error;
    return c.fail(`-e expression #1, char 0: ${error.message}`);
  }
};

async function edit(
  c: CommandContext,
  files: readonly string[],
  commands: readonly SedCommand[],
  silent: boolean,
  out: (text: string) => Promise<void>,
): Promise<number> {
  const lines = readLines(c, files);
  const needsLast = /last/.test(JSON.stringify(commands));
  let ahead = await lines.next();
  const state: State = {
    pattern: '',
    hold: '',
    line: 0,
    substituted: false,
    quit: undefined,
    appended: [],
    silent,
    out,
    isLast: () => ahead.done === true,
    async next() {
      if (!needsLast && state.line > 0) ahead = await lines.next();
      if (ahead.done) return undefined;
      const { value } = ahead;
      state.line += 1;
      if (needsLast) ahead = await lines.next();
      return value;
    },
  };
  for (let line = await state.next(); line !== undefined; line = await state.next()) {
    state.pattern = line;
    state.substituted = false;
    for (let result = 'restart'; result === 'restart'; ) {
      result = await runAll(commands, state);
      if (result !== 'deleted' && result !== 'restart' && !silent) await out(`${state.pattern}\n`);
    }
    for (const text of state.appended.splice(0)) await out(`${text}\n`);
    if (state.quit !== undefined) return state.quit;
  }
  return c.failed > 0 ? 2 : 0;
}

async function* readLines(c: CommandContext, files: readonly string[]): AsyncGenerator<string> {
  for await (const { reader } of c.inputs(files)) {
    for (let line = await c.line(reader); line !== undefined; line = await c.line(reader))
      yield line.replace(/\n$/, '');
  }
}

function selected(command: SedCommand, state: State): boolean {
  const [first, second] = command.addresses;
  if (!first) return !command.negated;
  if (!second) return hit(first, state) !== command.negated;
  let inside = command.active;
  if (inside) {
    command.active =
      'line' in second ? state.line < second.line : 'plus' in second ? state.line < command.until : !hit(second, state);
    if ('line' in second && state.line > second.line) inside = false;
  } else if (hit(first, state)) {
    inside = true;
    command.until = state.line + ('plus' in second ? second.plus : 0);
    command.active = 'line' in second ? second.line > state.line : 'plus' in second ? second.plus > 0 : true;
  }
  return inside !== command.negated;
}

function hit(address: Address, state: State): boolean {
  if ('line' in address) return state.line === address.line;
  if ('last' in address) return state.isLast();
  return 'match' in address && address.match.test(state.pattern);
}

/** @returns how the cycle ends: `deleted` prints nothing, `restart` runs again without reading (D) */
async function runAll(commands: readonly SedCommand[], state: State): Promise<string> {
  for (let at = 0; at < commands.length; at += 1) {
    const command = commands[at];
    if (!command || command.name === ':' || !selected(command, state)) continue;
    const result = command.block ? await runAll(command.block, state) : await runOne(command, state);
    if (result === '') continue;
    if (!result.startsWith('jump ')) return result;
    const label = result.slice(5);
    if (label === '') return '';
    const target = commands.findIndex((other) => other.name === ':' && other.text === label);
    if (target < 0) return result;
    at = target;
  }
  return '';
}

async function runOne(command: SedCommand, state: State): Promise<string> {
  const { name, text } = command;
  switch (name) {
    case 's':
      if (substitute(command, state) && command.substitute?.print) await state.out(`${state.pattern}\n`);
      return '';
    case 'y': {
      const [from = '', to = ''] = text.split('\0');
      state.pattern = [...state.pattern].map((char) => (from.includes(char) ? to[from.indexOf(char)] : char)).join('');
      return '';
    }
    case 'p':
      await state.out(`${state.pattern}\n`);
      return '';
    case 'P':
      await state.out(`${state.pattern.split('\n')[0]}\n`);
      return '';
    case '=':
      await state.out(`${state.line}\n`);
      return '';
    case 'd':
      return 'deleted';
    case 'D':
      if (!state.pattern.includes('\n')) return 'deleted';
      state.pattern = state.pattern.slice(state.pattern.indexOf('\n') + 1);
      return 'restart';
    case 'q':
    case 'Q':
      state.quit = Number(text || 0);
      return name === 'q' ? 'quit' : 'deleted';
    case 'a':
      state.appended.push(text);
      return '';
    case 'i':
      await state.out(`${text}\n`);
      return '';
    case 'c':
      await state.out(`${text}\n`);
      return 'deleted';
    case 'n':
    case 'N': {
      if (name === 'n' && !state.silent) await state.out(`${state.pattern}\n`);
      const next = await state.next();
      if (next === undefined) {
        state.quit = 0;
        return name === 'n' ? 'deleted' : 'quit';
      }
      state.pattern = name === 'n' ? next : `${state.pattern}\n${next}`;
      return '';
    }
    case 'h':
      state.hold = state.pattern;
      return '';
    case 'H':
      state.hold += `\n${state.pattern}`;
      return '';
    case 'g':
      state.pattern = state.hold;
      return '';
    case 'G':
      state.pattern += `\n${state.hold}`;
      return '';
    case 'x':
      [state.pattern, state.hold] = [state.hold, state.pattern];
      return '';
    case 'b':
      return `jump ${text}`;
    case 't':
      if (!state.substituted) return '';
      state.substituted = false;
      return `jump ${text}`;
    default:
      return '';
  }
}

function substitute(command: SedCommand, state: State): boolean {
  const { substitute: s } = command;
  if (!s) return false;
  let count = 0;
  let done = false;
  state.pattern = state.pattern.replace(s.regexp, (...args: unknown[]) => {
    const groups = args.slice(
      0,
      args.findIndex((arg) => typeof arg === 'number'),
    );
    count += 1;
    if (count < s.nth || (count > s.nth && !s.all)) return String(args[0]);
    done = true;
    return s.replacement.replace(/\\(\d)|\\n|\\t|\\([\s\S])|&/g, (found, digit?: string, escaped?: string) => {
      if (digit !== undefined) return String(groups[Number(digit)] ?? '');
      if (found === '\\n') return '\n';
      if (found === '\\t') return '\t';
      return found === '&' ? String(groups[0]) : (escaped ?? '');
    });
  });
  if (done) state.substituted = true;
  return done;
}
