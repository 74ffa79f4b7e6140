/**
 * The HTTP API: fastify around the table of operations. Who calls, how much and how long is decided here, once for all of them.
 * The rule: every answer but a good one is a problem document, and no header, body or query is ever logged: tokens and specs stand in them.
 */
import rateLimit from '@fastify/rate-limit';
import {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  type HTTPMethods,
  LogController,
} from 'fastify';
import type { RegionLink } from '../client/index.js';
import { openApiDocument } from './openapi.js';
import { LIMIT_MS, OPERATIONS, type Operation } from './operations.js';
import { documentOf, HttpProblem, PROBLEMS, problemOf } from './problems.js';
import { Streams } from './streams.js';
import type { Caller, Scope, TokenFile } from './tokens.js';

export interface ServerOptions {
  readonly link: RegionLink;
  readonly tokens: TokenFile;
  /** @default loopback */
  readonly host?: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Requests a minute, for each token, and for each address without one. */
  readonly rate: number;
  /** Where log lines go, JSON each. */
  readonly log: { write(line: string): void };
}

export interface RunningServer {
  readonly url: string;
  /** Takes no new requests, ends event streams, lets the rest be answered, then resolves. */
  stop(): Promise<void>;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose token it bears; undefined without a valid one. */
    caller: Caller | undefined;
  }
}

const LOOPBACK = '127.0.0.1';

/** Bytes. The largest spec that is valid has a few dozen thousand. */
const BODY_LIMIT = 256 * 1024;

/** Milliseconds in which a request must have arrived. */
const ARRIVAL_MS = 30_000;

const MINUTE_MS = 60_000;

const DOCUMENT = '/openapi.json';

const BEARER = /^Bearer +([\w~.+/-]+=*) *$/i;

/** Resolves when it listens. Rejects with the system's error where it cannot. */
export async function startServer({ host = LOOPBACK, port, ...options }: ServerOptions): Promise<RunningServer> {
  const stopping = new AbortController();
  const app = await build(options, stopping.signal);
  const url = await app.listen({ host, port });
  return {
    url,
    async stop() {
      stopping.abort();
      await app.close();
    },
  };
}

async function build(
  { link, tokens, rate, log }: Omit<ServerOptions, 'host' | 'port'>,
  stopping: AbortSignal,
): Promise<FastifyInstance> {
  const app: FastifyInstance = fastify({
    logger: { level: 'info', base: null, stream: log },
    // Ours is one line a request: see `answered`.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    requestTimeout: ARRIVAL_MS,
    handlerTimeout: LIMIT_MS,
    // One that still came over an open connection is answered like any other.
    return503OnClosing: false,
    // What no router could read.
    frameworkErrors: sendProblem,
  });
  takeJsonAlone(app);
  app.decorateRequest('caller', undefined);
  app.addHook('onRequest', async (request) => {
    const [, token] = BEARER.exec(request.headers.authorization ?? '') ?? [];
    if (token !== undefined) request.caller = tokens.callerOf(token);
  });
  app.addHook('onSend', async (_request, reply) => {
    // A connection that stayed open would hold up the stop.
    if (stopping.aborted) reply.header('connection', 'close');
  });
  app.addHook('onResponse', async (request, { statusCode: status, elapsedTime }) => {
    const { method, caller } = request;
    const ms = Math.round(elapsedTime);
    request.log.info({ method, path: pathOf(request), status, ms, caller: caller?.name }, 'answered');
  });
  app.setErrorHandler(sendProblem);
  await app.register(rateLimit, { max: rate, timeWindow: MINUTE_MS, enableDraftSpec: true, keyGenerator });
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, async (request) => {
    throw new HttpProblem('no-such-route', `there is nothing at ${pathOf(request)}; see /openapi.json`);
  });
  const streams = new Streams(stopping);
  for (const operation of OPERATIONS) addRoute(app, operation, link, streams);
  const document = openApiDocument();
  app.get(DOCUMENT, async () => document);
  refuseOtherMethods(app, [...OPERATIONS.map(({ path }) => path), DOCUMENT]);
  return app;
}

function addRoute(app: FastifyInstance, operation: Operation, link: RegionLink, streams: Streams): void {
  const { method, path, scope, limitMs = LIMIT_MS, answer } = operation;
  const askedBy = ({ params, body, caller }: FastifyRequest) => ({
    link,
    name: (params as { readonly name?: string }).name ?? '',
    body,
    caller: caller?.name ?? '',
  });
  app.route({
    method,
    url: patternOf(path),
    handlerTimeout: limitMs,
    exposeHeadRoute: answer.events === undefined,
    // After the count of requests, before the body is read.
    preParsing: async ({ caller }) => mustHave(scope, caller),
    async handler(request, reply) {
      if ('follow' in operation) return streams.send(reply, (gone) => operation.follow({ ...askedBy(request), gone }));
      const { body, location } = await operation.answerTo(askedBy(request));
      if (location !== undefined) reply.header('location', location);
      return reply.code(answer.status).header('cache-control', 'no-store').send(body);
    },
  });
}

/** Throws the problem of a caller who may not do what takes that scope. */
function mustHave(scope: Scope | undefined, caller: Caller | undefined): void {
  if (scope === undefined) return;
  if (caller === undefined)
    throw new HttpProblem('unauthorised', 'send the header authorization: Bearer TOKEN, with a token of this server', {
      'www-authenticate': 'Bearer realm="regionlink"',
    });
  if (scope === 'write' && caller.scope !== 'write')
    throw new HttpProblem('forbidden', `the token ${caller.name} is good for reading only`, {
      'www-authenticate': 'Bearer realm="regionlink", error="insufficient_scope", scope="write"',
    });
}

/** Answers to every method that a path does not take with those that it does. */
function refuseOtherMethods(app: FastifyInstance, paths: Iterable<string>): void {
  for (const path of new Set(paths)) {
    const url = patternOf(path);
    const methods = app.supportedMethods as HTTPMethods[];
    const taken = methods.filter((method) => app.hasRoute({ method, url }));
    const refuse = async ({ method }: FastifyRequest) => {
      const detail = `${method} is none of ${taken.join(', ')}`;
      throw new HttpProblem('method-not-allowed', detail, { allow: taken.join(', ') });
    };
    const others = methods.filter((method) => !taken.includes(method));
    // Before the body is looked at, which is not what is wrong.
    app.route({ method: others, url, exposeHeadRoute: false, preParsing: refuse, handler: refuse });
  }
}

/** A body is JSON, or there is none: some clients name a type all the same. */
function takeJsonAlone(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null);
    else parse(request, body as string, done);
  });
}

function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = problemOf(error);
  if (PROBLEMS[problem.kind].status >= 500 && problem !== error) request.log.error(told(error), problem.message);
  return reply
    .code(PROBLEMS[problem.kind].status)
    .headers(problem.headers)
    .type('application/problem+json')
    .send(documentOf(problem));
}

/** Of an error, for the log. */
function told(error: unknown): Readonly<Record<string, unknown>> {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return { error: name, reason: message, ...(process.env.REGIONLINK_DEBUG ? { stack } : {}) };
}

/** Whose requests are counted together. */
function keyGenerator({ caller, ip }: FastifyRequest): string {
  return caller === undefined ? `address ${ip}` : `token ${caller.name}`;
}

/** Without the query, in which somebody may send a token. */
function pathOf({ url }: FastifyRequest): string {
  return url.split('?')[0] ?? '';
}

/** OpenAPI's path in fastify's words. */
function patternOf(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}
