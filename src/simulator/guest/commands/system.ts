/**
 * Programs about the machine and other programs: hostname, uname, id, env, nohup, xargs, expr, od, logger and the like.
 * The one rule: what they tell is what the guest was given; nothing of the host shows through.
 */
import { createHash } from 'node:crypto';
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

export const od: Program = async (c) => {
  const options = parseOptions(c.args, 'A:t:N:vxcj:w:', ['width=']);
  const [file = '-'] = options.operands;
  const reader = await c.open(file);
  if (!reader) return 1;
  const limit = options.get('N');
  const text =
    limit === undefined ? await c.all(reader) : await c.process.guard(reader.bytes(Math.min(Number(limit), 1 << 20)));
  const type = options.get('t') ?? (options.has('c') ? 'c' : options.has('x') ? 'x2' : 'o2');
  const radix = options.get('A') ?? 'o';
  const size = type[0] === 'c' || type[0] === 'a' ? 1 : Number(type.slice(1).replace(/\D/g, '') || 4);
  const offset = (at: number): string =>
    radix === 'n' ? '' : at.toString(radix === 'x' ? 16 : radix === 'd' ? 10 : 8).padStart(radix === 'x' ? 6 : 7, '0');
  for (let at = 0; at < text.length; at += 16) {
    let row = offset(at);
    for (let unit = at; unit < Math.min(at + 16, text.length); unit += size)
      row += odUnit(text.slice(unit, unit + size), type[0] ?? 'o', size);
    await c.out(`${row}\n`);
  }
  if (radix !== 'n') await c.out(`${offset(text.length)}\n`);
  return 0;
};

function odUnit(bytes: string, type: string, size: number): string {
  if (type === 'c') {
    const code = bytes.charCodeAt(0);
    const named = { 0: '\\0', 7: '\\a', 8: '\\b', 9: '\\t', 10: '\\n', 11: '\\v', 12: '\\f', 13: '\\r' }[code];
    return (named ?? (code >= 32 && code < 127 ? bytes : code.toString(8).padStart(3, '0'))).padStart(4);
  }
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i -= 1) value = value * 256n + BigInt(bytes.charCodeAt(i));
  const bits = size * 8;
  if (type === 'x') return ` ${value.toString(16).padStart(size * 2, '0')}`;
  if (type === 'o') return ` ${value.toString(8).padStart(Math.ceil(bits / 3), '0')}`;
  const shown = type === 'd' ? BigInt.asIntN(bits, value) : value;
  const width =
    ({ 1: type === 'd' ? 4 : 3, 2: type === 'd' ? 6 : 5, 4: type === 'd' ? 11 : 10, 8: 20 }[size] ?? 20) + 1;
  return shown.toString().padStart(width);
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

export const base64: Program = async (c) => {
  const options = parseOptions(c.args, 'dw:i', ['decode']);
  let text = '';
  for await (const { reader } of c.inputs(options.operands)) text += await c.all(reader);
  if (options.has('d') || options.has('decode')) {
    await c.out(Buffer.from(text, 'base64').toString('latin1'));
    return 0;
  }
  const encoded = Buffer.from(text, 'latin1').toString('base64');
  const width = Number(options.get('w') ?? 76);
  await c.out(
    width > 0 ? (encoded.match(new RegExp(`.{1,${width}}`, 'g')) ?? []).map((line) => `${line}\n`).join('') : encoded,
  );
  return 0;
};

function digest(algorithm: string): Program {
  return async (c) => {
    for await (const { name, reader } of c.inputs(parseOptions(c.args, 'bt').operands)) {
      await c.out(
        `${createHash(algorithm)
          .update(await c.all(reader), 'latin1')
          .digest('hex')}  ${name}\n`,
      );
    }
    return c.failed > 0 ? 1 : 0;
  };
}

export const md5sum = digest('md5');
export const sha1sum = digest('sha1');
export const sha256sum = digest('sha256');
export const sha512sum = digest('sha512');

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
