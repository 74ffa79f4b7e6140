/**
 * Which cloud, with which credentials: clouds.yaml, secure.yaml and OS_* as openstacksdk reads them (its `config/loader.py`), resolved to one shape.
 * The rule: every problem of a file is told at once, by file and key, and no value of a secret is ever in a message.
 */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import { parse } from 'yaml';
import { CloudConfigError } from './errors.js';
import type { TlsOptions } from './http.js';

/** A string that does not print. `reveal()` is called where it is sent and nowhere else. */
export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }
  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return '[secret]';
  }
  toJSON(): string {
    return '[secret]';
  }
  [inspect.custom](): string {
    return '[secret]';
  }
}

export type CloudAuth =
  | {
      readonly method: 'password';
      readonly user: { readonly id: string } | { readonly name: string; readonly domain: DomainRef };
      readonly password: Secret;
      readonly scope: { readonly id: string } | { readonly name: string; readonly domain: DomainRef };
    }
  | {
      readonly method: 'application_credential';
      readonly credential:
        | { readonly id: string }
        | { readonly name: string; readonly user: string; readonly domain: DomainRef };
      readonly secret: Secret;
    };

export type DomainRef = { readonly id: string } | { readonly name: string };

export interface CloudConfig {
  /** Its entry in clouds.yaml, or `envvars`. */
  readonly name: string;
  /** Where it was found, for people. */
  readonly source: string;
  /** Keystone's address with `/v3`. */
  readonly authUrl: string;
  readonly auth: CloudAuth;
  /** The region it names by itself, where it does. */
  readonly region?: string;
  readonly interface: 'public' | 'internal' | 'admin';
  readonly tls: TlsOptions;
  /** `network_endpoint_override` and its like, by service type. */
  readonly endpointOverrides: Readonly<Record<string, string>>;
}

type Entry = Record<string, unknown>;
type Env = Readonly<Record<string, string | undefined>>;

const SUFFIXES = ['yaml', 'yml', 'json'];

/** The clouds that a worker with this environment and working directory knows. Read once; a changed file needs a new worker. */
export class Clouds {
  private constructor(
    private readonly entries: ReadonlyMap<string, { readonly entry: Entry; readonly source: string }>,
    private readonly fallback: string | undefined,
  ) {}

  /** Throws CloudConfigError for a file that is no YAML. */
  static load(env: Env = process.env, cwd = process.cwd()): Clouds {
    const folders = [
      cwd,
      join(env.XDG_CONFIG_HOME ?? join(env.HOME ?? homedir(), '.config'), 'openstack'),
      '/etc/openstack',
    ];
    const file = firstFile('clouds', env.OS_CLIENT_CONFIG_FILE, folders);
    const secure = firstFile(
      'secure',
      env.OS_CLIENT_SECURE_FILE,
      file === undefined ? folders : [dirname(file), ...folders],
    );
    const vendors = firstFile('clouds-public', env.OS_CLIENT_VENDOR_FILE, folders);
    const clouds = section(file, 'clouds');
    const secrets = section(secure, 'clouds');
    const profiles = section(vendors, 'public-clouds');
    const entries = new Map(
      Object.entries(clouds).map(([name, own]) => {
        const profile = profiles[String(own.profile ?? own.cloud ?? '')] ?? {};
        return [name, { entry: merge(merge(profile, own), secrets[name] ?? {}), source: file ?? '' }] as const;
      }),
    );
    const fromEnv = environmentEntry(env);
    if (fromEnv !== undefined)
      entries.set(env.OS_CLOUD_NAME ?? 'envvars', { entry: fromEnv, source: 'OS_* variables' });
    const only = entries.size === 1 ? [...entries.keys()][0] : undefined;
    return new Clouds(entries, env.OS_CLOUD ?? (fromEnv === undefined ? only : (env.OS_CLOUD_NAME ?? 'envvars')));
  }

  get names(): readonly string[] {
    return [...this.entries.keys()];
  }

  /** Regions that a cloud's own configuration names; empty where it leaves that to the catalog. */
  regionsOf(name: string): readonly string[] {
    const entry = this.entries.get(name)?.entry ?? {};
    const listed = Array.isArray(entry.regions)
      ? entry.regions.map((region) => (isEntry(region) ? String(region.name) : String(region)))
      : [];
    return listed.length > 0 ? listed : entry.region_name === undefined ? [] : [String(entry.region_name)];
  }

