/**
 * Every single fault that can meet a call, and what a run must make of it. The calls come from the log of a run without faults, so a new step is in these
 * cases by itself.
 */
import { type FaultPlan, isWrite, type LoggedCall } from '../../src/simulator/index.js';
import { withoutIds } from '../support/test-bed.js';
import { HTTP_TIMEOUT_MS } from './lanes.js';

/** One call of a run: the n-th of its method, region and path. */
export interface CallCase {
  readonly method: string;
  readonly region: string;
  readonly service: string;
  /** Pattern of its path, with any id. */
  readonly path: string;
  readonly skip: number;
  readonly writes: boolean;
  /**
   * Of the looks with which a run begins, before any write: whether it is one, or was one when it was made first. When one of them fails, all are made
   * again, each once.
   */
  readonly opening: 'is' | 'was' | 'no';
  readonly effects: LoggedCall['effects'];
  /** Whether it is the first that its region gets. */
  readonly isFirst: boolean;
}

/** The calls of a log, every look that is repeated among them. */
export function callsOf(log: readonly LoggedCall[]): readonly CallCase[] {
  const seen = new Map<string, number>();
  const firstWrite = log.findIndex(isWrite);
  const begin = firstWrite < 0 ? log.length : firstWrite;
  const openings = new Set<string>();
  return log.map((call, index) => {
    const isFirst = !log.slice(0, index).some((other) => other.region === call.region);
    const path = `^${withoutIds(call.path).replaceAll('{id}', '[^/]+')}$`;
    const key = `${call.method} ${call.region} ${call.service} ${path}`;
    const skip = seen.get(key) ?? 0;
    seen.set(key, skip + 1);
    if (skip === 0 && index < begin) openings.add(key);
    const opening = !openings.has(key) ? 'no' : skip === 0 ? 'is' : 'was';
    const { method, region, service, effects } = call;
    return { method, region, service, path, skip, writes: isWrite(call), opening, effects, isFirst };
  });
}

/** `passes`: the run gets over it. `stops`: no retry mends it. `either`: both are right, depending on the call. */
export type Outcome = 'passes' | 'stops' | 'either';

export interface FaultCase {
  readonly name: string;
  readonly outcome: Outcome;
  /** Which calls it is for. @default all */
  readonly on?: (call: CallCase) => boolean;
  readonly fault: FaultPlan['fault'] | (() => FaultPlan['fault']);
  readonly times?: number;
  readonly forMs?: number;
  /** It acts on more than its one call: on all of its region from there on, or on all that are logged in. */
  readonly wide?: 'region' | 'logins';
  /** Also at a write it leaves the clouds as they would be without it. */
  readonly leavesNothing?: true;
  /** What a step's failure says, where the call was one of its writes. */
  readonly said?: RegExp;
}

/** Calls that may meet a fault in one run. */
const CALLS_A_RUN = 8;

/**
 * The runs in which calls meet a fault, each with its calls. What ends a run, or may leave something double, has a run to itself. A fault that the run gets over
 * and that leaves nothing which another's retry could put right, at a look, before the effect of a write or at a removal, is met by several calls of one run: far
 * from each other, of different paths, so that none counts a call that is made again because of another, and only one of the looks with which the run
 * begins, since those are made together and one that fails would hide what becomes of another.
 */
export function runsOf(calls: readonly CallCase[], one: FaultCase): readonly (readonly CallCase[])[] {
  const cases = calls.filter((call) => one.on?.(call) ?? true);
  const sharing = cases.filter((call) => mayShare(call, one));
  const alone = cases.filter((call) => !mayShare(call, one));
  const openings = sharing.filter(({ opening }) => opening === 'is');
  const count = Math.max(openings.length, Math.ceil(sharing.length / CALLS_A_RUN));
  const runs = Array.from({ length: count }, (): CallCase[] => []);
  for (const [index, call] of sharing.entries()) {
    const inTurn = runs.map((_, turn) => runs[(index + turn) % count] ?? []);
    const fitting = inTurn.find((run) => run.length < CALLS_A_RUN && run.every((other) => areApart(call, other)));
    if (fitting === undefined) runs.push([call]);
    else fitting.push(call);
  }
  return [...alone.map((call) => [call]), ...runs];
}

