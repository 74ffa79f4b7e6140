/**
 * Clouds as they are described: clouds-public.yaml, clouds.yaml and secure.yaml laid over each other, and the cloud of OS_* variables, in openstacksdk's way.
 * The rule: each layer is kept with its place, so that it can be told what was found where.
 */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Env } from '../secrets/environment.js';
import { exposed, keepToOurselves } from '../secrets/secret-file.js';
import { isSecretKey, variableKey } from './cloud-keys.js';
import { type ConfigFile, type Entry, entriesOf, findConfigFile, isEntry, merge, pathsIn } from './config-file.js';
import { CloudConfigError } from './errors.js';

/** What one place says of a cloud. */
export interface Layer {
  readonly where: string;
  readonly entry: Entry;
}

export interface DescribedCloud {
  /** The later over the earlier: profile, clouds.yaml, secure.yaml; or the variables alone. */
  readonly layers: readonly Layer[];
  /** All layers in one. */
  readonly entry: Entry;
  readonly fromVariables: boolean;
  /** The profile that it names, where no clouds-public.yaml has it. */
  readonly missingProfile?: string;
}

export interface DescribedClouds {
  readonly clouds: ReadonlyMap<string, DescribedCloud>;
  /** The cloud that is meant where none is named. */
  readonly chosen?: string;
  readonly files: readonly ConfigFile[];
  /** What is there and has no effect, for people. */
  readonly remarks: readonly string[];
}

const VARIABLES = 'OS_* variables';
/** Variables that say how to log in make a cloud. openstacksdk makes one of any variable at all, which nobody can log in to. */
const LOGIN = /^(auth_url|user_?(name|id)|application_credential_(id|name)|(auth_)?token)$/;

/** Everything that describes clouds in this environment and working directory. Throws CloudConfigError for a file that does not. */
export function describeClouds(env: Env, cwd: string): DescribedClouds {
  const main = findConfigFile('clouds', env, cwd, env.OS_CLIENT_CONFIG_FILE);
  const secure = findConfigFile('secure', env, cwd, env.OS_CLIENT_SECURE_FILE);
  const own = layersByName([main, secure]);
  guard([main, secure]);
  const vendors = [...own.values()].some((layers) => profileOf(layers) !== undefined)
    ? findConfigFile('clouds-public', env, cwd)
    : undefined;
  const clouds = new Map([...own].map(([name, layers]) => [name, withProfile(layers, vendors)]));

  const nameOfVariables = env.OS_CLOUD_NAME || 'envvars';
  if (clouds.has(nameOfVariables)) {
    throw new CloudConfigError(
      `${main.path ?? secure.path} has a cloud "${nameOfVariables}", which is the name of the cloud of ${VARIABLES}: rename it, or that one by OS_CLOUD_NAME`,
    );
  }
  const variables = variablesOf(env);
  const saysLogin = Object.keys(variables).some((key) => LOGIN.test(key));
  if (saysLogin) {
    const layers = [{ where: VARIABLES, entry: variables }];
    clouds.set(nameOfVariables, { layers, entry: variables, fromVariables: true });
  }
  const only = clouds.size === 1 ? [...clouds.keys()][0] : undefined;
  const chosen = env.OS_CLOUD || (saysLogin ? nameOfVariables : only);
  return {
    clouds,
    ...(chosen === undefined ? {} : { chosen }),
    files: [main, secure, ...(vendors === undefined ? [] : [vendors])],
    remarks: [
      ...passedOver(main, 'OS_CLIENT_CONFIG_FILE', env),
      ...passedOver(secure, 'OS_CLIENT_SECURE_FILE', env),
      ...secureBeside(main, secure),
      ...(saysLogin ? [] : withoutEffect(variables)),
    ],
  };
}

/** Throws CloudConfigError for files with secrets that others can read, all of them. */
function guard(files: readonly ConfigFile[]): void {
  const paths = files.flatMap(({ path, content }) => (path !== undefined && holdsSecret(content) ? [path] : []));
  const problems = paths.flatMap((path) => exposed(path) ?? []);
  if (problems.length > 0) throw new CloudConfigError(problems.join('\n'));
  paths.forEach(keepToOurselves);
}

/** Whether a secret's key stands anywhere in it with a value. */
function holdsSecret(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(
    ([key, inner]) => (isSecretKey(key.replaceAll('-', '_')) && Boolean(inner)) || holdsSecret(inner),
  );
}

/** A cloud may stand in clouds.yaml, in secure.yaml or in both. */
function layersByName(files: readonly ConfigFile[]): ReadonlyMap<string, readonly Layer[]> {
  const all = new Map<string, readonly Layer[]>();
  for (const file of files) {
    for (const [name, entry] of entriesOf(file, 'clouds'))
      all.set(name, [...(all.get(name) ?? []), { where: file.path ?? '', entry }]);
  }
  return all;
}

function mergedOf(layers: readonly Layer[]): Entry {
  return layers.reduce<Entry>((below, layer) => merge(below, layer.entry), {});
}

function profileOf(layers: readonly Layer[]): string | undefined {
  const { profile, cloud } = mergedOf(layers);
  return profile || cloud ? String(profile || cloud) : undefined;
}

function withProfile(own: readonly Layer[], vendors: ConfigFile | undefined): DescribedCloud {
  const named = profileOf(own);
  const profile =
    named === undefined || vendors === undefined ? undefined : entriesOf(vendors, 'public-clouds').get(named);
  const layers = profile === undefined ? own : [{ where: `${vendors?.path}, ${named}`, entry: profile }, ...own];
  return {
    layers,
    entry: mergedOf(layers),
    fromVariables: false,
    ...(named !== undefined && profile === undefined ? { missingProfile: named } : {}),
  };
}

function variablesOf(env: Env): Entry {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => {
      const key = variableKey(name);
      return key === undefined || !value ? [] : [[key, value]];
    }),
  );
}

function passedOver(file: ConfigFile, variable: string, env: Env): readonly string[] {
  if (!env[variable] || file.path === file.searched[0]) return [];
  return [`${variable} names ${env[variable]}, which cannot be read; ${file.path ?? 'no other'} is taken`];
}

/** openstacksdk looks for secure.yaml on its own path, not beside a clouds.yaml that OS_CLIENT_CONFIG_FILE names. */
function secureBeside(main: ConfigFile, secure: ConfigFile): readonly string[] {
  if (main.path === undefined) return [];
  return pathsIn(dirname(main.path), 'secure')
    .filter((path) => path !== secure.path && existsSync(path))
    .map((path) => `${path} is not read: name it by OS_CLIENT_SECURE_FILE`);
}

function withoutEffect(variables: Entry): readonly string[] {
  const names = Object.keys(variables).map((key) => `OS_${key.toUpperCase()}`);
  return names.length === 0 ? [] : [`${names.join(', ')}: no effect, since no variable says how to log in`];
}

/** Keys of an entry as a path, `auth.auth_url`. */
export function keysOf(entry: Entry): readonly string[] {
  return Object.entries(entry).flatMap(([key, value]) =>
    isEntry(value) ? keysOf(value).map((inner) => `${key}.${inner}`) : [key],
  );
}
