/**
 * Exchanges recorded from a real cloud: what was asked, and what it answered. Read by the contract, written by `npm run record`.
 * The rule: one file an exchange, in the order in which they happened.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Recording {
  readonly n: number;
  readonly label: string;
  readonly region: string | null;
  readonly service: string;
  readonly method: string;
  readonly path: string;
  /** Who asked: a user, or nobody. */
  readonly as_user: string | null;
  readonly request_body: unknown;
  readonly status: number;
  readonly response_headers: Readonly<Record<string, string>>;
  readonly response_body: unknown;
}

/** A recording with the name of its file. */
export type Exchange = Recording & { readonly file: string };

/** What there is of Keystone and Neutron, and, in a series of its own, of Nova and Glance. */
export const SERIES = ['test/recordings', 'test/recordings/nova'] as const;

export function readRecordings(folder: (typeof SERIES)[number]): readonly Exchange[] {
  return readdirSync(folder)
    .filter((file) => /^\d+-.*\.json$/.test(file))
    .sort()
    .map((file) => ({ file, ...(JSON.parse(readFileSync(join(folder, file), 'utf8')) as Recording) }));
}

/** Ids as a recording has them: with dashes, or, of projects and users, without. */
export const ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{32}\b/g;

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
