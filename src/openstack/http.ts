/**
 * One HTTP request to a cloud, the only place that knows axios. It never retries: Temporal owns every retry.
 * The rules: nothing axios throws leaves this file; a redirect is an error, so a token never goes elsewhere; a write uses a connection of its own and is not
 * sent once its time has passed.
 */
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import axios, { type AxiosResponse, isAxiosError } from 'axios';
import { AbortError, OpenStackError, type OpenStackErrorFields } from './errors.js';

/** What every call takes. `signal` ends reads early; `notAfter` (epoch ms) is when a write may be sent at the latest. */
export interface CallOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly notAfter?: number;
}

/** How to reach a cloud: its CA and client certificate in PEM, and whether its certificate is checked at all. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly verify: boolean;
}

export interface HttpRequest {
  readonly service: string;
  readonly region: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Whole address. Its path and query are told in errors, its host is not. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly tls?: TlsOptions;
  /** Values that must not appear in an error, whatever the cloud echoes. */
  readonly secrets: readonly string[];
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed JSON; undefined where the answer has no body. */
  readonly body: unknown;
}

/** More than any list page of a sane cloud; an endless answer ends here. */
const MAX_ANSWER_BYTES = 10 * 1024 * 1024;
const MAX_SAID_LENGTH = 500;
/** Longest wait that a cloud can impose by `Retry-After`. */
const MAX_RETRY_AFTER_MS = 10 * 60 * 1000;

/** Sends one request. Resolves for any 2xx; throws OpenStackError for all else, AbortError when `signal` fires. */
export async function send(request: HttpRequest, options: CallOptions): Promise<HttpAnswer> {
  const { url } = request;
  const path = new URL(url).pathname + new URL(url).search;
  const requestId = `req-${randomUUID()}`;
  const connected = { value: false };
  const fields = (more: Partial<OpenStackErrorFields>): OpenStackErrorFields => ({
    service: request.service,
    region: request.region,
    method: request.method,
    path,
    requestId,
    sent: connected.value ? 'maybe' : 'no',
    ...more,
  });
  // axios' own timeout restarts with every byte; this one ends a dripping answer as well.
  const deadline = AbortSignal.timeout(options.timeoutMs);
  let answer: AxiosResponse<string>;
  try {
    answer = await axios.request<string>({
      url,
      method: request.method,
      headers: { ...request.headers, 'X-OpenStack-Request-ID': requestId, Accept: 'application/json' },
      ...(request.body === undefined ? {} : { data: request.body }),
      signal: options.signal === undefined ? deadline : AbortSignal.any([deadline, options.signal]),
      maxRedirects: 0,
      maxContentLength: MAX_ANSWER_BYTES,
      responseType: 'text',
      transformResponse: (text: string) => text,
      validateStatus: () => true,
      httpAgent: guardedAgent(new http.Agent({ keepAlive: false }), connected, options.notAfter),
      httpsAgent: guardedAgent(new https.Agent(tlsAgentOptions(request.tls)), connected, options.notAfter),
    });
  } catch (error) {
    if (options.signal?.aborted) throw new AbortError(`${request.method} ${path} was cancelled`);
    if (deadline.aborted)
      throw new OpenStackError(`no answer within ${options.timeoutMs / 1000} s`, fields({ code: 'ETIMEDOUT' }));
    const code = isAxiosError(error) ? error.code : undefined;
    if (code === 'ERR_BAD_RESPONSE')
      throw new OpenStackError('the answer is broken or larger than 10 MB', fields({ code: 'BAD_ANSWER' }));
    const said = error instanceof Error ? scrub(error.message, request.secrets) : 'the connection failed';
    throw new OpenStackError(said, fields({ code: code ?? 'ECONNFAILED' }));
  }
  const headers = Object.fromEntries(
    Object.entries(answer.headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
  const answered = fields({
    sent: 'answered',
    status: answer.status,
    requestId: headers['x-openstack-request-id'] ?? requestId,
  });
  if (answer.status >= 300 && answer.status < 400) {
    throw new OpenStackError('the cloud redirects; not followed, so that the token goes nowhere else', {
      ...answered,
      code: 'REDIRECT',
    });
  }
  if (answer.status >= 400) throw refused(answer.data, headers, answered, request.secrets);
  return { status: answer.status, headers, body: parse(answer.data, answered) };
}

function parse(text: string, fields: OpenStackErrorFields): unknown {
  if (text === '' && fields.status === 204) return undefined;
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    throw new OpenStackError('the answer is not JSON; is this address really the service, or a proxy?', {
      ...fields,
      code: 'BAD_ANSWER',
    });
  }
}

/** Error bodies of Neutron (`NeutronError`), Nova (`itemNotFound`…), Keystone and its middleware (`error`), or anything else. */
function refused(
  text: string,
  headers: Readonly<Record<string, string>>,
  fields: OpenStackErrorFields,
  secrets: readonly string[],
): OpenStackError {
  let said = text
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  let type: string | undefined;
  try {
    const [key, value] = Object.entries(JSON.parse(text) as Record<string, unknown>)[0] ?? [];
    if (typeof value === 'object' && value !== null) {
      const inner = value as { type?: unknown; message?: unknown };
      type = typeof inner.type === 'string' ? inner.type : key === 'error' ? undefined : key;
      said = typeof inner.message === 'string' ? inner.message : said;
    } else if (typeof value === 'string') said = value;
  } catch {
    // Not JSON: a proxy's page, told as its text.
  }
  const retryAfterMs = retryAfter(headers['retry-after']);
  return new OpenStackError(scrub(said, secrets) || 'no reason given', { ...fields, type, retryAfterMs });
}

/** `Retry-After` in seconds or as an HTTP date (RFC 9110, 10.2.3), in milliseconds from now. */
export function retryAfter(value: string | undefined, now = Date.now()): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS);
}

