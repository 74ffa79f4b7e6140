/**
 * What the API can do: one table of operations. The routes, the OpenAPI document and the answer to a wrong method are all made of it.
 * The rule: an operation calls the client and shapes its answer. Who may call, what an error means and how it is sent is decided around it.
 */
import { type RegionLink, VpnCancelledError, VpnFailedError, type VpnRun } from '../client/index.js';
import { parseSpec } from '../spec/index.js';
import { VPN_NAME } from '../spec/naming.js';
import { type ServerSentEvent, statusEvents } from './events.js';
import { HttpProblem, type ProblemKind } from './problems.js';
import type { SchemaName, VpnStatus } from './schemas.js';
import type { Scope } from './tokens.js';

export interface Asked {
  readonly link: RegionLink;
  /** `{name}` of the path; empty where it has none. */
  readonly name: string;
  readonly body: unknown;
  /** Name of the caller's token. */
  readonly caller: string;
}

export interface Answer {
  readonly body: unknown;
  readonly location?: string;
}

/** Answers at once, or is followed as it goes. `gone` fires when nobody reads any more. */
export type Operation = Described &
  (
    | { answerTo(asked: Asked): Promise<Answer> }
    | { follow(asked: Asked & { readonly gone: AbortSignal }): Promise<AsyncIterable<ServerSentEvent>> }
  );

interface Described {
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  /** What a token must be good for; none for what anybody may ask. */
  readonly scope?: Scope;
  readonly summary: string;
  readonly description?: string;
  readonly takes?: { readonly schema: SchemaName; readonly example: unknown };
  readonly answer: {
    readonly status: 200 | 202;
    readonly means: string;
    /** Of the body, or of each event's data. */
    readonly schema: SchemaName;
    readonly location?: true;
    readonly events?: true;
  };
  /** Those of its own, besides what any operation may meet. */
  readonly problems: readonly ProblemKind[];
  /** Milliseconds until the caller is told to ask again. @default LIMIT_MS */
  readonly limitMs?: number;
}

/** Longer than Temporal takes to find that no worker answers a query: 10 s. */
export const LIMIT_MS = 30_000;

const VPN = '/v1/vpns/{name}';
const locationOf = (vpn: string) => `/v1/vpns/${vpn}`;

/** The smallest spec there is. */
const SMALLEST = {
  name: 'dbl-cbk',
  sites: {
    left: { region: 'dbl', network: { subnets: [{ cidr: '10.1.0.0/24' }] } },
    right: { region: 'cbk', network: { subnets: [{ cidr: '10.2.0.0/24' }] } },
  },
};

