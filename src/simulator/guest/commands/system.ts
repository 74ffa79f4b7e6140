/**
 * Programs about the machine and other programs: hostname, uname, id, env, nohup, xargs, expr, logger and the like.
 * The one rule: what they tell is what the guest was given; nothing of the host shows through.
 */
import { startWords } from '../shell/launch.js';
import type { CommandContext, Program } from './context.js';
import { parseOptions } from './options.js';
import { formatDate } from './time.js';

const KERNEL = '5.15.0-117-generic';

export const hostname: Program = async (c) => {
  const options = parseOptions(c.args, 'fsiIdF:');
  const addresses = c.machine.network
    .interfaces()
    .flatMap((card) => (card.address === undefined ? [] : [card.address]));
  if (options.has('i') || options.has('I')) await c.out(`${addresses.join(' ')}${options.has('I') ? ' ' : ''}\n`);
  else if (options.operands.length === 0) await c.out(`${c.machine.hostname}\n`);
  return 0;
};

export const uname: Program = async (c) => {
  const options = parseOptions(c.args, 'asnrvmpio');
  const version = '#127-Ubuntu SMP Fri Jul 5 20:13:28 UTC 2024';
  const all = { s: 'Linux', n: c.machine.hostname, r: KERNEL, v: version, m: 'x86_64', o: 'GNU/Linux' } as const;
  const wanted = options.has('a')
    ? Object.values(all)
    : Object.entries(all).flatMap(([letter, text]) => (options.has(letter) ? [text] : []));
  await c.out(`${(wanted.length > 0 ? wanted : ['Linux']).join(' ')}\n`);
  return 0;
};

export const id: Program = async (c) => {
  const options = parseOptions(c.args, 'ugnG');
  const name = options.has('n') ? 'root' : '0';
  await c.out(
    options.has('u') || options.has('g') || options.has('G') ? `${name}\n` : 'uid=0(root) gid=0(root) groups=0(root)\n',
  );
  return 0;
};

export const whoami: Program = async (c) => {
  await c.out('root\n');
  return 0;
};

export const env: Program = async (c) => {
  const options = parseOptions(c.args, '+iu:');
  const environment = new Map(options.has('i') ? [] : c.environment);
  for (const name of options.values.get('u') ?? []) environment.delete(name);
  const words = [...options.operands];
  while (/^[A-Za-z_]\w*=/.test(words[0] ?? '')) {
    const word = words.shift() ?? '';
    environment.set(word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1));
  }
  if (words.length > 0) return c.process.guard(startWords(c, words, () => {}, environment).done);
  for (const [name, value] of environment) await c.out(`${name}=${value}\n`);
  return 0;
};

export const printenv: Program = async (c) => {
  if (c.args.length === 0) return env(c);
  const value = c.environment.get(c.args[0] ?? '');
  if (value !== undefined) await c.out(`${value}\n`);
  return value === undefined ? 1 : 0;
};

/** nohup, nice, setsid, stdbuf, sudo: run the command, with hang-ups ignored. */
export const runner: Program = async (c) => {
  const words = [...c.args];
  while (/^-/.test(words[0] ?? '')) {
    const flag = words.shift() ?? '';
    if (c.name === 'nice' && flag === '-n') words.shift();
  }
  if (words.length === 0) return c.fail('missing operand', 125);
  const child = startWords(c, words, (process) => process.dispositions.set('HUP', 'ignore'));
  const stop = (): void => child.kill('TERM');
  c.process.signal.addEventListener('abort', stop, { once: true });
  try {
    return await c.process.guard(child.done);
  } finally {
    c.process.signal.removeEventListener('abort', stop);
  }
};

export const xargs: Program = async (c) => {
  const options = parseOptions(c.args, '+0rtn:I:P:L:');
  const words = options.operands.length > 0 ? options.operands : ['echo'];
  const text = await c.all();
  const replace = options.get('I');
  const items = options.has('0')
    ? text.split('\0')
    : replace === undefined && !options.has('L')
      ? text.split(/\s+/)
      : text.split('\n');
  const given = items.map((item) => (replace === undefined ? item : item.trim())).filter((item) => item !== '');
  const size = replace !== undefined ? 1 : Number(options.get('n') ?? options.get('L') ?? Infinity);
  let status = 0;
  if (given.length === 0 && (options.has('r') || replace !== undefined)) return 0;
  for (let at = 0; at === 0 || at < given.length; at += Number.isFinite(size) ? size : given.length || 1) {
    const batch = given.slice(at, at + size);
    const line =
      replace === undefined ? [...words, ...batch] : words.map((word) => word.replaceAll(replace, batch[0] ?? ''));
    if ((await c.process.guard(startWords(c, line).done)) !== 0) status = 123;
  }
  return status;
};

