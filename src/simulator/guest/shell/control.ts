/**
 * The ways in which a command does not simply return a status. Each is thrown and caught at the one place that answers for it:
 * loops catch LoopJump, functions FunctionReturn, the top of a process ShellExit.
 */
import { Killed } from '../process.js';
import { BrokenPipe } from '../streams.js';

/** `break` (leave) or `continue` of the `depth`th enclosing loop. */
export class LoopJump extends Error {
  override readonly name = 'LoopJump';
  constructor(
    readonly kind: 'break' | 'continue',
    public depth: number,
  ) {
    super(kind);
  }
}

/** `return` from a function or a sourced file. */
export class FunctionReturn extends Error {
  override readonly name = 'FunctionReturn';
  constructor(readonly status: number) {
    super('return');
  }
}

/** `exit`, `set -e`, or an error that ends a non-interactive shell. */
export class ShellExit extends Error {
  override readonly name = 'ShellExit';
  constructor(readonly status: number) {
    super('exit');
  }
}

/** An error in an expansion or redirection; the message goes to standard error, the command's status is `status`. */
export class ShellError extends Error {
  override readonly name = 'ShellError';
  constructor(
    message: string,
    readonly status = 2,
  ) {
    super(message);
  }
}

/** The exit status of a process that ended by throwing; undefined if the error is a bug of ours. */
export function endStatus(error: unknown): number | undefined {
  if (error instanceof BrokenPipe) return 141;
  if (
    error instanceof ShellExit ||
    error instanceof FunctionReturn ||
    error instanceof Killed ||
    error instanceof ShellError
  ) {
    return error.status;
  }
  return undefined;
}
