/**
 * Many runs at once, each on clouds of its own: one Temporal server, and in each lane a simulator, a worker and a task queue. A lane is set back between
 * two runs, so that thousands fit in minutes.
 */
import { availableParallelism } from 'node:os';
import type { WorkflowHandle } from '@temporalio/client';
import { type DevServer, startDevServer } from '../../src/cli/dev-server.js';
import type { Simulator } from '../../src/simulator/index.js';
import { REGIONS, TestBed } from '../support/test-bed.js';
import { type Ground, Place } from './place.js';

/** One request timeout of a lane's worker: what a hung call costs. On cores that are never idle, a shorter one ends calls that no fault has met. */
export const HTTP_TIMEOUT_MS = 3_000;

/** What is in a lane's clouds besides decoys. */
export interface Setting {
  /** What the VPN that stands says besides the tutorial's spec. */
  readonly spec?: Readonly<Record<string, unknown>>;
  /** Makes what was there before any run: part of bare clouds. */
  readonly furnish?: (simulator: Simulator) => Promise<void>;
}

/** A place with a worker and a simulator of its own. */
export class Lane extends Place {
  private constructor(
    readonly bed: TestBed,
    name: string,
  ) {
    super(name, bed.simulator, REGIONS);
  }

  static async start(server: DevServer, index: number, { spec, furnish }: Setting): Promise<Lane> {
    const name = `lane-${index}`;
    const bed = await TestBed.start({ server, queue: name, httpTimeoutMs: HTTP_TIMEOUT_MS });
    await furnish?.(bed.simulator);
    const lane = new Lane(bed, name);
    await lane.settle(spec);
    return lane;
  }

  provision(changes: Record<string, unknown>): Promise<WorkflowHandle> {
    return this.bed.provision(this.name, changes);
  }

  destroy(): Promise<WorkflowHandle> {
    return this.bed.destroy(this.name);
  }

  /** Forgets faults and log as well. */
  override reset(ground: Ground): void {
    const { faults, log } = this.simulator;
    faults.clear();
    (log as unknown[]).length = 0;
    super.reset(ground);
  }
}

/** Lanes over one server, and work handed to whichever is free. */
export class Lanes {
  /** Runs so far. */
  runs = 0;

  private constructor(
    readonly server: DevServer,
    readonly all: readonly Lane[],
  ) {}

  /** @param count two lanes a core, for each of the files that run at a time: a run mostly waits, and cores that are never idle would time out what the cases do not */
  static async start(setting: Setting = {}, count = 2 * Math.max(2, availableParallelism())): Promise<Lanes> {
    const server = await startDevServer();
    const lanes: Lane[] = [];
    // One after the other: each makes its standing VPN, and a machine of few cores would time out.
    for (let index = 0; index < count; index++) lanes.push(await Lane.start(server, index, setting));
    return new Lanes(server, lanes);
  }

  get first(): Lane {
    const [lane] = this.all;
    if (lane === undefined) throw new Error('no lanes');
    return lane;
  }

  /** Judges every case in a free lane. Resolves to what is wrong, with the case in words. */
  async judge<C>(
    cases: readonly C[],
    run: (lane: Lane, one: C) => Promise<readonly string[]>,
    inWords: (one: C) => string,
  ): Promise<readonly string[]> {
    const queue = [...cases];
    const wrong: string[] = [];
    await Promise.all(
      this.all.map(async (lane) => {
        for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
          this.runs++;
          const problems = await run(lane, one);
          if (problems.length === 0) continue;
          const told = `${inWords(one)}\n    ${problems.join('\n    ')}`;
          // At once: a run of thousands may be stopped before its end.
          console.error(told);
          wrong.push(told);
        }
      }),
    );
    return wrong;
  }

  async stop(): Promise<void> {
    await Promise.all(this.all.map((lane) => lane.bed.stop()));
    await this.server.stop();
  }
}
