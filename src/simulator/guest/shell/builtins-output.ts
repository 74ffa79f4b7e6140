/**
 * echo, printf, test. They would not need to be built in, but every shell has them so.
 * The one rule: echo follows the image's shell: dash takes backslashes always, busybox only with -e.
 */
import type { Builtin } from './builtin.js';
import { formatPrintf, unescapeText } from './printf.js';
import { evaluateTest } from './test-command.js';

const echo: Builtin = async (shell, args, io) => {
  const busybox = shell.machine.userSpace === 'busybox';
  if (!io.writable) {
    await io.err(`${shell.prefix()}echo: ${busybox ? 'write error: Bad file descriptor' : 'echo: I/O error'}\n`);
    return 1;
  }
  const words = [...args];
  let newline = true;
  let escapes = !busybox;
  const flags = busybox ? /^-[neE]+$/ : /^-n$/;
  while (flags.test(words[0] ?? '')) {
    const word = words.shift() ?? '';
    if (word.includes('n')) newline = false;
    if (word.includes('e')) escapes = true;
    if (word.includes('E')) escapes = false;
    if (!busybox) break;
  }
  const text = words.join(' ');
  if (!escapes) await io.out(`${text}${newline ? '\n' : ''}`);
  else {
    const { out, stop } = unescapeText(text, 'echo');
    await io.out(`${out}${newline && !stop ? '\n' : ''}`);
  }
  return 0;
};

const printf: Builtin = async (shell, args, io) => {
  const rest = args[0] === '--' ? args.slice(1) : args;
  if (rest.length === 0) {
    await io.err(`${shell.prefix()}printf: usage: printf format [arg ...]\n`);
    return 2;
  }
  const { out, errors } = formatPrintf(rest[0] ?? '', rest.slice(1));
  await io.out(out);
  for (const error of errors) await io.err(`${shell.prefix()}printf: ${error}\n`);
  return errors.length > 0 ? 1 : 0;
};

function test(name: string): Builtin {
  return async (shell, args, io) => {
    const verdict = evaluateTest(shell, args);
    if (typeof verdict === 'boolean') return verdict ? 0 : 1;
    await io.err(`${shell.prefix()}${name}: ${verdict}\n`);
    return 2;
  };
}

export const OUTPUT: Readonly<Record<string, Builtin>> = {
  echo,
  printf,
  test: test('test'),
  '[': async (shell, args, io) => {
    if (args.at(-1) === ']') return test('[')(shell, args.slice(0, -1), io);
    await io.err(`${shell.prefix()}[: missing ]\n`);
    return 2;
  },
};
