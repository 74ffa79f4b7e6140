/**
 * A worker killed inside the calls of an operation: while a look waits, before a write acts, after it has acted and is not answered, and before it acts
 * late, when the next worker has looked already. Many VPNs are under way at each kill, each inside a call of its own, on clouds of its own.
 * Every write at one of these moments in turn, and every look where it is made first; `npm run test:soak` takes each at all of them, and the looks that are
 * made again as well.
 */
import { randomBytes } from 'node:crypto';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DevServer, startDevServer } from '../../src/cli/dev-server.js';
import { FAST_DELAYS, type OrderedFault, type Simulator, startSimulator } from '../../src/simulator/index.js';
import {
  DESTROY as DESTROY_WORKFLOW,
  PROVISION as PROVISION_WORKFLOW,
  TASK_QUEUE,
  workflowIdOf,
} from '../../src/workflows/protocol.js';
import { addDecoys, type Ended, endOf, PASSWORD, REGIONS, tutorialSpec } from '../support/test-bed.js';
import { WorkerProcess } from '../support/worker-process.js';
import { type CallCase, callsOf, type FaultCase, inWords, isOfOnePath, mayStayAway, planOf } from './cases.js';
import { wrongWith } from './ends.js';
import { type Picture, Place } from './place.js';
import { CHANGED_SPEC, CHECK_BY_PING, CHECK_BY_SSH, DESTROY, PROVISION, ROLLBACK, type Scenario } from './scenarios.js';
import { minutes } from './soak.js';

/** Runs in which a case is the first, so that nothing comes before it, until it counts as one that does not come. */
const TRIES = 3;
/** Kills that one run lives through at most. */
const KILLS_A_RUN = 6;
/** Times that a worker is started until it must run. */
const STARTS = 5;
/** How long a worker waits for an answer, in seconds. A call that it gives up is not one that it is killed in. */
const HTTP_TIMEOUT_S = 3;
/** How long the first of the calls that are held waits for the others, in milliseconds; and for how long it is certain that none was given up. */
const HELD_MS = 1_800;
const CERTAIN_MS = 2_700;

/** Where in a call the worker dies. */
const MOMENTS: readonly FaultCase[] = [
  { name: 'in it, and it never acts', outcome: 'passes', fault: { kind: 'hang' } },
  {
    name: 'after its effect',
    outcome: 'passes',
    on: (call) => call.writes,
    fault: { kind: 'lag', ms: 2 * HTTP_TIMEOUT_S * 1_000 },
  },
  {
    name: 'in it, and it acts after the next look-up',
    outcome: 'passes',
    on: (call) => call.writes && call.method === 'POST',
    fault: { kind: 'hang', lateAfterLookUp: true },
  },
];

const KEY = randomBytes(32).toString('base64');
let server: DevServer;
let client: Client;
let kills = 0;

beforeAll(async () => {
  server = await startDevServer();
  client = new Client({ connection: await Connection.connect({ address: server.address }) });
});

afterAll(async () => {
  await client.connection.close();
  await server.stop();
});

/** A pair of regions of a simulator that all share, as one worker does. */
class KilledPlace extends Place {
  provision(changes: Record<string, unknown>): Promise<WorkflowHandle> {
    const spec = tutorialSpec({
      settleTime: '3s',
      retryFor: '10m',
      rollbackFor: '10m',
      tunnelTimeout: '2m',
      ...changes,
    });
    return this.begin(PROVISION_WORKFLOW, { spec: { ...this.here(spec), name: this.name } });
  }

  destroy(): Promise<WorkflowHandle> {
    return this.begin(DESTROY_WORKFLOW, { vpn: this.name });
  }

  /** The same in this place's regions. */
  here<T>(value: T): T {
    const text = REGIONS.reduce((all, region, index) => {
      return all.replaceAll(`"${region}"`, JSON.stringify(this.regions[index]));
    }, JSON.stringify(value));
    return JSON.parse(text) as T;
  }

  /** What was called here since a point of the log, by the tutorial's names of regions. */
  callsSince(from: number): readonly CallCase[] {
    const here = this.simulator.log.slice(from).flatMap((call) => {
      const region = REGIONS[this.regions.indexOf(call.region)];
      return region === undefined || call.service === 'identity' ? [] : [{ ...call, region }];
    });
    return callsOf(here);
  }

