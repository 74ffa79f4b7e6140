/**
 * Many runs at once, each on clouds of its own: one Temporal server, and in each lane a simulator, a worker and a task queue. A lane is set back between
 * two runs, so that thousands fit in minutes.
 * The rule: a lane's clouds are never empty, and a run is judged by them, not by what it says of itself.
 */
import { availableParallelism } from 'node:os';
import { type DevServer, startDevServer } from '../../src/cli/dev-server.js';
import type { Simulator } from '../../src/simulator/index.js';
import { changesBetween } from '../support/changes.js';
import { type Ended, TestBed, withoutIds } from '../support/test-bed.js';

export type Picture = ReturnType<TestBed['simulator']['snapshot']>;
type Tables = ReturnType<NonNullable<ReturnType<TestBed['simulator']['regions']['get']>>['copy']>;

/** One request timeout of a lane's worker: what a hung call costs. On cores that are never idle, a shorter one ends calls that no fault has met. */
export const HTTP_TIMEOUT_MS = 3_000;

/** Where a run begins: clouds with decoys only, or with a whole VPN beside them. */
export type Ground = 'bare' | 'standing';

/** What is in a lane's clouds besides decoys. */
export interface Setting {
  /** What the VPN that stands says besides the tutorial's spec. */
  readonly spec?: Readonly<Record<string, unknown>>;
  /** Makes what was there before any run: part of bare clouds. */
  readonly furnish?: (simulator: Simulator) => Promise<void>;
}

export class Lane {
  private constructor(
    readonly bed: TestBed,
    /** Of its VPN. */
    readonly name: string,
    private readonly tables: Readonly<Record<Ground, ReadonlyMap<string, Tables>>>,
    private readonly pictures: Readonly<Record<Ground, Picture>>,
  ) {}

  static async start(server: DevServer, index: number, { spec, furnish }: Setting): Promise<Lane> {
    const name = `lane-${index}`;
    const bed = await TestBed.start({ server, queue: name, httpTimeoutMs: HTTP_TIMEOUT_MS });
    await furnish?.(bed.simulator);
    const copy = () => new Map([...bed.simulator.regions].map(([region, state]) => [region, state.copy()]));
    const bare = { tables: copy(), picture: bed.simulator.snapshot() };
    const { status, messages } = await bed.end(await bed.provision(name, { check: 'none', ...spec }));
    if (status !== 'COMPLETED') throw new Error(`a run without faults failed: ${messages.join('\n')}`);
    const standing = { tables: copy(), picture: bed.simulator.snapshot() };
    return new Lane(
      bed,
      name,
      { bare: bare.tables, standing: standing.tables },
      { bare: bare.picture, standing: standing.picture },
    );
  }

  /** Forgets faults and log, and puts the clouds back. */
  reset(ground: Ground): void {
    const { faults, log, regions } = this.bed.simulator;
    faults.clear();
    (log as unknown[]).length = 0;
    for (const [region, state] of regions) {
      const tables = this.tables[ground].get(region);
      if (tables !== undefined) state.restore(tables);
    }
  }

  /** What differs from clouds as they were; empty when nothing does. */
  changesSince(ground: Ground): readonly string[] {
    return changesBetween(rowsOf(this.pictures[ground]), rowsOf(this.bed.simulator.snapshot()));
  }

  /**
   * What is wrong with the VPN, if it should be whole with nothing double, nothing of a check left and nothing else touched; empty when all is well.
   * @param whole clouds with it, as a run without faults leaves them; by default those of its ground
   */
  faultsOfVpn({ status, messages, result }: Ended, whole: Picture = this.pictures.standing): readonly string[] {
    if (status !== 'COMPLETED') return [`${status}: ${messages.join(' / ')}`];
    const [link] = result?.links ?? [];
    const statuses = Object.values(link?.statuses ?? {}).join();
    const up = link?.external === undefined ? 'ACTIVE,ACTIVE' : 'ACTIVE';
    const wanted = census(whole);
    const found = census(this.bed.simulator.snapshot());
    const words = new Set([...wanted.keys(), ...found.keys()]);
    return [
      ...(statuses === up ? [] : [`tunnel is ${statuses}`]),
      ...[...words].flatMap((word) => {
        const [want, have] = [wanted.get(word) ?? 0, found.get(word) ?? 0];
        return want === have ? [] : [`${have} instead of ${want}: ${word}`];
      }),
      ...this.changesSince('bare').filter((change) => !change.startsWith('left behind')),
    ];
  }
}

/** Every row as text, by region, table, name and id. */
function rowsOf(picture: Picture): ReadonlyMap<string, string> {
  return new Map(
    everyRow(picture).map(({ region, table, row }) => [
      `${region} ${table} ${String(row.name)} ${String(row.id)}`,
      JSON.stringify(row),
    ]),
  );
}

/** How many rows there are of each kind, name and step, without what differs from run to run and from lane to lane. */
function census(picture: Picture): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { region, table, row } of everyRow(picture)) {
    const mark = withoutRun(String(row.description ?? '')).replace(/ vpn=lane-\d+ /, " vpn=the lane's ");
    const name = withoutIds(String(row.name ?? ''));
    const word = [region, table, name, row.device_owner, mark.replace(/router:\S+/, 'router')].join(' ');
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

/** Marks in a text without what each run draws anew. */
export function withoutRun(text: string): string {
  return text.replace(/ (run|nonce|key)=[^\s"]+/g, '');
}

export function everyRow(picture: Picture) {
  return Object.entries(picture).flatMap(([region, tables]) =>
    Object.entries(tables).flatMap(([table, rows]) =>
      rows.map((row) => ({ region, table, row: row as Record<string, unknown> })),
    ),
  );
}

/** Lanes over one server, and work handed to whichever is free. */
export class Lanes {
  /** Runs so far. */
  runs = 0;

  private constructor(
    readonly server: DevServer,
    readonly all: readonly Lane[],
  ) {}

  /** @param count three lanes a core: a run mostly waits, and a core that is never idle would time out what the cases do not */
  static async start(setting: Setting = {}, count = 3 * Math.max(2, availableParallelism())): Promise<Lanes> {
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