/** Takes every form of every secret out of a text that came from outside. */
export function scrub(text: string, secrets: readonly string[]): string {
  const forms = secrets
    .filter((secret) => secret.length > 3)
    .flatMap((secret) => [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64'),
    ]);
  const clean = forms.reduce((rest, form) => rest.split(form).join('[secret]'), text);
  return clean.length > MAX_SAID_LENGTH ? `${clean.slice(0, MAX_SAID_LENGTH)}…` : clean;
}

function tlsAgentOptions(tls: TlsOptions | undefined): https.AgentOptions {
  const { ca, cert, key } = tls ?? {};
  return {
    keepAlive: false,
    rejectUnauthorized: tls?.verify ?? true,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

/**
 * An agent that hands its connection over only once it stands, and not after `notAfter`: a process frozen while connecting sends nothing when it
 * wakes. Also notes that from then on the server may have seen the request.
 */
function guardedAgent<A extends http.Agent>(agent: A, connected: { value: boolean }, notAfter: number | undefined): A {
  type Create = (
    options: object,
    callback: (error: Error | null, socket?: Socket) => void,
  ) => Socket | null | undefined;
  const create = (agent as unknown as { createConnection: Create }).createConnection.bind(agent);
  (agent as unknown as { createConnection: Create }).createConnection = (options, callback) => {
    const socket = create(options, () => {});
    if (!socket) return socket;
    const failed = (error: Error) => callback(error);
    socket.once('error', failed);
    socket.once(agent instanceof https.Agent ? 'secureConnect' : 'connect', () => {
      socket.off('error', failed);
      if (notAfter !== undefined && Date.now() > notAfter) {
        socket.destroy();
        callback(Object.assign(new Error('too late to send this write: nothing was sent'), { code: 'TOO_LATE' }));
        return;
      }
      connected.value = true;
      callback(null, socket);
    });
    return undefined;
  };
  return agent;
}