  /** The cloud of that name, or the default. Throws CloudConfigError with all that is wrong with it. */
  get(name: string | undefined): CloudConfig {
    const chosen = name ?? this.fallback;
    if (chosen === undefined) {
      const known = this.names.length === 0 ? 'none is configured' : `there are ${this.names.join(', ')}`;
      throw new CloudConfigError(
        `no cloud is chosen and ${known}: name one by "cloud" in the spec or by OS_CLOUD, in clouds.yaml or by OS_* variables`,
      );
    }
    const found = this.entries.get(chosen);
    if (found === undefined) {
      throw new CloudConfigError(
        `cloud "${chosen}" is not configured; known: ${this.names.join(', ') || 'none'}. Add it to clouds.yaml`,
      );
    }
    return resolve(chosen, found.source, found.entry);
  }
}

function firstFile(base: string, named: string | undefined, folders: readonly string[]): string | undefined {
  if (named !== undefined && existsSync(named)) return named;
  return folders
    .flatMap((folder) => SUFFIXES.map((suffix) => join(folder, `${base}.${suffix}`)))
    .find((path) => existsSync(path));
}

function section(file: string | undefined, key: string): Record<string, Entry> {
  if (file === undefined) return {};
  let content: unknown;
  try {
    content = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const first = error instanceof Error ? error.message.split('\n')[0] : 'not readable';
    throw new CloudConfigError(`${file} cannot be read as YAML: ${first}`);
  }
  const clouds = isEntry(content) ? content[key] : undefined;
  return isEntry(clouds)
    ? Object.fromEntries(Object.entries(clouds).map(([name, value]) => [name, isEntry(value) ? normalise(value) : {}]))
    : {};
}