/** Whether a call may meet a fault in a run in which others meet it as well. */
export function mayShare(call: CallCase, one: FaultCase): boolean {
  if (one.outcome !== 'passes' || one.wide !== undefined) return false;
  return !call.writes || deletes(call) || one.leavesNothing === true;
}

function areApart(one: CallCase, other: CallCase): boolean {
  return !isOfOnePath(one, other) && !(one.opening === 'is' && other.opening === 'is');
}

/** Whether two are one call, but for how often it was made before. */
export function isOfOnePath(one: CallCase, other: CallCase): boolean {
  return one.method === other.method && one.region === other.region && one.path === other.path;
}

const writes = (call: CallCase) => call.writes;
const reads = (call: CallCase) => !call.writes;
const posts = (call: CallCase) => call.writes && call.method === 'POST';
const deletes = (call: CallCase) => call.method === 'DELETE';
/** What a cloud may refuse as in use: a PUT takes a router's leg or gateway out as well. */
const takesAway = (call: CallCase) => deletes(call) || (call.method === 'PUT' && /routers/.test(call.path));
const namesOne = (call: CallCase) => !deletes(call) && call.path.includes('[^/]+');
const makesServers = (call: CallCase) => posts(call) && call.path.includes('servers');
const answer = (status: number, effect: boolean, body: unknown = {}, headers: Record<string, string> = {}) =>
  ({ kind: 'answer', status, body, headers, effect }) as const;
const refusal = { NeutronError: { type: 'PolicyNotAuthorized', message: 'ordered by the test', detail: '' } };
/** The outermost message is what lists and terminals show: resource, step, the cloud's words, and what became of the rest. */
const SAID = /^[A-Za-z ]+ \S+ \((left|right)\S*\): \w+ \S+ in region \w+: 403 .*ordered by the test.*\n.*is undone/;
const inASecond = () => new Date(Date.now() + 1_000).toUTCString();

