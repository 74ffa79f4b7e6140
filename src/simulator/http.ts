/**
 * The simulator's HTTP side: reads a request, finds its service and region, applies ordered faults around the handler, answers and logs.
 * The rule: handlers are synchronous over the state, so no two calls ever interleave inside an effect.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { effectsSince, type LoggedCall, pictureOf } from './call-log.js';
import { type Answer, ApiError, neutronError } from './errors.js';
import type { CallKey, FaultPlan, Faults, MetFault } from './faults.js';
import { inUse, overQuota } from './refusals.js';
import type { RegionState, Tables } from './state.js';

export interface ServiceCall extends CallKey {
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly headers: IncomingMessage['headers'];
}

/** Answers a call to one service, or throws ApiError. */
export type Handler = (call: ServiceCall) => Answer;

export interface HttpSide {
  /** Whether the log says what a call did. */
  readonly tellEffects: boolean;
  readonly regions: ReadonlyMap<string, RegionState>;
  readonly faults: Faults;
  readonly log: LoggedCall[];
  /** Who waits for a collection to be listed next, by its place. */
  readonly listeners: Map<string, Set<() => void>>;
  /** A region as it was when a plan for stale answers first acted. */
  readonly replicas: Map<FaultPlan, Tables>;
  /** Every token, password and key that has crossed the wire, so that a test can look for them where none may be. */
  readonly secrets: Set<string>;
  readonly handle: Handler;
  expireTokens(): void;
}

const MAX_BODY_BYTES = 8 * 1024 * 1024;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Serves one request. Never throws: a handler's bug is answered with 500 and printed. */
export async function serve(request: IncomingMessage, response: ServerResponse, side: HttpSide): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://simulator');
  const text = await readBody(request);
  const key = route(request.method ?? 'GET', url.pathname, side.regions);
  const region = side.regions.get(key.region);
  const delayMs = region?.delays.callMs ?? [...side.regions.values()][0]?.delays.callMs ?? 0;
  if (delayMs > 0) await pause(delayMs);
  const met = key.service === '_simulator' ? undefined : side.faults.next(key);
  const body = parse(text);
  collectSecrets(body, side.secrets);
  const call = { ...key, query: url.searchParams, headers: request.headers, body };
  const run = () => {
    const answer = answerOf(side.handle, call);
    const token = answer.headers?.['X-Subject-Token'];
    if (token !== undefined) side.secrets.add(token);
    return answer;
  };
  const note = (status: LoggedCall['status'], effects: LoggedCall['effects']) => {
    if (key.service === '_simulator') return;
    const { service, method, path } = key;
    side.log.push({
      seq: side.log.length + 1,
      at: Date.now(),
      service,
      region: key.region,
      method,
      path,
      status,
      effects,
      ...(met === undefined ? {} : { fault: met.fault.kind }),
    });
    if (method === 'GET') for (const listener of [...(side.listeners.get(placeOf(key)) ?? [])]) listener();
  };
  const act = (): { answer: Answer; effects: LoggedCall['effects'] } => {
    // A read has none, and most calls are reads.
    if (key.method === 'GET' || !side.tellEffects) return { answer: run(), effects: [] };
    const before = pictureOf(region);
    const answer = run();
    return { answer, effects: effectsSince(before, region) };
  };
  await respond(met, { key: call, response, act, note, side, region });
}

/** Where a look-up of a collection is told to who waits for it. */
const placeOf = ({ region, service, path }: CallKey) => `${region} ${service} ${path}`;

interface Exchange {
  readonly key: ServiceCall;
  readonly response: ServerResponse;
  readonly act: () => { answer: Answer; effects: LoggedCall['effects'] };
  readonly note: (status: LoggedCall['status'], effects: LoggedCall['effects']) => void;
  readonly side: HttpSide;
  readonly region: RegionState | undefined;
}

