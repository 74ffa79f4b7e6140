/**
 * What an entry says for one region, as one flat record under today's names: what openstacksdk does about older names, domains and placeholders (the "magic
 * fixes" of its `config/loader.py`).
 * The rule: nothing is judged here. A value stands as it was found, and what is missing, null or empty is not there.
 */
import { AUTH_KEYS, type CloudKey, isTimeout, KEYS } from './cloud-keys.js';
import { type Entry, isEntry, merge, withUnderscores } from './config-file.js';

export type Settings = Readonly<Record<string, unknown>>;

/** A region that an entry lists, with what holds there alone. */
export interface ListedRegion {
  readonly name: string;
  readonly values: Entry;
}

/** Regions that an entry lists, in its order; empty where it leaves that to the catalog. `problems` takes what is no region. */
export function regionsIn({ regions, region_name: names }: Entry, problems: string[] = []): readonly ListedRegion[] {
  if (Array.isArray(regions)) {
    return regions.flatMap((region: unknown, index): readonly ListedRegion[] => {
      const { name, values = {}, ...more } = isEntry(region) ? region : { name: region };
      if (typeof name === 'string' && isEntry(values) && Object.keys(more).length === 0)
        return [{ name, values: withUnderscores(values) }];
      problems.push(`regions[${index}] must be a name, or a mapping with name and values and nothing else`);
      return [];
    });
  }
  const listed: readonly unknown[] = Array.isArray(names) ? names : typeof names === 'string' ? names.split(',') : [];
  return listed.flatMap((name) => (typeof name === 'string' && name !== '' ? [{ name, values: {} }] : []));
}

/** The settings of an entry for a region; of the whole of it without one. */
export function settingsOf(entry: Entry, region: ListedRegion | undefined): Settings {
  const given = Object.entries(region?.values ?? {}).filter(([, value]) => value !== null);
  const { auth, ...outside } = merge(entry, Object.fromEntries(given));
  const inside = isEntry(auth) ? auth : {};
  const found: Record<string, unknown> = Object.fromEntries(
    [...KEYS].flatMap(([key, info]) =>
      info.inFilesOnly ? [] : [[key, first(key in AUTH_KEYS ? inside : {}, outside, key, info)]],
    ),
  );
  found.region_name = region?.name;
  const olderTimeouts = Object.entries(outside).filter(([key]) => isTimeout(key) && key !== 'api_timeout');
  found.api_timeout = olderTimeouts.at(-1)?.[1] ?? found.api_timeout;
  for (const kind of ['id', 'name']) {
    for (const who of ['user', 'project']) found[`${who}_domain_${kind}`] ??= found[`domain_${kind}`];
    delete found[`domain_${kind}`];
  }
  const filled = (value: unknown) => fill(value, { ...outside, region_name: found.region_name });
  return Object.fromEntries(
    Object.entries(found)
      .filter(([, value]) => isThere(value))
      .map(([key, value]) => [key, key in AUTH_KEYS && key !== 'auth_url' ? value : filled(value)]),
  );
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

/** The value of a key where it may stand inside or outside of `auth`, under its own name or an older one. */
function first(inside: Entry, outside: Entry, key: string, info: CloudKey): unknown {
  const { also = [], outsideWins, olderWins } = info;
  const names = olderWins ? [...also, key] : [key, ...also];
  const values = outsideWins
    ? names.flatMap((name) => [outside[name], inside[name]])
    : [inside, outside].flatMap((place) => names.map((name) => place[name]));
  return values.find(isThere);
}

/** `{region_name}` and the like, by other keys of the entry. What it does not have stays. */
function fill(value: unknown, by: Entry): unknown {
  if (typeof value !== 'string') return value;
  return value.replace(/\{(\w+)\}/g, (whole, key: string) => (typeof by[key] === 'string' ? by[key] : whole));
}
