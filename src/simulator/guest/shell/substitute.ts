/**
 * Command substitution. Its output counts as complete when nobody holds the pipe any more, not when the command returns.
 * The one rule: the status of the last substitution is kept, because `x=$(false)` has it as its own.
 */
import type { CommandExpansionPart } from 'unbash';
import { BrokenPipe, OpenFile } from '../streams.js';
import { ShellError } from './control.js';
import { runStatements } from './execute.js';
import type { Shell } from './shell.js';
import { sourceOf } from './source.js';
import { startSubshell } from './subshell.js';

const MAX_OUTPUT = 4 * 1024 * 1024;

/** Runs `$(…)` or `` `…` `` and returns its output without the newlines at its end. */
export async function substitute(shell: Shell, part: CommandExpansionPart): Promise<string> {
  const { script } = part;
  if (!script) return '';
  if (script.errors?.[0]) throw new ShellError(`Syntax error: ${script.errors[0].message}`);
  const output: string[] = [];
  let size = 0;
  const capture = new OpenFile({
    sink: {
      write(data) {
        size += data.length;
        if (size > MAX_OUTPUT) throw new BrokenPipe();
        output.push(data);
      },
    },
  });
  const source = script.source === undefined ? shell.source : sourceOf(script, script.source);
  const process = startSubshell(
    shell,
    (child) => child.setFd(1, capture),
    async (child) => {
      child.source = source;
      return runStatements(child, script.commands);
    },
  );
  shell.substituted = await shell.process.guard(process.done);
  await shell.process.guard(capture.closed);
  if (size > MAX_OUTPUT) throw new ShellError('out of memory');
  return output.join('').replaceAll('\0', '').replace(/\n+$/, '');
}