  private begin(workflow: string, input: object): Promise<WorkflowHandle> {
    const workflowId = workflowIdOf(this.name);
    return client.workflow.start(workflow, { taskQueue: TASK_QUEUE, workflowId, args: [input] });
  }
}

/** A moment in a call, to be killed in. */
interface Case {
  readonly call: CallCase;
  readonly moment: FaultCase;
}

/** A run that is to be killed in some calls, one after the other. */
class Run {
  over = false;
  readonly ended: Promise<Ended>;
  /** What holds its next call, and since when it was seen to (epoch ms). */
  private next: { readonly fault: OrderedFault; heldSince?: number } | undefined;

  private constructor(
    readonly place: KilledPlace,
    /** In which it was not killed. */
    readonly left: Case[],
    private readonly from: number,
    start: Promise<WorkflowHandle>,
  ) {
    this.order();
    this.ended = start.then(endOf).finally(() => {
      this.over = true;
    });
  }

  static begin(place: KilledPlace, { ground, fault, start }: Scenario, cases: readonly Case[]): Run {
    place.reset(ground);
    // Refused as often as it is asked: a kill may part the answer from who is told of it.
    if (fault !== undefined) place.simulator.faults.add(place.here({ ...fault, times: 0 }));
    return new Run(place, [...cases], place.simulator.log.length, start(place));
  }

  /** Has its next call held. What was called so far has passed. */
  order(): void {
    const [one] = this.left;
    if (this.over || this.next !== undefined || one === undefined) return;
    const made = this.place.callsSince(this.from).filter((call) => isOfOnePath(call, one.call)).length;
    const skip = Math.max(0, one.call.skip - made);
    const plan = planOf({ ...one.call, skip }, one.moment);
    this.next = { fault: this.place.simulator.faults.add(this.place.here(plan)) };
  }

  /** Since when its call is held, in epoch milliseconds. */
  get heldSince(): number | undefined {
    if (this.next === undefined || this.over) return undefined;
    if (this.next.fault.acted > 0) this.next.heldSince ??= Date.now();
    return this.next.heldSince;
  }

  /** Whether its call is still to come. */
  get isUnderWay(): boolean {
    return !this.over && this.next !== undefined && this.heldSince === undefined;
  }

  /** After a kill, at a time in epoch milliseconds. A call that may have been given up before is for another run. */
  killed(at: number): void {
    const { heldSince, next } = this;
    // The next worker looks at its clouds as well.
    next?.fault.withdraw();
    this.next = undefined;
    if (heldSince === undefined) return;
    const [one] = this.left.splice(0, 1);
    if (one !== undefined && at - heldSince > CERTAIN_MS) this.left.push(one);
  }
}

/** Of the looks with which a run begins, which are made together, one stands for all. */
function isToldApart({ writes, skip, opening, isFirst }: CallCase): boolean {
  return writes || (skip === 0 && (opening === 'no' || isFirst));
}

/** As many runs as there are places, each with its share of the cases: far from each other, in the order in which a run comes to them. */
function shares(cases: readonly Case[], count: number): readonly (readonly Case[])[] {
  const runs = Math.min(count, cases.length);
  return Array.from({ length: runs }, (_, run) =>
    Array.from({ length: KILLS_A_RUN }, (_, turn) => cases[run + turn * runs]).filter((one) => one !== undefined),
  );
}