async function respond(met: MetFault | undefined, exchange: Exchange): Promise<void> {
  const { key, response, act, note, side, region } = exchange;
  const plain = () => {
    const { answer, effects } = act();
    note(answer.status, effects);
    send(response, answer);
    return effects;
  };
  const refuse = (answer: Answer) => {
    note(answer.status, []);
    send(response, answer);
  };
  const fault = met?.fault;
  switch (fault?.kind) {
    case undefined:
      plain();
      return;
    case 'answer': {
      const effects = fault.effect ? act().effects : [];
      note(fault.status, effects);
      send(response, {
        status: fault.status,
        body: fault.body,
        ...(fault.headers === undefined ? {} : { headers: fault.headers }),
      });
      return;
    }
    case 'delay':
      await pause(fault.ms);
      plain();
      return;
    case 'hold':
      await new Promise<void>((resolve) => side.faults.onClear(resolve));
      plain();
      return;
    case 'lag': {
      const { answer, effects } = act();
      note(answer.status, effects);
      await pause(fault.ms);
      send(response, answer);
      return;
    }
    case 'reset':
      note('reset', fault.effect ? act().effects : []);
      response.socket?.resetAndDestroy();
      return;
    case 'truncate': {
      const { answer, effects } = act();
      note(answer.status, effects);
      const text = JSON.stringify(answer.body ?? {});
      response.writeHead(answer.status, { 'Content-Type': 'application/json' });
      response.end(text.slice(0, text.length / 2));
      return;
    }
    case 'hang': {
      let forgotten = false;
      side.faults.onClear(() => {
        forgotten = true;
      });
      await new Promise<void>((resolve) => response.once('close', resolve));
      if (fault.lateAfterLookUp) await nextLookUp(key, side);
      else if (fault.lateMs !== undefined) await pause(fault.lateMs);
      const never = fault.lateMs === undefined && !fault.lateAfterLookUp;
      note('hang', never || forgotten ? [] : act().effects);
      return;
    }
    case 'duplicate': {
      const first = act();
      const second = act();
      note(second.answer.status, [...first.effects, ...second.effects]);
      send(response, second.answer);
      return;
    }
    case 'expireTokens':
      side.expireTokens();
      plain();
      return;
    case 'forget': {
      const named = resourceIn(key.path);
      if (named !== undefined) answerOf(side.handle, { ...key, method: 'DELETE', path: named, body: undefined });
      for (const { op, kind, id } of plain()) if (op === 'created') region?.delete(kind, id);
      return;
    }
    case 'inUse':
      refuse(inUse(key.path));
      return;
    case 'overQuota':
      refuse(overQuota(key.service, key.path));
      return;
    case 'stale': {
      if (region === undefined || met === undefined || key.method !== 'GET') return void plain();
      const replica = side.replicas.get(met.plan) ?? region.copy();
      side.replicas.set(met.plan, replica);
      region.over(replica, plain);
      return;
    }
    case 'stick': {
      const { resource, status, ms, until } = fault;
      const end = () => region?.stuck.delete(resource);
      region?.stuck.set(resource, until === undefined ? { status } : { status, until });
      side.faults.onClear(end);
      if (ms !== undefined) setTimeout(end, ms).unref();
      plain();
    }
  }
}

const RESOURCE = /^.*?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

/** The path of the resource that a path names, if it names one: of a router's interfaces, the router. */
function resourceIn(path: string): string | undefined {
  return RESOURCE.exec(path)?.[0];
}

/** Resolves once the collection of a call has been listed by someone, or the faults are cleared. */
function nextLookUp(key: CallKey, { listeners, faults }: HttpSide): Promise<void> {
  const place = placeOf(key);
  const waiting = listeners.get(place) ?? new Set();
  listeners.set(place, waiting);
  return new Promise((resolve) => {
    const listener = () => {
      waiting.delete(listener);
      resolve();
    };
    waiting.add(listener);
    faults.onClear(listener);
  });
}

const SECRET_FIELDS = /^(psk|password|adminPass|secret)$/;

function collectSecrets(value: unknown, into: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (typeof inner === 'string' && SECRET_FIELDS.test(key)) into.add(inner);
    else collectSecrets(inner, into);
  }
}

function answerOf(handle: Handler, call: ServiceCall): Answer {
  try {
    return handle(call);
  } catch (error) {
    if (error instanceof ApiError) return error.answer;
    console.error('simulator:', error);
    return neutronError(
      500,
      'HTTPInternalServerError',
      'Request Failed: internal server error while processing your request.',
    ).answer;
  }
}

/** `/left/network/v2.0/ports` is Neutron of region left; `/identity/v3` is shared. */
function route(method: string, path: string, regions: ReadonlyMap<string, unknown>): CallKey {
  const [, first = '', second = '', ...rest] = path.split('/');
  if (regions.has(first)) return { method, region: first, service: second, path: `/${rest.join('/')}` };
  return { method, region: '', service: first, path: `/${[second, ...rest].join('/')}` };
}

function send(response: ServerResponse, answer: Answer): void {
  const id = `req-${randomUUID()}`;
  const body =
    answer.body === undefined || answer.status === 204
      ? ''
      : typeof answer.body === 'string'
        ? answer.body
        : JSON.stringify(answer.body);
  const type = typeof answer.body === 'string' ? 'text/html' : 'application/json';
  response.writeHead(answer.status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'X-Openstack-Request-Id': id,
    ...answer.headers,
  });
  response.end(body);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY_BYTES) break;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Marks a body that is no JSON: each service refuses it in its own words. */
export const BROKEN_JSON = Symbol('broken JSON');

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return BROKEN_JSON;
  }
}
