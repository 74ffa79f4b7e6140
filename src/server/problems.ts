/**
 * What goes wrong, as problem documents (RFC 9457): one table of kinds, and one from errors to kinds. The OpenAPI document reads the same table.
 * The rule: an answer tells what the caller can act on; what is our own fault is told to the log, and here only that it happened.
 */
import {
  InvalidNameError,
  SearchAttributesMissingError,
  TemporalUnavailableError,
  temporalIsAway,
  VpnBusyError,
  VpnCancelledError,
  VpnFailedError,
  VpnNotFoundError,
} from '../client/index.js';
import { InvalidSpecError } from '../spec/index.js';
import { operationWord } from '../workflows/protocol.js';
import { TokenFileError } from './tokens.js';

/** Every kind of problem, by the end of its `type`. */
export const PROBLEMS = {
  'bad-request': { status: 400, title: 'The request cannot be read' },
  'invalid-name': { status: 400, title: 'This is not a VPN name' },
  unauthorised: { status: 401, title: 'A valid bearer token is missing' },
  forbidden: { status: 403, title: 'This token may not do that' },
  'no-such-route': { status: 404, title: 'There is no such address' },
  'no-such-vpn': { status: 404, title: 'There is no such VPN' },
  'method-not-allowed': { status: 405, title: 'This address does not take this method' },
  'vpn-busy': { status: 409, title: 'Another operation runs on this VPN' },
  'not-running': { status: 409, title: 'Nothing runs on this VPN' },
  'too-large': { status: 413, title: 'The body is too large' },
  'not-json': { status: 415, title: 'The body must be application/json' },
  'invalid-spec': { status: 422, title: 'The spec is not valid' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  unexpected: { status: 500, title: 'An error of regionlink itself' },
  'look-failed': { status: 502, title: 'The clouds could not be looked at' },
  unavailable: { status: 503, title: 'This cannot be answered just now' },
  'not-ready': { status: 503, title: 'Not ready' },
  'too-slow': { status: 504, title: 'Temporal or a worker has not answered in time' },
} as const;

export type ProblemKind = keyof typeof PROBLEMS;

/** Seconds after which a caller may try again what passes by itself. */
const RETRY_AFTER = 5;

/** Thrown by whoever finds a problem that no error of the client stands for. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  constructor(
    readonly kind: ProblemKind,
    detail: string,
    readonly headers: Readonly<Record<string, string>> = {},
    /** Further members of the document. */
    readonly members: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail);
  }
}

export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly [member: string]: unknown;
}

export function documentOf({ kind, message, members }: HttpProblem): ProblemDocument {
  const { status, title } = PROBLEMS[kind];
  return { type: `urn:regionlink:problem:${kind}`, title, status, detail: message, ...members };
}

/** What an error is to the caller. */
export function problemOf(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (error instanceof InvalidSpecError) return invalidSpec(error);
  if (error instanceof InvalidNameError) return new HttpProblem('invalid-name', error.message);
  if (error instanceof VpnNotFoundError) return new HttpProblem('no-such-vpn', error.message);
  if (error instanceof VpnBusyError) {
    const { vpn, operation, runId, since, requestedBy, phase } = error;
    const detail = `${operationWord(operation)} runs on ${vpn} since ${since.toISOString()}; ask again when it has ended, or cancel it`;
    return new HttpProblem(
      'vpn-busy',
      detail,
      {},
      { vpn, operation, runId, since: since.getTime(), requestedBy, ...(phase === undefined ? {} : { phase }) },
    );
  }
  if (error instanceof VpnFailedError)
    return new HttpProblem('look-failed', error.message, {}, { failureType: error.type });
  // Someone has ended the look, which is nobody's VPN.
  if (error instanceof VpnCancelledError) return later('unavailable', 'the look at the clouds was ended; ask again');
  if (error instanceof TemporalUnavailableError || temporalIsAway(error))
    return later('unavailable', 'Temporal does not answer');
  if (error instanceof SearchAttributesMissingError)
    return later('not-ready', 'the namespace lacks the search attributes that a worker adds when it starts: start one');
  if (error instanceof TokenFileError) return later('unavailable', 'the file of tokens cannot be used');
  return ofServer(error);
}

function invalidSpec({ problems }: InvalidSpecError): HttpProblem {
  const shown = problems.map(({ path, at, message, value, cure }) => ({
    pointer: pointerOf(at),
    path,
    message,
    ...(value === undefined ? {} : { value }),
    ...(cure === undefined ? {} : { cure }),
  }));
  const detail = `${shown.length} ${shown.length === 1 ? 'problem' : 'problems'}; nothing was touched`;
  return new HttpProblem('invalid-spec', detail, {}, { problems: shown });
}

/** As a URI fragment of the body's JSON (RFC 6901, section 6). */
function pointerOf(at: readonly (string | number)[]): string {
  const parts = at.map((part) => `/${encodeURIComponent(String(part).replaceAll('~', '~0').replaceAll('/', '~1'))}`);
  return `#${parts.join('')}`;
}

function later(kind: ProblemKind, detail: string): HttpProblem {
  return new HttpProblem(kind, detail, { 'retry-after': String(RETRY_AFTER) });
}

/** The HTTP server's own refusals, by its code or status. Their messages are not passed on: some repeat what was sent. */
function ofServer(error: unknown): HttpProblem {
  const { code, statusCode = 500 } = error as { readonly code?: string; readonly statusCode?: number };
  if (code === 'FST_ERR_HANDLER_TIMEOUT') return later('too-slow', 'ask again: what was begun goes on');
  if (statusCode === 413) return new HttpProblem('too-large', 'a spec is never that large');
  if (statusCode === 415)
    return new HttpProblem('not-json', 'send the spec as JSON, with the header content-type: application/json');
  if (statusCode === 429) return new HttpProblem('too-many-requests', 'ask again after the time in retry-after');
  if (statusCode >= 400 && statusCode < 500)
    return new HttpProblem('bad-request', 'the address or the body is malformed: the body must be JSON');
  return new HttpProblem('unexpected', "it is in the server's log");
}
