/**
 * What the two regions hold, as plain tables, and the clock that they share. Handlers read and write this; nothing else remembers anything.
 * The rule: a resource is a plain record as its GET shows it; what the API does not show stands under a key that begins with `_`.
 */
import { randomBytes, randomUUID } from 'node:crypto';

export type Row = Record<string, unknown> & { id: string };

export const TABLES = [
  'network',
  'subnet',
  'router',
  'port',
  'floatingip',
  'security_group',
  'security_group_rule',
  'ikepolicy',
  'ipsecpolicy',
  'vpnservice',
  'endpoint_group',
  'ipsec_site_connection',
  'server',
  'keypair',
  'image',
  'flavor',
] as const;
export type TableName = (typeof TABLES)[number];
export type Tables = Readonly<Record<TableName, Map<string, Row>>>;

/** Simulated delays in milliseconds. */
export interface Delays {
  /** Every call. */
  readonly callMs: number;
  /** From a connection's creation or change until its agent has it (PENDING_CREATE → DOWN). */
  readonly agentMs: number;
  /** From both ends being known to their agents until the tunnel carries packets. */
  readonly negotiationMs: number;
  /** From packets flowing until the API says ACTIVE, or from a loss until it says DOWN. */
  readonly reportMs: number;
  /** From a server's creation to ACTIVE. */
  readonly buildMs: number;
  /** From ACTIVE until its user data runs. */
  readonly bootMs: number;
  /** From DELETE until a server is gone. */
  readonly deleteMs: number;
  /** One second inside a VM: below 1000, VMs run fast. */
  readonly guestSecondMs: number;
}

/** Measured on a real cloud on one small machine; see docs/simulator.md. */
export const REAL_DELAYS: Delays = {
  callMs: 100,
  agentMs: 14_000,
  negotiationMs: 3_000,
  reportMs: 5_000,
  buildMs: 12_000,
  bootMs: 10_000,
  deleteMs: 3_000,
  guestSecondMs: 1_000,
};

/** The same order of events in a few hundred milliseconds, for tests. */
export const FAST_DELAYS: Delays = {
  callMs: 0,
  agentMs: 40,
  negotiationMs: 20,
  reportMs: 40,
  buildMs: 30,
  bootMs: 20,
  deleteMs: 20,
  guestSecondMs: 5,
};

/** A status that stays. `until`: the agent has lost the resource itself, so no packets pass either, until it is told to look again, if ever. */
export interface Stuck {
  readonly status: string;
  readonly until?: 'routerUpdate' | 'serviceUpdate' | 'never';
}

export class RegionState {
  private current: Tables;
  /** Limits by resource and project; absent means unlimited. */
  readonly quotas = new Map<string, Map<string, number>>();
  extensions = new Set<string>();
  /** What a fault has forced, by resource id or table name. */
  readonly stuck = new Map<string, Stuck>();

  constructor(
    readonly name: string,
    readonly delays: Delays,
    /** VPN services get an address of their own, as OVN gives them, and not the router's. */
    readonly ownVpnAddress: boolean,
  ) {
    this.current = Object.fromEntries(TABLES.map((table) => [table, new Map()])) as unknown as Tables;
  }

  stuckAs(row: Row, table: TableName): Stuck | undefined {
    return this.stuck.get(row.id) ?? this.stuck.get(table);
  }

  get tables(): Tables {
    return this.current;
  }

  /** A copy of everything, as a replica that lags behind has it. */
  copy(): Tables {
    return structuredClone(this.current);
  }

  /** Puts everything back to an earlier copy. */
  restore(tables: Tables): void {
    this.current = structuredClone(tables);
  }

  /** Does something over other tables than the current ones. */
  over<T>(tables: Tables, work: () => T): T {
    const { current } = this;
    this.current = tables;
    try {
      return work();
    } finally {
      this.current = current;
    }
  }

  rows(table: TableName): readonly Row[] {
    return [...this.tables[table].values()];
  }

  get(table: TableName, id: unknown): Row | undefined {
    return typeof id === 'string' ? this.tables[table].get(id) : undefined;
  }

  insert(table: TableName, row: Row): Row {
    this.tables[table].set(row.id, row);
    return row;
  }

  /** Takes a row out; a subnet also out of its network's list. */
  delete(table: TableName, id: string): void {
    const row = this.get(table, id);
    this.tables[table].delete(id);
    const network = table === 'subnet' ? this.get('network', row?.network_id) : undefined;
    if (network !== undefined) network.subnets = (network.subnets as string[]).filter((one) => one !== id);
  }
}

/** What a call knows: its region, who asks, and how many pages a list may have. */
export interface CallContext {
  readonly region: RegionState;
  readonly peers: readonly RegionState[];
  readonly projectId: string;
  readonly isAdmin: boolean;
  readonly userId: string;
  /** Base address of the simulator. */
  readonly base: string;
}

export function newId(): string {
  return randomUUID();
}

export function newMac(): string {
  return `fa:16:3e:${[...randomBytes(3)].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`;
}

/** Neutron's time form. */
export function timestamp(now = Date.now()): string {
  return `${new Date(now).toISOString().slice(0, 19)}Z`;
}

/** Counts a change of a resource, or of what belongs to it. */
export function revise(row: Row | undefined): void {
  if (row !== undefined)
    Object.assign(row, { updated_at: timestamp(), revision_number: Number(row.revision_number ?? 0) + 1 });
}

/** A row as the API shows it: without what is ours alone. */
export function shown(row: Row): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([key]) => !key.startsWith('_')));
}
