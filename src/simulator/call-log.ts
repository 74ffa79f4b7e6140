/**
 * What was asked and what it did, so that a test can ask what happened. Holds no bodies, so no token, password or PSK.
 */
import { type RegionState, TABLES } from './state.js';

export interface Effect {
  readonly op: 'created' | 'changed' | 'deleted';
  readonly kind: string;
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

/** A picture of a region's rows, cheap enough to take around every call: id to revision text. */
export function fingerprint(region: RegionState | undefined): ReadonlyMap<string, string> {
  const all = new Map<string, string>();
  if (region === undefined) return all;
  for (const table of TABLES)
    for (const row of region.rows(table)) all.set(`${table} ${row.id}`, JSON.stringify({ ...row, status: undefined }));
  return all;
}

/** What changed between two pictures. */
export function effectsBetween(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly Effect[] {
  const effect = (key: string, op: Effect['op']): Effect => {
    const [kind = '', id = ''] = key.split(' ');
    return { op, kind, id };
  };
  return [
    ...[...after]
      .filter(([key, text]) => before.get(key) !== text)
      .map(([key]) => effect(key, before.has(key) ? 'changed' : 'created')),
    ...[...before.keys()].filter((key) => !after.has(key)).map((key) => effect(key, 'deleted')),
  ];
}