export const expr: Program = async (c) => {
  const args = [...c.args];
  let at = 0;
  const levels: readonly (readonly string[])[] = [
    ['|'],
    ['&'],
    ['=', '==', '!=', '<', '>', '<=', '>='],
    ['+', '-'],
    ['*', '/', '%'],
    [':'],
  ];
  const parse = (level: number): string => {
    const operators = levels[level];
    if (!operators) {
      const word = args[at] ?? '';
      at += 1;
      if (word === 'length') return String((args[at++] ?? '').length);
      if (word !== '(') return word;
      const inner = parse(0);
      at += 1;
      return inner;
    }
    let left = parse(level + 1);
    while (operators.includes(args[at] ?? '')) {
      const operator = args[at] ?? '';
      at += 1;
      left = exprApply(operator, left, parse(level + 1));
    }
    return left;
  };
  const value = parse(0);
  if (value === 'NaN' || at < args.length) return c.fail(value === 'NaN' ? 'non-integer argument' : 'syntax error', 2);
  await c.out(`${value}\n`);
  return value === '' || value === '0' ? 1 : 0;
};

function exprApply(operator: string, left: string, right: string): string {
  const numeric = /^-?\d+$/.test(left) && /^-?\d+$/.test(right);
  const [a, b] = [Number(left), Number(right)];
  const order = numeric ? a - b : left < right ? -1 : left > right ? 1 : 0;
  switch (operator) {
    case '|':
      return left !== '' && left !== '0' ? left : right;
    case '&':
      return left !== '' && left !== '0' && right !== '' && right !== '0' ? left : '0';
    case '=':
    case '==':
      return order === 0 ? '1' : '0';
    case '!=':
      return order !== 0 ? '1' : '0';
    case '<':
      return order < 0 ? '1' : '0';
    case '>':
      return order > 0 ? '1' : '0';
    case '<=':
      return order <= 0 ? '1' : '0';
    case '>=':
      return order >= 0 ? '1' : '0';
    case ':': {
      const found = new RegExp(
        `^(?:${right
          .replace(/\\([()])/g, '\0$1')
          .replace(/(?<!\0)[()]/g, '\\$&')
          .replaceAll('\0', '')})`,
      ).exec(left);
      return found?.[1] ?? (right.includes('\\(') ? '' : String(found?.[0].length ?? 0));
    }
    default:
      if (!numeric) return 'NaN';
      return String(
        operator === '+'
          ? a + b
          : operator === '-'
            ? a - b
            : operator === '*'
              ? a * b
              : Math.trunc(operator === '/' ? a / b : a % b),
      );
  }
}

export const logger: Program = async (c) => {
  const options = parseOptions(c.args, 'st:p:i');
  const line = `${formatDate(c.machine.clock.now(), '%b %e %H:%M:%S')} ${c.machine.hostname} ${options.get('t') ?? 'root'}: ${options.operands.join(' ')}\n`;
  const { files } = c.machine;
  const node = files.get('/var/log/messages');
  await c.attempt('/var/log/messages', () =>
    files.write('/var/log/messages', (node?.kind === 'file' ? node.content : '') + line),
  );
  if (options.has('s')) await c.err(`${options.get('t') ?? 'root'}: ${options.operands.join(' ')}\n`);
  return 0;
};

export const ps: Program = async (c) => {
  const rows = c.machine.processes
    .all()
    .map((process) => `${String(process.pid).padStart(5)} root      0:00 ${process.command}\n`);
  await c.out(`  PID USER     TIME COMMAND\n    1 root      0:01 init\n${rows.join('')}`);
  return 0;
};

/** pkill and killall, by the start of the command's name. */
export const killByName: Program = async (c) => {
  const signal = c.args.find((arg) => arg.startsWith('-'))?.slice(1) ?? 'TERM';
  const wanted = c.args.filter((arg) => !arg.startsWith('-'));
  let hits = 0;
  for (const process of c.machine.processes.all()) {
    const name = process.command.split(' ')[0]?.split('/').at(-1) ?? '';
    if (process === c.process || !wanted.some((want) => name === want)) continue;
    process.kill(signal.toUpperCase().replace(/^SIG/, ''));
    hits += 1;
  }
  if (hits === 0 && c.name === 'killall') return c.fail(`${wanted[0]}: no process killed`);
  return hits > 0 ? 0 : 1;
};

export const nothing: Program = async (_context: CommandContext) => 0;

export const falseProgram: Program = async () => 1;
