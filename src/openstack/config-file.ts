/**
 * One of the configuration files of OpenStack's clients, found as openstacksdk finds it.
 * The rule: a file that is found and is no YAML is an error, and not passed over for the next one, which may have another cloud of the same name.
 */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Env } from '../secrets/environment.js';
import { CloudConfigError } from './errors.js';
import { Misread, parsePyYaml } from './pyyaml.js';

/** A mapping of a file; its keys have underscores where the file has dashes. */
export type Entry = Readonly<Record<string, unknown>>;

export interface ConfigFile {
  readonly kind: 'clouds' | 'secure' | 'clouds-public';
  /** Where it was found. */
  readonly path?: string;
  /** Every path that may be it, in their order: the first that can be read is. */
  readonly searched: readonly string[];
  readonly content: Entry;
}

/** `named` is its path where a variable says it. Throws CloudConfigError for a file that is no mapping in YAML. */
export function findConfigFile(kind: ConfigFile['kind'], env: Env, cwd: string, named?: string): ConfigFile {
  const searched = [...(named ? [resolve(cwd, named)] : []), ...standardPaths(kind, env, cwd)];
  for (const path of searched) {
    const text = readable(path);
    if (text !== undefined) return { kind, path, searched, content: contentOf(path, text) };
  }
  return { kind, searched, content: {} };
}

/** The entries under a key of a file, by name. Throws CloudConfigError where that is no mapping. */
export function entriesOf({ content, path }: ConfigFile, key: string): ReadonlyMap<string, Entry> {
  const entries = content[key] ?? {};
  if (!isEntry(entries)) throw new CloudConfigError(`${path}: ${key} must be a mapping of names to clouds`);
  return new Map(Object.entries(entries).map(([name, value]) => [name, isEntry(value) ? withUnderscores(value) : {}]));
}

export function isEntry(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Misread);
}

export function withUnderscores(entry: Entry): Entry {
  return Object.fromEntries(
    Object.entries(entry).map(([key, value]) => [
      key.replaceAll('-', '_'),
      isEntry(value) ? withUnderscores(value) : value,
    ]),
  );
}

/** The second over the first, mappings key by key. A null overrides, but for a mapping. */
export function merge(under: Entry, over: Entry): Entry {
  const merged: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    if (!isEntry(below)) merged[key] = value;
    else if (value !== null) merged[key] = isEntry(value) ? merge(below, value) : value;
  }
  return merged;
}

/** Folders of openstacksdk's search on Linux, with every suffix. */
function standardPaths(kind: ConfigFile['kind'], env: Env, cwd: string): readonly string[] {
  const config = join(env.HOME || homedir(), '.config');
  const bases = [env.XDG_CONFIG_HOME || config, config, ...(env.XDG_CONFIG_DIRS || '/etc/xdg').split(':'), '/etc'];
  const folders = [cwd, ...bases.map((base) => join(base, 'openstack'))];
  return [...new Set(folders)].flatMap((folder) => pathsIn(folder, kind));
}

/** What the file may be called there. */
export function pathsIn(folder: string, kind: ConfigFile['kind']): readonly string[] {
  return ['yaml', 'yml', 'json'].map((suffix) => join(folder, `${kind}.${suffix}`));
}

/** A file that is not there, is no file or is not ours to read is passed over. */
function readable(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function contentOf(path: string, text: string): Entry {
  let content: unknown;
  try {
    content = parsePyYaml(text);
  } catch (error) {
    throw new CloudConfigError(`${path} cannot be read as YAML: ${(error as Error).message}`);
  }
  if (content === null) return {};
  if (!isEntry(content))
    throw new CloudConfigError(`${path} must be a mapping, with its clouds by name under "clouds"`);
  return content;
}