export const FAULTS: readonly FaultCase[] = [
  { name: '500 before the effect', outcome: 'passes', leavesNothing: true, fault: answer(500, false) },
  { name: '500 after the effect', outcome: 'passes', on: writes, fault: answer(500, true) },
  {
    name: '503 with Retry-After in seconds',
    outcome: 'passes',
    leavesNothing: true,
    fault: answer(503, false, {}, { 'Retry-After': '0' }),
  },
  {
    name: '429 with Retry-After as a date',
    outcome: 'passes',
    leavesNothing: true,
    fault: () => answer(429, false, {}, { 'Retry-After': inASecond() }),
  },
  { name: '403', outcome: 'stops', fault: answer(403, false, refusal), said: SAID },
  { name: '403 after the effect', outcome: 'stops', on: writes, fault: answer(403, true, refusal), said: SAID },
  { name: 'over quota', outcome: 'stops', on: posts, fault: { kind: 'overQuota' } },
  { name: 'in use, twice', outcome: 'passes', leavesNothing: true, on: takesAway, times: 2, fault: { kind: 'inUse' } },
  { name: 'reset before the effect', outcome: 'passes', leavesNothing: true, fault: { kind: 'reset', effect: false } },
  { name: 'reset after the effect', outcome: 'passes', on: writes, fault: { kind: 'reset', effect: true } },
  { name: 'a page of HTML', outcome: 'passes', fault: answer(200, true, '<html>maintenance</html>') },
  { name: 'an empty answer', outcome: 'passes', on: (call) => !deletes(call), fault: answer(200, true, '') },
  {
    name: 'JSON of another shape',
    outcome: 'passes',
    on: (call) => !deletes(call),
    fault: answer(200, true, { unexpected: [1] }),
  },
  { name: 'half an answer', outcome: 'passes', on: (call) => !deletes(call), fault: { kind: 'truncate' } },
  { name: 'a slow answer', outcome: 'passes', leavesNothing: true, fault: { kind: 'delay', ms: HTTP_TIMEOUT_MS / 4 } },
  { name: 'an answer after the timeout', outcome: 'passes', fault: { kind: 'delay', ms: HTTP_TIMEOUT_MS + 200 } },
  { name: 'no answer and no effect', outcome: 'passes', leavesNothing: true, fault: { kind: 'hang' } },
  { name: 'no answer, and a late effect', outcome: 'passes', on: writes, fault: { kind: 'hang', lateMs: 100 } },
  {
    name: 'no answer, and an effect after the next look-up',
    outcome: 'passes',
    on: posts,
    fault: { kind: 'hang', lateAfterLookUp: true },
  },
  { name: 'delivered twice', outcome: 'passes', on: writes, fault: { kind: 'duplicate' } },
  { name: 'the token ends', outcome: 'passes', wide: 'logins', fault: { kind: 'expireTokens' } },
  { name: 'someone removes what was made', outcome: 'either', on: posts, fault: { kind: 'forget' } },
  { name: 'someone removes what it names', outcome: 'either', on: namesOne, fault: { kind: 'forget' } },
  {
    name: 'the region is away for a while',
    outcome: 'passes',
    wide: 'region',
    forMs: 300,
    fault: { kind: 'reset', effect: false },
  },
  {
    name: 'lists lag behind for a while',
    outcome: 'either',
    on: reads,
    wide: 'region',
    forMs: 300,
    fault: { kind: 'stale' },
  },
  ...['PENDING_CREATE', 'DOWN'].map(
    (status): FaultCase => ({
      name: `connections stay ${status} for a while`,
      outcome: 'passes',
      on: (call) => posts(call) && call.path.includes('connections'),
      fault: { kind: 'stick', resource: 'ipsec_site_connection', status, ms: 400 },
    }),
  ),
  ...['BUILD', 'ERROR'].map(
    (status): FaultCase => ({
      name: `test VMs are in ${status} for a while`,
      outcome: 'passes',
      on: makesServers,
      fault: { kind: 'stick', resource: 'server', status, ms: 400 },
    }),
  ),
  {
    name: 'the connection goes to ERROR',
    outcome: 'stops',
    on: (call) => posts(call) && call.path.includes('connections'),
    fault: { kind: 'stick', resource: 'ipsec_site_connection', status: 'ERROR' },
  },
];

/** What begins a rollback of everything: the last create of a run is refused. */
export const LAST_CREATE_REFUSED: FaultPlan = {
  method: 'POST',
  path: '^/v2.0/vpn/ipsec-site-connections$',
  region: 'cbk',
  fault: {
    kind: 'answer',
    status: 400,
    body: { NeutronError: { type: 'X', message: 'no', detail: '' } },
    effect: false,
  },
};

/** The plans that make the calls of a run meet a fault. */
export function plansOf(met: readonly CallCase[], one: FaultCase): readonly FaultPlan[] {
  const begunAgain = met.some(({ opening }) => opening === 'is');
  return met.map((call) => planOf(begunAgain && call.opening === 'was' ? { ...call, skip: call.skip + 1 } : call, one));
}

/** A run looks as often as it has to wait. */
export function mayStayAway({ writes, skip }: CallCase): boolean {
  return !writes && skip > 0;
}

/** The plan that makes a call meet a fault. */
export function planOf({ method, region, service, path, skip }: CallCase, one: FaultCase): FaultPlan {
  const fault = typeof one.fault === 'function' ? one.fault() : one.fault;
  const bounds = {
    ...(one.times === undefined ? {} : { times: one.times }),
    ...(one.forMs === undefined ? {} : { forMs: one.forMs }),
    ...(one.wide === 'region' ? { wholeRegion: true } : {}),
  };
  return { method, region, service, path, skip, ...bounds, fault };
}

export function inWords(call: CallCase): string {
  return `${call.method} ${call.path} in ${call.region}, number ${call.skip + 1}`;
}