export const OPERATIONS: readonly Operation[] = [
  {
    id: 'provisionVpn',
    method: 'POST',
    path: '/v1/vpns',
    scope: 'write',
    summary: 'Provision a VPN, or converge it to its spec',
    description:
      'While its run is open the same spec again is the same run, and another spec under that name is a conflict. After it, the same spec repairs what differs and proves the tunnel anew, and another one changes the VPN in place.',
    takes: { schema: 'VpnSpec', example: SMALLEST },
    answer: { status: 202, means: 'It is under way.', schema: 'Accepted', location: true },
    problems: ['too-large', 'not-json', 'invalid-spec', 'vpn-busy'],
    async answerTo({ link, body, caller }) {
      const { warnings } = parseSpec(body);
      const { vpn, joined } = await link.provision(body, { requestedBy: caller });
      return { body: { vpn, joined, warnings }, location: locationOf(vpn) };
    },
  },
  {
    id: 'listVpns',
    method: 'GET',
    path: '/v1/vpns',
    scope: 'read',
    summary: 'List the newest run of every VPN that Temporal remembers',
    answer: { status: 200, means: 'Open runs first, then by the time of their end, newest first.', schema: 'VpnList' },
    problems: [],
    async answerTo({ link }) {
      const newest = new Map<string, unknown>();
      // Strays of a router are no VPN.
      for (const run of await link.list()) if (VPN_NAME.test(run.vpn) && !newest.has(run.vpn)) newest.set(run.vpn, run);
      return { body: { vpns: [...newest.values()] } };
    },
  },
  {
    id: 'showVpn',
    method: 'GET',
    path: VPN,
    scope: 'read',
    summary: 'Show how the newest run of a VPN stands, and what came of it',
    answer: { status: 200, means: 'How it stands.', schema: 'VpnStatus' },
    problems: ['invalid-name', 'no-such-vpn'],
    async answerTo({ link, name }) {
      const run = link.get(name);
      return { body: await withEnd(run, await run.status()) };
    },
  },
  {
    id: 'destroyVpn',
    method: 'DELETE',
    path: VPN,
    scope: 'write',
    summary: 'Remove everything of a VPN, in all regions',
    description:
      'What it is made of is found by the marks on it, whatever Temporal remembers: of a VPN that nobody knows there is nothing, and nothing is removed.',
    answer: { status: 202, means: 'It is under way.', schema: 'Accepted', location: true },
    problems: ['invalid-name', 'vpn-busy'],
    async answerTo({ link, name, caller }) {
      const { vpn, joined } = await link.destroy(name, { requestedBy: caller });
      return { body: { vpn, joined, warnings: [] }, location: locationOf(vpn) };
    },
  },
  {
    id: 'cancelVpn',
    method: 'POST',
    path: `${VPN}/cancel`,
    scope: 'write',
    summary: 'Cancel the open run of a VPN: what it made is rolled back, a removal that has begun is finished',
    answer: { status: 202, means: 'It has been told to.', schema: 'Cancelling', location: true },
    problems: ['invalid-name', 'no-such-vpn', 'not-running'],
    async answerTo({ link, name }) {
      const run = link.get(name);
      const { operation, runId, state } = await run.status();
      if (state !== 'RUNNING') throw new HttpProblem('not-running', `the newest run of ${name} is ${state}`);
      await run.cancel();
      return { body: { vpn: name, operation, runId }, location: locationOf(name) };
    },
  },
  {
    id: 'followVpn',
    method: 'GET',
    path: `${VPN}/progress`,
    scope: 'read',
    summary: 'Follow the newest run of a VPN as server-sent events',
    description:
      'Events `status` whenever something has changed, the first one at once; then one event `end`, with what came of it, and the stream ends. A stream that ends without it was cut: ask again.',
    answer: { status: 200, means: 'The data of each event is this, as JSON.', schema: 'VpnStatus', events: true },
    problems: ['invalid-name', 'no-such-vpn', 'unavailable'],
    async follow({ link, name, gone }) {
      const run = link.get(name);
      return statusEvents(run.watch(gone), (status) => withEnd(run, status));
    },
  },
  {
    id: 'checkVpn',
    method: 'POST',
    path: `${VPN}/check`,
    scope: 'write',
    summary: 'Compare what stands of a VPN with the spec that it was last built from',
    description:
      'A worker looks at every resource; nothing is changed, and nothing pinged. A proof by ping takes test VMs, so it is a provision: send the same spec again.',
    answer: { status: 200, means: 'What was found.', schema: 'Checked' },
    problems: ['invalid-name', 'no-such-vpn', 'vpn-busy', 'look-failed'],
    limitMs: 60_000,
    async answerTo({ link, name }) {
      const plan = await link.check(name);
      const ends = plan.steps.filter(({ kind }) => kind === 'siteConnection');
      const up = ends.length > 0 && ends.every(({ status }) => status === 'ACTIVE');
      return { body: { vpn: name, asBuilt: plan.possible && plan.changes === 0, up, plan } };
    },
  },
  {
    id: 'health',
    method: 'GET',
    path: '/healthz',
    summary: 'Tell whether this server runs',
    answer: { status: 200, means: 'It runs.', schema: 'Health' },
    problems: [],
    async answerTo() {
      return { body: { status: 'ok' } };
    },
  },
  {
    id: 'readiness',
    method: 'GET',
    path: '/readyz',
    summary: 'Tell whether Temporal answers and a worker takes tasks',
    answer: { status: 200, means: 'Both.', schema: 'Readiness' },
    problems: ['not-ready', 'too-slow'],
    // As long as those wait who ask for it.
    limitMs: 5_000,
    async answerTo({ link }) {
      const { length: workers } = await link.workers().catch(() => {
        throw new HttpProblem('not-ready', 'Temporal does not answer');
      });
      if (workers === 0) throw new HttpProblem('not-ready', 'no worker takes tasks');
      return { body: { status: 'ready', workers } };
    },
  },
];

type Run = VpnRun<unknown>;

/** A status, and once the run has ended what came of it. */
async function withEnd(run: Run, status: Awaited<ReturnType<Run['status']>>): Promise<VpnStatus> {
  // The client's types are read-only, the schema's are not.
  const shown = status as VpnStatus;
  if (status.state === 'RUNNING') return shown;
  try {
    return { ...shown, result: (await run.result()) as NonNullable<VpnStatus['result']> };
  } catch (error) {
    if (error instanceof VpnFailedError)
      return { ...shown, failure: { type: error.type, message: error.message, leftovers: [...error.leftovers] } };
    if (error instanceof VpnCancelledError)
      return { ...shown, failure: { type: 'Cancelled', message: error.message, leftovers: [] } };
    throw error;
  }
}
