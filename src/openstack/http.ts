/**
 * One HTTP request to a cloud, the only place that knows axios. It never retries: Temporal owns every retry.
 * The rules: nothing axios throws leaves this file; a redirect is an error, so a token never goes elsewhere; a write uses a connection of its own and is not
 * sent once its time has passed.
 */
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import axios, { type AxiosResponse, isAxiosError } from 'axios';
import { AbortError, OpenStackError, type OpenStackErrorFields, oneLine } from './errors.js';

/** What every call takes. `signal` ends reads early; `notAfter` tells until when (epoch ms) a write may be sent, asked when its connection stands. */
export interface CallOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly notAfter?: () => number;
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
  /** The call that it answers, for an error about it. */
  readonly call: OpenStackErrorFields;
}

/** More than any list page of a sane cloud, counted after decompression; an endless answer ends here. */
const MAX_ANSWER_BYTES = 10 * 1024 * 1024;
/** As much of an error as is read: many times what a cloud says, and little where a proxy says more. */
const MAX_ERROR_BYTES = 64 * 1024;
const MAX_SAID_LENGTH = 500;
/** Longest wait that a cloud can impose by `Retry-After`. */
const MAX_RETRY_AFTER_MS = 10 * 60 * 1000;
/** Forms of what is told besides the cloud's words. Anything else is not told. */
const REQUEST_ID = /^[\w.:-]{1,100}$/;
const TYPE = /^[A-Za-z][\w. ]{0,99}$/;

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
  let answer: AxiosResponse<Readable>;
  try {
    answer = await axios.request<Readable>({
      url,
      method: request.method,
      headers: { ...request.headers, 'X-OpenStack-Request-ID': requestId, Accept: 'application/json' },
      ...(request.body === undefined ? {} : { data: request.body }),
      signal: options.signal === undefined ? deadline : AbortSignal.any([deadline, options.signal]),
      maxRedirects: 0,
      // A stream, since how much of a body is read depends on its status.
      responseType: 'stream',
      validateStatus: () => true,
      httpAgent: guardedAgent(new http.Agent({ keepAlive: false }), connected, options.notAfter),
      httpsAgent: guardedAgent(new https.Agent(tlsAgentOptions(request.tls)), connected, options.notAfter),
    });
  } catch (error) {
    throw ended() ?? new OpenStackError(wordsOf(error), fields({ code: codeOf(error) ?? 'ECONNFAILED' }));
  }
  const headers = Object.fromEntries(
    Object.entries(answer.headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
  const said = headers['x-openstack-request-id'];
  const call = fields({
    sent: 'answered',
    status: answer.status,
    requestId: said !== undefined && REQUEST_ID.test(said) ? said : requestId,
  });
  if (answer.status >= 300 && answer.status < 400) {
    answer.data.destroy();
    throw new OpenStackError('the cloud redirects; not followed, so that the token goes nowhere else', {
      ...call,
      code: 'REDIRECT',
    });
  }
  const failed = answer.status >= 400;
  let text: { readonly text: string; readonly whole: boolean };
  try {
    text = await textOf(answer.data, failed ? MAX_ERROR_BYTES : MAX_ANSWER_BYTES);
  } catch (error) {
    throw ended() ?? new OpenStackError(`the answer broke off: ${wordsOf(error)}`, { ...call, code: 'BAD_ANSWER' });
  }
  if (failed) throw refused(text.text, headers, call, request.secrets);
  if (!text.whole) throw new OpenStackError('the answer is larger than 10 MB', { ...call, code: 'BAD_ANSWER' });
  return { status: answer.status, headers, body: parse(text.text, call), call };

  /** What our own clock or the caller has ended. */
  function ended(): Error | undefined {
    if (options.signal?.aborted) return new AbortError(`${request.method} ${path} was cancelled`);
    if (deadline.aborted)
      return new OpenStackError(`no answer within ${options.timeoutMs / 1000} s`, fields({ code: 'ETIMEDOUT' }));
    return undefined;
  }

  function wordsOf(error: unknown): string {
    return error instanceof Error ? scrub(error.message, request.secrets) : 'the connection failed';
  }
}

function codeOf(error: unknown): string | undefined {
  return isAxiosError(error) ? error.code : undefined;
}

/** A body as text, up to a limit in bytes. Beyond it, the connection is closed: leaving the loop destroys the stream. */
async function textOf(stream: Readable, limit: number): Promise<{ readonly text: string; readonly whole: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > limit) break;
  }
  const text = Buffer.concat(chunks)
    .subarray(0, limit)
    .toString('utf8')
    .replace(/^\uFEFF/, '');
  return { text, whole: size <= limit };
}