describe.each([
  // A destroy looks at all regions that there are, so there are few: more at once would time out.
  { scenarios: [DESTROY], count: 4 },
  { scenarios: [PROVISION, ROLLBACK], count: 12 },
  // Their test VMs ping all the while, in this process.
  { scenarios: [CHECK_BY_PING, CHECK_BY_SSH, CHANGED_SPEC], count: 4 },
])('a worker killed inside every call', ({ scenarios, count }) => {
  let simulator: Simulator;
  let worker: WorkerProcess;
  let places: readonly KilledPlace[];

  beforeAll(async () => {
    const pairs = Array.from({ length: count }, (_, index) => REGIONS.map((region) => `${region}-${index}`));
    const ownVpnAddress = pairs.map(([, second]) => String(second));
    const regions = pairs.flat();
    simulator = await startSimulator({ regions, ownVpnAddress, delays: FAST_DELAYS, password: PASSWORD });
    addDecoys(simulator, regions);
    await start();
    places = pairs.map((regions, index) => new KilledPlace(`place-${index}`, simulator, regions));
    await Promise.all(places.map((place) => place.settle()));
  });

  afterAll(async () => {
    await worker.end('SIGTERM');
    await simulator.stop();
  });

  /** As a supervisor does: one that found the clouds too busy to answer its first look is started again. */
  async function start(): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        worker = await WorkerProcess.start(server.address, simulator, KEY, { httpTimeoutSeconds: HTTP_TIMEOUT_S });
        return;
      } catch (error) {
        console.log(`start ${tries} of a worker: ${(error as Error).message}`);
        if (tries === STARTS) throw error;
      }
    }
  }

  /** One run a place, killed together until no call is left to be killed in. Resolves to what is wrong with their ends, and to the cases in which none was killed. */
  async function round(scenario: Scenario, cases: readonly Case[], whole: Picture) {
    const dealt = shares(cases, places.length);
    const runs = dealt.flatMap((share, index) => {
      const place = places[index];
      return place === undefined ? [] : [Run.begin(place, scenario, share)];
    });
    const held = () => runs.flatMap(({ heldSince }) => heldSince ?? []);
    for (;;) {
      for (const run of runs) run.order();
      while (runs.some((run) => run.isUnderWay) && !held().some((since) => Date.now() - since > HELD_MS))
        await new Promise((resolve) => setTimeout(resolve, 5));
      if (held().length === 0) break;
      await worker.end('SIGKILL');
      const at = Date.now();
      kills++;
      for (const run of runs) run.killed(at);
      await start();
    }
    const wrong = await Promise.all(
      runs.map(async ({ place, ended }, index) => {
        const end = await ended;
        const problems = [
          ...(end.status === scenario.ends ? [] : [`ended ${end.status}`]),
          ...(end.status === 'COMPLETED' ? (scenario.also?.(place.picture()) ?? []) : []),
          ...(await wrongWith(place, end, scenario.ground, scenario.operation, whole)),
        ];
        const told = (dealt[index] ?? []).map(({ call, moment }) => `${inWords(call)}, ${moment.name}`).join('; ');
        return problems.length === 0 ? [] : [`${told}\n    ${problems.join('\n    ')}`];
      }),
    );
    simulator.faults.clear();
    (simulator.log as unknown[]).length = 0;
    const dealtCount = dealt.flat().length;
    return { wrong: wrong.flat(), left: [...cases.slice(dealtCount), ...runs.flatMap(({ left }) => left)] };
  }

  test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
    'of %s',
    async (_name, scenario) => {
      const [first] = places;
      if (first === undefined) throw new Error('no places');
      const from = simulator.log.length;
      await Run.begin(first, scenario, []).ended;
      simulator.faults.clear();
      const all = first.callsSince(from);
      const whole = first.picture();
      const calls = (scenario.calls?.(all) ?? all).filter((call) => minutes > 0 || isToldApart(call));
      const cases = calls.flatMap((call, index) => {
        const moments = MOMENTS.filter(({ on }) => on?.(call) ?? true);
        const taken = minutes > 0 ? moments : moments.filter((_, turn) => turn === index % moments.length);
        return taken.map((moment): Case => ({ call, moment }));
      });
      expect(cases.length).toBeGreaterThan(5);
      kills = 0;
      const wrong: string[] = [];
      const tries = new Map<Case, number>();
      const away: Case[] = [];
      for (let left: readonly Case[] = cases; left.length > 0; ) {
        const firsts = shares(left, places.length).flatMap(([one]) => one ?? []);
        for (const one of firsts) tries.set(one, (tries.get(one) ?? 0) + 1);
        const done = await round(scenario, left, whole);
        wrong.push(...done.wrong);
        const isAway = (one: Case) => (tries.get(one) ?? 0) >= TRIES;
        away.push(...done.left.filter(isAway));
        left = done.left.filter((one) => !isAway(one));
      }
      wrong.push(
        ...away.filter(({ call }) => !mayStayAway(call)).map(({ call }) => `it did not come: ${inWords(call)}`),
      );
      console.log(
        `kills in ${scenario.name}: ${kills}, inside ${cases.length - away.length} calls, each as without it`,
      );
      expect(wrong.join('\n')).toBe('');
    },
    1_800_000,
  );
});
