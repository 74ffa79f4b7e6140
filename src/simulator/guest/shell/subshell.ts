/**
 * Starting and ending shell processes. Everything that can end one (exit, a signal, a broken pipe, an error in an expansion) is
 * turned into a status here, and nowhere else. The one rule: a process always ends, and always runs its EXIT trap unless killed.
 */

import type { Process } from '../process.js';
import { BrokenPipe } from '../streams.js';
import { endStatus, LoopJump, ShellError } from './control.js';
import { runText } from './execute.js';
import type { Shell } from './shell.js';

/** Starts `body` in a subshell; returns at once. `prepare` arranges the descriptors, which are the parent's otherwise. */
export function startSubshell(
  shell: Shell,
  prepare: (process: Process) => void,
  body: (child: Shell) => Promise<number>,
): Process {
  const process = shell.machine.processes.spawn(shell.process.pid);
  process.inherit(shell.process.fds);
  prepare(process);
  void live(shell.fork(process), body);
  return process;
}

/** Runs `body` as the whole life of the shell's process, and ends it. Never rejects. */
export async function live(shell: Shell, body: (shell: Shell) => Promise<number>): Promise<number> {
  let status = await outcome(shell, () => body(shell));
  const trap = shell.traps.get('EXIT');
  if (trap && !shell.process.signal.aborted) {
    shell.traps.delete('EXIT');
    shell.status = status;
    const before = status;
    status = await outcome(shell, async () => {
      await runText(shell, trap);
      return before;
    });
  }
  shell.process.end(status);
  return status;
}

async function outcome(shell: Shell, body: () => Promise<number>): Promise<number> {
  try {
    const status = await body();
    shell.process.signal.throwIfAborted();
    return status;
  } catch (error) {
    if (error instanceof LoopJump) return shell.status;
    if (error instanceof ShellError) await complain(shell, error.message);
    const status = endStatus(error);
    if (status === undefined) shell.machine.fault(error);
    return status ?? 139;
  }
}

/** Writes an error message of the shell itself to standard error. */
export async function complain(shell: Shell, message: string): Promise<void> {
  try {
    await shell.process.fds.get(2)?.sink?.write(`${shell.prefix()}${message}\n`);
  } catch (error) {
    if (!(error instanceof BrokenPipe)) throw error;
  }
}

/** Waits for a child, and says so if a signal ended it, as shells do. @returns its status */
export async function waitFor(shell: Shell, child: Process): Promise<number> {
  const status = await shell.process.guard(child.done);
  await announceDeath(shell, child);
  return status;
}

const DEATHS: Readonly<Record<string, string>> = {
  HUP: 'Hangup',
  QUIT: 'Quit',
  KILL: 'Killed',
  USR1: 'User defined signal 1',
  USR2: 'User defined signal 2',
  ALRM: 'Alarm clock',
  TERM: 'Terminated',
};

/** `Terminated` and its like, on standard error; nothing for INT and PIPE. */
export async function announceDeath(shell: Shell, child: Process): Promise<void> {
  const text = child.killedBy === undefined ? undefined : DEATHS[child.killedBy];
  if (text !== undefined) await shell.process.fds.get(2)?.sink?.write(`${text}\n`);
}