function parse(text: string, fields: OpenStackErrorFields): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    throw new OpenStackError('the answer is not JSON; is this address really the service, or a proxy?', {
      ...fields,
      code: 'BAD_ANSWER',
    });
  }
}

/**
 * Error bodies of Neutron (`NeutronError`), Nova (`itemNotFound`…), Keystone and its middleware (`error`), or anything else. A 4xx with a body that is no JSON
 * object is not the service's: told as BAD_ANSWER, so that no decision rests on its status.
 */
function refused(
  text: string,
  headers: Readonly<Record<string, string>>,
  call: OpenStackErrorFields,
  secrets: readonly string[],
): OpenStackError {
  const retryAfterMs = call.status === 429 || call.status === 503 ? retryAfter(headers['retry-after']) : undefined;
  const known = reasonIn(text);
  // Secrets first: whatever changes the text may break one in two.
  const page = () => withoutSecrets(text, secrets).replace(/<[^>]*>/g, ' ');
  const said = withoutSecrets(known?.said ?? '', secrets) || page();
  const foreign = known === undefined && text.trim() !== '' && (call.status ?? 0) < 500;
  return new OpenStackError(shortened(oneLine(said)) || 'no reason given', {
    ...call,
    type: known?.type,
    retryAfterMs,
    ...(foreign ? { code: 'BAD_ANSWER' } : {}),
  });
}

/** Type and words of an error body; undefined where it is no JSON object. */
function reasonIn(text: string): { readonly type?: string; readonly said?: string } | undefined {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  const [key, value] = Object.entries(body)[0] ?? [];
  if (typeof value === 'string') return { said: value };
  if (typeof value !== 'object' || value === null) return {};
  const { type, title, message } = value as { type?: unknown; title?: unknown; message?: unknown };
  const named = [type, key === 'error' ? title : key].find((one) => typeof one === 'string' && TYPE.test(one));
  return {
    ...(typeof named === 'string' ? { type: named } : {}),
    ...(typeof message === 'string' ? { said: message } : {}),
  };
}

/**
 * `Retry-After` in seconds or as an HTTP date (RFC 9110, 10.2.3), in milliseconds from now. Undefined for what is neither, and for what is over: then the
 * retry has its usual pause, since with none it would come at once, again and again.
 */
export function retryAfter(value: string | undefined, now = Date.now()): number | undefined {
  const text = value?.trim() ?? '';
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : /^[A-Z][a-z]+,? /.test(text) ? Date.parse(text) - now : 0;
  return ms > 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : undefined;
}

/** A text that came from outside, without any form of any secret, and not at length. */
export function scrub(text: string, secrets: readonly string[]): string {
  return shortened(withoutSecrets(text, secrets));
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  const forms = secrets
    .filter((secret) => secret.length > 3)
    .flatMap((secret) => [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64'),
    ]);
  return forms.reduce((rest, form) => rest.split(form).join('[secret]'), text);
}

function shortened(text: string): string {
  return text.length > MAX_SAID_LENGTH ? `${text.slice(0, MAX_SAID_LENGTH)}…` : text;
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
function guardedAgent<A extends http.Agent>(
  agent: A,
  connected: { value: boolean },
  notAfter: CallOptions['notAfter'],
): A {
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
      if (notAfter !== undefined && Date.now() > notAfter()) {
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
