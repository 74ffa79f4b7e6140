/**
 * Exit codes, the one table: help prints it, commands use it, errors map to it.
 */
import {
  TemporalUnavailableError,
  VpnBusyError,
  VpnCancelledError,
  VpnFailedError,
  VpnNotFoundError,
} from '../client/index.js';
import { InvalidSpecError } from '../spec/index.js';

export const EXIT = {
  ok: { code: 0, means: 'done' },
  failed: { code: 1, means: 'failed; what was made is rolled back or listed' },
  usage: { code: 2, means: 'wrong usage or an invalid spec; nothing was touched' },
  busy: { code: 3, means: 'another operation runs on this VPN' },
  noServer: { code: 4, means: 'no Temporal server answers' },
  cancelled: { code: 5, means: 'the run was cancelled' },
  notFound: { code: 6, means: 'no such VPN' },
  strays: { code: 7, means: 'strays are listed and still stand' },
  interrupted: { code: 130, means: 'interrupted by Ctrl-C; a run that was started goes on' },
} as const;

/** The exit code of an error that reached the top. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof InvalidSpecError) return EXIT.usage.code;
  if (error instanceof VpnBusyError) return EXIT.busy.code;
  if (error instanceof TemporalUnavailableError) return EXIT.noServer.code;
  if (error instanceof VpnCancelledError) return EXIT.cancelled.code;
  if (error instanceof VpnNotFoundError) return EXIT.notFound.code;
  if (error instanceof VpnFailedError) return EXIT.failed.code;
  return EXIT.failed.code;
}

export const EXIT_CODE_HELP = `\nExit codes:\n${Object.values(EXIT)
  .map(({ code, means }) => `  ${String(code).padStart(3)}  ${means}`)
  .join('\n')}`;
