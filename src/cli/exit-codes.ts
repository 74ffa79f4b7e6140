/**
 * Exit codes, the one table: help prints it, commands use it, errors map to it. And what an error is with `--json`.
 * The rule: no command ends with one code for two reasons. `plan` speaks as `terraform plan -detailed-exitcode` does, since that is what its callers know: 0
 * nothing to do, 1 an error, 2 something to do. So what is wrong usage elsewhere, 2, is an error there, 1.
 */
import { CommanderError } from 'commander';
import {
  InvalidNameError,
  messageOf,
  SearchAttributesMissingError,
  TemporalConfigError,
  TemporalUnavailableError,
  temporalIsAway,
  VpnBusyError,
  VpnCancelledError,
  VpnFailedError,
  VpnNotFoundError,
} from '../client/index.js';
import { TokenFileError } from '../server/tokens.js';
import { InvalidSpecError } from '../spec/index.js';
import { WorkerConfigError } from '../worker-config.js';

export const EXIT = {
  ok: { code: 0, means: 'done' },
  failed: { code: 1, means: 'failed; what was made is rolled back or listed' },
  usage: {
    code: 2,
    means: 'wrong usage, an invalid spec or an unusable configuration (for plan: 1); nothing was touched',
  },
  changes: { code: 2, means: 'of plan alone: apply has something to make or to change' },
  busy: { code: 3, means: 'another operation runs on this VPN' },
  noServer: { code: 4, means: 'no Temporal server answers' },
  cancelled: { code: 5, means: 'the run was cancelled, or terminated by someone' },
  notFound: { code: 6, means: 'no such VPN' },
  strays: { code: 7, means: 'strays are listed and still stand' },
  interrupted: { code: 130, means: 'interrupted by Ctrl-C; a run that was started goes on, but for the demo' },
} as const;

export type Ending = keyof typeof EXIT;

/** The command was asked for what it cannot do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Ctrl-C came; the message says what goes on without us. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}

const ENDINGS: readonly (readonly [new (...args: never[]) => Error, Ending])[] = [
  [CommanderError, 'usage'],
  [UsageError, 'usage'],
  [InvalidSpecError, 'usage'],
  [InvalidNameError, 'usage'],
  [WorkerConfigError, 'usage'],
  [TemporalConfigError, 'usage'],
  [SearchAttributesMissingError, 'usage'],
  [TokenFileError, 'usage'],
  [VpnBusyError, 'busy'],
  [TemporalUnavailableError, 'noServer'],
  [VpnCancelledError, 'cancelled'],
  [VpnNotFoundError, 'notFound'],
  [InterruptedError, 'interrupted'],
];

/** The exit code of an error that reached the top. `command`: the one that was called. */
export function exitCodeOf(error: unknown, command?: string): number {
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok.code;
  // One that was there and went away in the midst of it has no class of ours.
  const other = temporalIsAway(error) ? 'noServer' : 'failed';
  const [, ending = other] = ENDINGS.find(([kind]) => error instanceof kind) ?? [];
  return EXIT[command === 'plan' && ending === 'usage' ? 'failed' : ending].code;
}

/** An error as `--json` prints it, on one line of standard output. */
export interface ErrorReport {
  readonly error: {
    /** A failed run's published type, else the error's class. */
    readonly type: string;
    readonly message: string;
    readonly problems?: readonly { readonly path?: string; readonly line?: number; readonly message: string }[];
    readonly leftovers?: VpnFailedError['leftovers'];
    readonly exitCode: number;
  };
}

export function errorReport(error: unknown, command?: string): ErrorReport {
  const failed = error instanceof Error ? error : new Error(String(error));
  const { name } = failed;
  const type = error instanceof VpnFailedError ? error.type : error instanceof CommanderError ? 'UsageError' : name;
  return {
    error: {
      type,
      message: messageOf(failed).replace(/^error: /, ''),
      ...(error instanceof InvalidSpecError ? { problems: error.problems.map(({ at: _, ...shown }) => shown) } : {}),
      ...(error instanceof WorkerConfigError || error instanceof TemporalConfigError
        ? { problems: error.problems.map((one) => ({ message: one })) }
        : {}),
      ...(error instanceof VpnFailedError && error.leftovers.length > 0 ? { leftovers: error.leftovers } : {}),
      exitCode: exitCodeOf(error, command),
    },
  };
}