function isEntry(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Dashes read as underscores, at every level, as the SDK does. */
function normalise(entry: Entry): Entry {
  return Object.fromEntries(
    Object.entries(entry).map(([key, value]) => [key.replaceAll('-', '_'), isEntry(value) ? normalise(value) : value]),
  );
}

function merge(under: Entry, over: Entry): Entry {
  const both = new Set([...Object.keys(under), ...Object.keys(over)]);
  return Object.fromEntries(
    [...both].map((key) => {
      const [a, b] = [under[key], over[key]];
      return [key, isEntry(a) && isEntry(b) ? merge(a, b) : (b ?? a)];
    }),
  );
}

const AUTH_KEYS = [
  'auth_url',
  'username',
  'user_id',
  'password',
  'project_name',
  'project_id',
  'user_domain_name',
  'user_domain_id',
  'project_domain_name',
  'project_domain_id',
  'domain_name',
  'domain_id',
  'default_domain',
  'tenant_name',
  'tenant_id',
  'application_credential_id',
  'application_credential_name',
  'application_credential_secret',
];

function environmentEntry(env: Env): Entry | undefined {
  if (env.OS_AUTH_URL === undefined && env.OS_USERNAME === undefined && env.OS_APPLICATION_CREDENTIAL_ID === undefined)
    return undefined;
  const value = (key: string) => env[`OS_${key.toUpperCase()}`];
  const pick = (keys: readonly string[]) =>
    Object.fromEntries(keys.flatMap((key) => (value(key) === undefined ? [] : [[key, value(key)]])));
  return {
    auth: { ...pick(AUTH_KEYS), ...(env.OS_USERID === undefined ? {} : { user_id: env.OS_USERID }) },
    ...pick(['region_name', 'interface', 'endpoint_type', 'cacert', 'cert', 'key', 'auth_type', 'insecure']),
  };
}

function resolve(name: string, source: string, entry: Entry): CloudConfig {
  const problems: string[] = [];
  const flat = { ...entry, ...(isEntry(entry.auth) ? entry.auth : {}) };
  const text = (...keys: readonly string[]): string | undefined => {
    const key = keys.find((one) => flat[one] !== undefined && flat[one] !== null && flat[one] !== '');
    return key === undefined ? undefined : String(flat[key]);
  };
  const url = text('auth_url');
  if (url === undefined) problems.push('auth_url is missing: the address of Keystone');
  else if (!URL.canParse(url)) problems.push(`auth_url "${url}" is no address`);
  const auth = resolveAuth(text, problems);
  const tls = resolveTls(flat, text, problems);
  const face = (text('interface', 'endpoint_type') ?? 'public').replace(/URL$/, '');
  if (!isInterface(face)) problems.push(`interface "${face}" is none of public, internal, admin`);
  if (auth === undefined || url === undefined || !isInterface(face) || problems.length > 0) {
    throw new CloudConfigError(
      `cloud "${name}" of ${source} is not complete:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    );
  }
  const region = text('region_name');
  const base = url.replace(/\/+$/, '').replaceAll('{region_name}', region ?? '');
  return {
    name,
    source,
    authUrl: /\/v3$/.test(base) ? base : `${base}/v3`,
    auth,
    interface: face,
    tls,
    ...(region === undefined ? {} : { region }),
    endpointOverrides: Object.fromEntries(
      Object.entries(flat).flatMap(([key, value]) =>
        key.endsWith('_endpoint_override') ? [[key.slice(0, -'_endpoint_override'.length), String(value)]] : [],
      ),
    ),
  };
}

function isInterface(value: string): value is CloudConfig['interface'] {
  return value === 'public' || value === 'internal' || value === 'admin';
}

type Text = (...keys: readonly string[]) => string | undefined;

function resolveAuth(text: Text, problems: string[]): CloudAuth | undefined {
  const domain = (who: 'user' | 'project'): DomainRef => {
    const id = text(`${who}_domain_id`, 'domain_id');
    return id === undefined
      ? { name: text(`${who}_domain_name`, 'domain_name', 'default_domain') ?? 'Default' }
      : { id };
  };
  const secret = text('application_credential_secret');
  if (secret !== undefined || /applicationcredential/.test(text('auth_type') ?? '')) {
    const id = text('application_credential_id');
    const name = text('application_credential_name');
    const user = text('username');
    if (secret === undefined) problems.push('application_credential_secret is missing');
    const credential =
      id !== undefined
        ? { id }
        : name !== undefined && user !== undefined
          ? { name, user, domain: domain('user') }
          : undefined;
    if (credential === undefined)
      problems.push('application_credential_id is missing (or application_credential_name with username)');
    if (secret === undefined || credential === undefined) return undefined;
    return { method: 'application_credential', credential, secret: new Secret(secret) };
  }
  const [userId, userName, password] = [text('user_id'), text('username'), text('password')];
  const [projectId, projectName] = [text('project_id', 'tenant_id'), text('project_name', 'tenant_name')];
  if (userId === undefined && userName === undefined) problems.push('username (or user_id) is missing');
  if (password === undefined) problems.push('password is missing');
  if (projectId === undefined && projectName === undefined) problems.push('project_name (or project_id) is missing');
  const user =
    userId !== undefined
      ? { id: userId }
      : userName !== undefined
        ? { name: userName, domain: domain('user') }
        : undefined;
  const scope =
    projectId !== undefined
      ? { id: projectId }
      : projectName !== undefined
        ? { name: projectName, domain: domain('project') }
        : undefined;
  if (user === undefined || scope === undefined || password === undefined) return undefined;
  return { method: 'password', user, password: new Secret(password), scope };
}

function resolveTls(flat: Entry, text: Text, problems: string[]): TlsOptions {
  const pem = (key: string): string | undefined => {
    const path = text(key);
    if (path === undefined) return undefined;
    try {
      return readFileSync(path.replace(/^~(?=\/)/, homedir()), 'utf8');
    } catch {
      problems.push(`${key}: ${path} cannot be read`);
      return undefined;
    }
  };
  const no = (value: unknown) => value === false || ['false', 'no', '0'].includes(String(value).toLowerCase());
  const yes = (value: unknown) => value === true || ['true', 'yes', '1'].includes(String(value).toLowerCase());
  const [ca, cert, key] = [pem('cacert'), pem('cert'), pem('key')];
  return {
    verify: !(flat.verify !== undefined && no(flat.verify)) && !yes(flat.insecure),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}
