/**
 * What goes wrong between us and a cloud, as one small class. Never an axios error: those carry headers and bodies, so tokens and keys.
 * The rule: a field added here ends up in logs and in Temporal's history, so none may hold what was sent.
 */

/** Whether the server may have seen the request: `no` (never connected), `maybe` (no answer came), `answered`. */
export type Sent = 'no' | 'maybe' | 'answered';

/** Stands for the region of a login that serves several. */
export const NO_REGION = '-';

export interface OpenStackErrorFields {
  readonly service: string;
  /** Or NO_REGION. */
  readonly region: string;
  readonly method: string;
  readonly path: string;
  readonly sent: Sent;
  readonly status?: number | undefined;
  /** Node's or our own code where there was no usable answer: `ECONNRESET`, `ETIMEDOUT`, `BAD_ANSWER`, `REDIRECT`. */
  readonly code?: string | undefined;
  readonly requestId?: string | undefined;
  /** `NeutronError.type`, the key of Nova's error body (`itemNotFound`), or Keystone's title (`Unauthorized`). */
  readonly type?: string | undefined;
  readonly retryAfterMs?: number | undefined;
}

export class OpenStackError extends Error {
  override readonly name = 'OpenStackError';
  readonly fields: OpenStackErrorFields;

  /** The cloud's own words, or what happened instead of an answer. */
  readonly said: string;

  constructor(words: string, fields: OpenStackErrorFields) {
    const said = oneLine(words);
    const what = [fields.status, fields.type ?? fields.code].filter((part) => part !== undefined).join(' ');
    const id = fields.requestId === undefined ? '' : ` (request ${fields.requestId})`;
    // Node's own words begin with the call and have its code: connect ECONNREFUSED 127.0.0.1:1.
    const told = fields.status === undefined && fields.code !== undefined && said.includes(fields.code);
    const where = fields.region === NO_REGION ? '' : ` in region ${fields.region}`;
    super(`${fields.method} ${fields.path}${where}: ${told ? '' : `${what}: `}${said}${id}`);
    this.said = said;
    this.fields = fields;
  }
}

/** Words from outside without what a terminal or a browser would act on: control and formatting characters, line ends, lone halves of a pair. */
export function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim();
}

/** The clouds' configuration or credentials are wrong, or a catalog lacks what is asked for: nothing that a retry mends. */
export class CloudConfigError extends Error {
  override readonly name = 'CloudConfigError';
}

/** Raised for an aborted read. Temporal's worker knows a cancellation by this name; axios's own `CanceledError` it does not. */
export class AbortError extends Error {
  override readonly name = 'AbortError';
}
