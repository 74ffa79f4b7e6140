/**
 * The clouds of one VPN: where runs over it begin, how they are set back between two runs, and what is wrong with them after one.
 * The rule: they are never empty, and a run is judged by them, not by what it says of itself.
 */
import type { WorkflowHandle } from '@temporalio/client';
import type { Simulator } from '../../src/simulator/index.js';
import { changesBetween } from '../support/changes.js';
import { type Ended, endOf, REGIONS, withoutIds } from '../support/test-bed.js';

export type Picture = ReturnType<Simulator['snapshot']>;
type Tables = ReturnType<NonNullable<ReturnType<Simulator['regions']['get']>>['copy']>;

/** Where a run begins: clouds with decoys only, or with a whole VPN beside them. */
export type Ground = 'bare' | 'standing';

/** One moment of a place. */
interface Moment {
  readonly tables: ReadonlyMap<string, Tables>;
  readonly picture: Picture;
}

export abstract class Place {
  private grounds: Readonly<Record<Ground, Moment>> | undefined;

  constructor(
    /** Of its VPN. */
    readonly name: string,
    readonly simulator: Simulator,
    /** Its two of the simulator's, in the order of the tutorial's. */
    readonly regions: readonly string[],
  ) {}

  /** Begins a provision of the tutorial's spec with changes. */
  abstract provision(changes: Record<string, unknown>): Promise<WorkflowHandle>;

  abstract destroy(): Promise<WorkflowHandle>;

  /** Keeps the clouds as they are for bare, makes the VPN, and keeps them with it. */
  async settle(spec: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const bare = this.moment();
    const { status, messages } = await endOf(await this.provision({ check: 'none', ...spec }));
    if (status !== 'COMPLETED') throw new Error(`a run without faults failed: ${messages.join('\n')}`);
    this.grounds = { bare, standing: this.moment() };
  }

  /** Puts the clouds back. */
  reset(ground: Ground): void {
    for (const [name, tables] of this.of(ground).tables) this.simulator.regions.get(name)?.restore(tables);
  }

  /** Its clouds, by the tutorial's names of regions. */
  picture(): Picture {
    const all = this.simulator.snapshot();
    return Object.fromEntries(this.regions.map((region, index) => [String(REGIONS[index]), all[region] ?? {}]));
  }

  /** What differs from clouds as they were; empty when nothing does. */
  changesSince(ground: Ground): readonly string[] {
    return changesBetween(rowsOf(this.of(ground).picture), rowsOf(this.picture()));
  }

  /** Rows with marks of its VPN that clouds as they were did not have. */
  ownSince(ground: Ground): readonly Row[] {
    const before = new Set(everyRow(this.of(ground).picture).map(({ row }) => row.id));
    return everyRow(this.picture()).filter(
      ({ row }) => !before.has(row.id) && JSON.stringify(row).includes(` vpn=${this.name} `),
    );
  }

  /**
   * What is wrong with the VPN, if it should be whole with nothing double, nothing of a check left and nothing else touched; empty when all is well.
   * @param whole clouds with it, as a run without faults leaves them; by default those of its ground
   */
  faultsOfVpn({ status, messages, result }: Ended, whole: Picture = this.of('standing').picture): readonly string[] {
    if (status !== 'COMPLETED') return [`${status}: ${messages.join(' / ')}`];
    const [link] = result?.links ?? [];
    const statuses = Object.values(link?.statuses ?? {}).join();
    const up = link?.external === undefined ? 'ACTIVE,ACTIVE' : 'ACTIVE';
    const wanted = census(whole);
    const found = census(this.picture());
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

  private of(ground: Ground): Moment {
    if (this.grounds === undefined) throw new Error(`${this.name} is not settled`);
    return this.grounds[ground];
  }

  private moment(): Moment {
    const tables = this.regions.flatMap((name) => {
      const region = this.simulator.regions.get(name);
      return region === undefined ? [] : [[name, region.copy()] as const];
    });
    return { tables: new Map(tables), picture: this.picture() };
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

/** How many rows there are of each kind, name and step, without what differs from run to run and from place to place. */
function census(picture: Picture): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { region, table, row } of everyRow(picture)) {
    const mark = withoutRun(String(row.description ?? '')).replace(/ vpn=[a-z]+-\d+ /, " vpn=the place's ");
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

interface Row {
  readonly region: string;
  readonly table: string;
  readonly row: Readonly<Record<string, unknown>>;
}

export function everyRow(picture: Picture): readonly Row[] {
  return Object.entries(picture).flatMap(([region, tables]) =>
    Object.entries(tables).flatMap(([table, rows]) =>
      rows.map((row) => ({ region, table, row: row as Record<string, unknown> })),
    ),
  );
}
