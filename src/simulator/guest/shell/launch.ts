/**
 * From a name to a running program: PATH look-up on the guest's disk, scripts with `#!`, and `sh` itself.
 * The one rule: `runProgram` runs inside the process it is given, as exec(2) does; whoever needs a new one makes it first.
 */

import { CommandContext, type Program } from '../commands/context.js';
import { PROGRAMS } from '../commands/index.js';
import { absolute, type FileNode } from '../files.js';
import type { Machine } from '../machine.js';
import type { Process } from '../process.js';
import { BUILTINS } from './builtins.js';
import { endStatus } from './control.js';
import { newShell, runShellProgram } from './sh.js';

export type Found =
  | { readonly kind: 'program'; readonly program: string; readonly path: string }
  | { readonly kind: 'script'; readonly file: FileNode; readonly path: string }
  | { readonly kind: 'missing'; readonly reason: string; readonly status: 126 | 127 };

export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Looks a command up as execvp does. */
export function findProgram(machine: Machine, name: string, path = DEFAULT_PATH, cwd = '/'): Found {
  const places = name.includes('/') ? [name] : path.split(':').map((directory) => `${directory || '.'}/${name}`);
  let denied = false;
  for (const place of name === '' ? [] : places) {
    const full = absolute(place, cwd);
    const node = machine.files.get(full);
    if (!node) continue;
    if (node.kind !== 'file' || (node.mode & 0o111) === 0) {
      denied = true;
      continue;
    }
    const shown = name.includes('/') ? name : full;
    return node.program === undefined
      ? { kind: 'script', file: node, path: shown }
      : { kind: 'program', program: node.program, path: shown };
  }
  if (denied) return { kind: 'missing', reason: 'Permission denied', status: 126 };
  return { kind: 'missing', reason: 'not found', status: 127 };
}

/** Whether running it means interpreting a script, which needs a process of its own. */
export function isShellProgram(found: Exclude<Found, { kind: 'missing' }>): boolean {
  return found.kind === 'script' || /^(?:sh|ash|dash|bash)$/.test(found.program);
}

/** Runs a program that was found, in `process`. @returns its exit status */
export async function runProgram(
  machine: Machine,
  process: Process,
  found: Exclude<Found, { kind: 'missing' }>,
  words: readonly string[],
  environment: ReadonlyMap<string, string>,
  cwd: string,
): Promise<number> {
  process.command = words.join(' ');
  if (isShellProgram(found)) {
    const args = found.kind === 'script' ? [found.path, ...words.slice(1)] : words.slice(1);
    return runShellProgram(machine, process, words[0] ?? 'sh', args, environment, cwd);
  }
  const context = new CommandContext(machine, process, words[0] ?? '', words.slice(1), environment, cwd);
  const name = found.kind === 'program' ? found.program : '';
  const program = PROGRAMS.get(name) ?? builtinProgram(name);
  if (!program) {
    await context.err(`${words[0]}: Exec format error\n`);
    return 126;
  }
  return program(context);
}

/**
 * Runs a command line given as words in a process of its own, with the caller's descriptors (`timeout`, `xargs`, `nohup`, `env`).
 * @param prepare may change the new process before it starts
 */
export function startWords(
  caller: CommandContext,
  words: readonly string[],
  prepare: (process: Process) => void = () => {},
  environment: ReadonlyMap<string, string> = caller.environment,
): Process {
  const { machine } = caller;
  const process = machine.processes.spawn(caller.process.pid);
  process.inherit(caller.process.fds);
  prepare(process);
  void finish(machine, process, async () => {
    const found = findProgram(machine, words[0] ?? '', environment.get('PATH'), caller.cwd);
    if (found.kind !== 'missing') return runProgram(machine, process, found, words, environment, caller.cwd);
    const reason = found.status === 127 ? 'No such file or directory' : found.reason;
    const busybox = machine.userSpace === 'busybox';
    await caller.err(
      `${caller.name}: ${busybox ? `can't execute '${words[0]}'` : `failed to run command '${words[0]}'`}: ${reason}\n`,
    );
    return found.status;
  });
  return process;
}

async function finish(machine: Machine, process: Process, body: () => Promise<number>): Promise<void> {
  let status = 139;
  try {
    status = await body();
  } catch (error) {
    const ended = endStatus(error);
    if (ended === undefined) machine.fault(error);
    else status = ended;
  }
  process.end(status);
}

/** The programs that shells have built in as well: `xargs echo` and `timeout 5 test …` find these. */
function builtinProgram(name: string): Program | undefined {
  const builtin = BUILTINS.get(name);
  if (!builtin) return undefined;
  return async (c) => builtin(newShell(c.machine, c.process, c.name, [], c.environment, c.cwd), c.args, c);
}
