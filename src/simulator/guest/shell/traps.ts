/**
 * Traps. A signal that a script traps is noted at once and acted upon between two commands (POSIX 2.11).
 * The one rule: the action runs in the shell itself and does not change `$?`.
 */
import { runText } from './execute.js';
import type { Shell } from './shell.js';

/** Sets (`action`), ignores (empty action) or resets (undefined) a trap. */
export function setTrap(shell: Shell, signal: string, action: string | undefined): void {
  if (action === undefined) shell.traps.delete(signal);
  else shell.traps.set(signal, action);
  if (signal === 'EXIT') return;
  if (action === undefined) shell.process.dispositions.delete(signal);
  else if (action === '') shell.process.dispositions.set(signal, 'ignore');
  else {
    shell.process.dispositions.set(signal, () => {
      shell.pending.push(signal);
      shell.onPending();
    });
  }
}

/** Runs the actions of signals that have come. */
export async function runPending(shell: Shell): Promise<void> {
  for (let signal = shell.pending.shift(); signal !== undefined; signal = shell.pending.shift()) {
    const action = shell.traps.get(signal);
    if (!action) continue;
    const before = shell.status;
    await runText(shell, action);
    shell.status = before;
  }
}
