/**
 * Simple commands: expand, redirect, assign, then find what to run (POSIX 2.9.1).
 * The one rule: special built-ins come before functions, functions before other built-ins, those before programs on the disk.
 */
import type { Assignment, Command, Word } from 'unbash';
import { FileError } from '../files.js';
import { BrokenPipe } from '../streams.js';
import { BUILTINS, SPECIAL } from './builtins.js';
import { runCompound } from './compound.js';
import { FunctionReturn, ShellError, ShellExit } from './control.js';
import { runStatements } from './execute.js';
import { expandText, expandWords } from './expand.js';
import { ShellIo } from './io.js';
import { findProgram, isShellProgram, runProgram } from './launch.js';
import { redirect, withRedirections } from './redirect.js';
import type { Shell, ShellFunction, Variable } from './shell.js';
import { complain, startSubshell, waitFor } from './subshell.js';

const MAX_DEPTH = 1000;

/** Runs a simple command and returns its status. */
export async function runSimple(shell: Shell, node: Command): Promise<number> {
  await shell.machine.budget.step();
  shell.process.signal.throwIfAborted();
  shell.line = shell.source.lineOf(node.pos);
  shell.substituted = undefined;
  const words = await commandWords(shell, node);
  const assignments = node.prefix.filter((item) => item.type === 'Assignment');
  try {
    if (words.length === 0) {
      await withRedirections(shell, node.redirects, async () => {});
      for (const assignment of assignments) await assign(shell, assignment);
      return shell.substituted ?? 0;
    }
    if (words[0] === 'exec') return await runExec(shell, words.slice(1), node);
    return await withRedirections(shell, node.redirects, () => dispatch(shell, words, assignments));
  } catch (error) {
    if (error instanceof FileError) {
      await complain(shell, `${words[0] ?? ''}: ${error.message}`);
      return 1;
    }
    // A bad expansion ends a script; a bad redirection only the command, unless that is a special built-in.
    if (
      !(error instanceof ShellError) ||
      !isRedirectionError(error) ||
      (words[0] !== undefined && SPECIAL.has(words[0]))
    ) {
      throw error;
    }
    await complain(shell, error.message);
    return error.status;
  }
}

function isRedirectionError(error: ShellError): boolean {
  return /^(?:cannot|can't) (?:open|create) |: Bad file descriptor$/.test(error.message);
}

async function commandWords(shell: Shell, node: Command): Promise<string[]> {
  const out: string[] = node.name ? await expandWords(shell, [node.name]) : [];
  for (const argument of node.args) {
    if (argument.type === 'Word') out.push(...(await expandWords(shell, [argument])));
    else if (argument.value.type === 'Word') out.push(`${argument.name}=${await expandText(shell, argument.value)}`);
  }
  return out;
}

async function assign(shell: Shell, node: Assignment, exported?: boolean): Promise<string> {
  if (node.value.type !== 'Word' || node.index) throw new ShellError('Syntax error: "(" unexpected');
  const added = await expandText(shell, node.value as Word);
  const value = node.append ? `${shell.get(node.name) ?? ''}${added}` : added;
  if (shell.options.has('x')) await trace(shell, [`${node.name}=${value}`]);
  shell.assign(node.name, value, exported);
  return value;
}

async function trace(shell: Shell, words: readonly string[]): Promise<void> {
  await shell.process.fds.get(2)?.sink?.write(`${shell.get('PS4') ?? '+ '}${words.join(' ')}\n`);
}

async function dispatch(shell: Shell, words: readonly string[], assignments: readonly Assignment[]): Promise<number> {
  const name = words[0] ?? '';
  const special = SPECIAL.get(name);
  const fn = special ? undefined : shell.functions.get(name);
  const hidden = new Map<string, Variable | undefined>();
  const set: string[] = [];
  for (const assignment of assignments) {
    if (!special) hidden.set(assignment.name, hidden.get(assignment.name) ?? shell.variables.get(assignment.name));
    const traced = shell.options.delete('x');
    try {
      set.push(`${assignment.name}=${await assign(shell, assignment, special ? undefined : true)}`);
    } finally {
      if (traced) shell.options.add('x');
    }
  }
  if (shell.options.has('x')) await trace(shell, [...set, ...words]);
  try {
    if (special) return await special(shell, words.slice(1), new ShellIo(shell));
    if (fn) return await callFunction(shell, fn, words.slice(1));
    return await runNamed(shell, words);
  } finally {
    for (const [variable, before] of hidden) {
      if (before) shell.variables.set(variable, before);
      else shell.variables.delete(variable);
    }
  }
}

/** Runs a built-in or a program, passing over functions (`command`). */
export async function runNamed(shell: Shell, words: readonly string[]): Promise<number> {
  const name = words[0] ?? '';
  const builtin = SPECIAL.get(name) ?? BUILTINS.get(name);
  if (builtin) return builtin(shell, words.slice(1), new ShellIo(shell));
  const environment = shell.environment();
  const found = findProgram(shell.machine, name, shell.get('PATH'), shell.cwd);
  if (found.kind === 'missing') {
    await complain(shell, `${name}: ${found.reason}`);
    return found.status;
  }
  if (!isShellProgram(found)) {
    try {
      return await runProgram(shell.machine, shell.process, found, words, environment, shell.cwd);
    } catch (error) {
      // The program dies of SIGPIPE, not the shell that started it.
      if (error instanceof BrokenPipe) return 141;
      throw error;
    }
  }
  const process = startSubshell(
    shell,
    () => {},
    (child) => runProgram(shell.machine, child.process, found, words, environment, shell.cwd),
  );
  return waitFor(shell, process);
}

async function runExec(shell: Shell, words: readonly string[], node: Command): Promise<number> {
  for (const redirection of node.redirects) await redirect(shell, redirection);
  if (words.length === 0) return 0;
  if (shell.options.has('x')) await trace(shell, ['exec', ...words]);
  const found = findProgram(shell.machine, words[0] ?? '', shell.get('PATH'), shell.cwd);
  if (found.kind === 'missing') throw new ShellError(`exec: ${words[0]}: ${found.reason}`, found.status);
  shell.traps.clear();
  throw new ShellExit(await runProgram(shell.machine, shell.process, found, words, shell.environment(), shell.cwd));
}

async function callFunction(shell: Shell, fn: ShellFunction, parameters: readonly string[]): Promise<number> {
  if (shell.depth >= MAX_DEPTH) throw new ShellError('Maximum function recursion depth (1000) reached');
  const { parameters: outer, source, loops } = shell;
  const hidden = new Map<string, Variable | undefined>();
  shell.locals.push(hidden);
  shell.parameters = parameters;
  shell.source = fn.source;
  shell.depth += 1;
  shell.loops = 0;
  try {
    const { body } = fn;
    return body.type === 'CompoundList' ? await runStatements(shell, body.commands) : await runCompound(shell, body);
  } catch (error) {
    if (error instanceof FunctionReturn) return error.status;
    throw error;
  } finally {
    shell.loops = loops;
    shell.depth -= 1;
    shell.source = source;
    shell.parameters = outer;
    shell.locals.pop();
    for (const [name, before] of hidden) {
      if (before) shell.variables.set(name, before);
      else shell.variables.delete(name);
    }
  }
}
