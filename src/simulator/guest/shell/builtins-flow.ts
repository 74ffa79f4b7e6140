/**
 * Built-ins that steer: exit, return, break, eval, `.`, true and false.
 * The one rule: what they do is thrown (see control.ts), never signalled through a status.
 */
import { absolute } from '../files.js';
import type { Builtin } from './builtin.js';
import { BUILTINS, SPECIAL } from './builtins.js';
import { FunctionReturn, LoopJump, ShellError, ShellExit } from './control.js';
import { runText } from './execute.js';
import { findProgram } from './launch.js';
import type { Shell } from './shell.js';
import { runNamed } from './simple.js';

function number(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  if (!/^\d+$/.test(text)) throw new ShellError(`${name}: Illegal number: ${text}`);
  return Number(text);
}

function jump(kind: 'break' | 'continue'): Builtin {
  return (shell, args) => {
    const depth = number(kind, args[0], 1);
    if (shell.loops > 0) throw new LoopJump(kind, depth);
    return 0;
  };
}

const command: Builtin = async (shell, args, io) => {
  const [flag, ...names] = args;
  if (flag !== '-v' && flag !== '-V') {
    const words = flag === '-p' || flag === '--' ? names : args;
    return words.length === 0 ? 0 : runNamed(shell, words);
  }
  let status = 0;
  for (const name of names) {
    const found = describe(shell, name);
    if (found === undefined) {
      status = 127;
      if (flag === '-V') await io.out(`${name}: not found\n`);
    } else await io.out(flag === '-v' ? `${found.path}\n` : `${name} is ${found.kind}\n`);
  }
  return status;
};

const type: Builtin = async (shell, args, io) => {
  let status = 0;
  for (const name of args) {
    const found = describe(shell, name);
    if (!found) status = 127;
    await io.out(found ? `${name} is ${found.kind}\n` : `${name}: not found\n`);
  }
  return status;
};

function describe(shell: Shell, name: string): { path: string; kind: string } | undefined {
  if (shell.functions.has(name)) return { path: name, kind: 'a shell function' };
  if (SPECIAL.has(name) || name === 'exec') return { path: name, kind: 'a special shell builtin' };
  if (BUILTINS.has(name)) return { path: name, kind: 'a shell builtin' };
  const found = findProgram(shell.machine, name, shell.get('PATH'), shell.cwd);
  return found.kind === 'missing' ? undefined : { path: found.path, kind: found.path };
}

export const FLOW: Readonly<Record<string, Builtin>> = {
  ':': () => 0,
  true: () => 0,
  false: () => 1,
  break: jump('break'),
  continue: jump('continue'),
  command,
  type,
  exit: (shell, args) => {
    throw new ShellExit(number('exit', args[0], shell.status) & 255);
  },
  return: (shell, args) => {
    throw new FunctionReturn(number('return', args[0], shell.status));
  },
  eval: (shell, args) => runText(shell, args.join(' ')),
  '.': async (shell, args) => {
    const [path = '', ...parameters] = args;
    const node = shell.machine.files.get(absolute(path, shell.cwd));
    if (node?.kind !== 'file') throw new ShellError(`.: cannot open ${path}: No such file`);
    const outer = shell.parameters;
    if (parameters.length > 0) shell.parameters = parameters;
    try {
      return await runText(shell, node.content);
    } catch (error) {
      if (error instanceof FunctionReturn) return error.status;
      throw error;
    } finally {
      shell.parameters = outer;
    }
  },
};
