/**
 * What was asked and what it did, so that a test can ask what happened. Holds no bodies, so no token, password or PSK.
 */
import { type RegionState, type Row, TABLES, type TableName } from './state.js';

export interface Effect {
  readonly op: 'created' | 'changed' | 'deleted';
  readonly kind: TableName;
  readonly id: string;
}

export interface LoggedCall {
  readonly seq: number;
  readonly at: number;
  readonly service: string;
  readonly region: string;
  readonly method: string;
  readonly path: string;
  readonly status: number | 'reset' | 'hang';
  readonly fault?: string;
  readonly effects: readonly Effect[];
}

/** Whether a call could change anything. Reading a console is a POST that does not. */
export function isWrite(call: Pick<LoggedCall, 'method' | 'path' | 'service'>): boolean {
  return call.method !== 'GET' && call.service !== 'identity' && !call.path.endsWith('/action');
}

/** A region's rows at one moment, cheap enough to take around every write: a row's fields are replaced and never changed within, so that a shallow copy tells. */
export type Picture = ReadonlyMap<TableName, ReadonlyMap<string, Row>>;

export function pictureOf(region: RegionState | undefined): Picture {
  if (region === undefined) return new Map();
  return new Map(TABLES.map((table) => [table, new Map(region.rows(table).map((row) => [row.id, { ...row }]))]));
}

/** What has changed since, apart from what statuses do by themselves. */
export function effectsSince(before: Picture, region: RegionState | undefined): readonly Effect[] {
  if (region === undefined) return [];
  return TABLES.flatMap((kind) => {
    const old = before.get(kind);
    const made = region.rows(kind).flatMap((row): Effect[] => {
      const was = old?.get(row.id);
      if (was === undefined) return [{ op: 'created', kind, id: row.id }];
      return same(was, row) ? [] : [{ op: 'changed', kind, id: row.id }];
    });
    const gone = [...(old?.keys() ?? [])].filter((id) => region.get(kind, id) === undefined);
    return [...made, ...gone.map((id): Effect => ({ op: 'deleted', kind, id }))];
  });
}

function same(was: Row, is: Row): boolean {
  for (const key in is) if (key !== 'status' && was[key] !== is[key] && !equal(was[key], is[key])) return false;
  for (const key in was) if (!(key in is)) return false;
  return true;
}

/** Some handlers replace a list by an equal one. */
function equal(one: unknown, other: unknown): boolean {
  return typeof one === 'object' && JSON.stringify(one) === JSON.stringify(other);
}
