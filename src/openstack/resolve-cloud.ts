/**
 * From the settings of a cloud to what a session needs of it.
 * The rule: every problem of an entry is told at once, by its key and with its cure, and no value of a secret is ever in a message.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { exposed, keepToOurselves } from '../secrets/secret-file.js';
import { authOf, authTypeOf, type CloudAuth, type Text } from './cloud-auth.js';
import { KEYS, REFUSED_KEYS, SERVICES, type ServiceType } from './cloud-keys.js';
import type { Settings } from './cloud-settings.js';
import { type Entry, isEntry } from './config-file.js';
import type { TlsOptions } from './http.js';
import { Misread } from './pyyaml.js';

export type Interface = 'public' | 'internal' | 'admin';

/** How a service is found in the catalog, or instead of it. */
export interface ServiceConfig {
  /** Type in the catalog, where the entry says it. */
  readonly type?: string;
  /** In order of preference; at least one. */
  readonly interfaces: readonly Interface[];
  /** Region of the catalog, where it is not the one that is asked for. */
  readonly region?: string;
  /** `%(project_id)s` in it stands for the project's id. */
  readonly endpointOverride?: string;
}

export interface ResolvedCloud {
  /** Keystone's address with `/v3`. */
  readonly authUrl: string;
  readonly auth: CloudAuth;
  readonly tls: TlsOptions;
  readonly services: Readonly<Record<ServiceType, ServiceConfig>>;
  /** Longest time of one call, where the entry has one. */
  readonly timeoutMs?: number;
}

/** Where `~` and relative paths of an entry lead. */
export interface Place {
  readonly home: string;
  readonly cwd: string;
}

const API_VERSIONS = { identity: /^3(\.\d+)?$/, network: /^2(\.0)?$/, compute: /^2(\.\d+)?$/, image: /^2(\.\d+)?$/ };

/** What the settings make; undefined with at least one more of `problems` where they do not suffice. */
export function resolveCloud(settings: Settings, problems: string[], place: Place): ResolvedCloud | undefined {
  problems.push(...Object.entries(settings).flatMap(([key, value]) => problemOfForm(key, value)));
  const text: Text = (key) => {
    const value = settings[key];
    // What is there and no text has been told, and is not missing.
    return value === undefined || typeof value === 'string' ? value : '';
  };
  const authUrl = authUrlOf(text, problems);
  const auth = authOf(text, problems);
  const tls = tlsOf(settings, text, problems, place);
  const services = Object.fromEntries(
    SERVICES.map((service) => [service, serviceOf(service, settings, text, problems)]),
  ) as Record<ServiceType, ServiceConfig>;
  for (const [service, version] of Object.entries(API_VERSIONS)) {
    const said = text(`${service}_api_version`);
    if (said !== undefined && Number.isFinite(Number(said)) && !version.test(said))
      problems.push(`${service}_api_version "${said}" is not supported: leave it out`);
  }
  const timeoutMs = timeoutOf(text('api_timeout'), problems);
  if (auth === undefined || authUrl === undefined || problems.length > 0) return undefined;
  return { authUrl, auth, tls, services, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
}

/** What an entry says that openstacksdk acts on and we do not, each with what to do instead. */
export function refusedIn(entry: Entry): readonly string[] {
  const said = { ...entry, ...(isEntry(entry.auth) ? entry.auth : {}) };
  return Object.entries(REFUSED_KEYS).flatMap(([key, cure]) => (said[key] ? [`${key}: ${cure}`] : []));
}

/** The settings for people: secrets masked, and what holds where the entry says nothing. */
export function toldSettings(settings: Settings): Readonly<Record<string, string>> {
  const auth_type = authTypeOf((key) => (settings[key] === undefined ? undefined : String(settings[key])));
  return Object.fromEntries(
    Object.entries({ auth_type, interface: 'public', verify: true, ...settings }).map(([key, value]) => [
      key,
      KEYS.get(key)?.secret ? '[secret]' : isMisread(value) ? '[not a text]' : String(value),
    ]),
  );
}

function isMisread(value: unknown): boolean {
  return value instanceof Misread;
}

function problemOfForm(key: string, value: unknown): readonly string[] {
  if (isMisread(value))
    return [
      `${key} stands without quotes and is read as a number or a date that is written otherwise: put it in quotes`,
    ];
  const fits = typeof value === 'string' || (key.endsWith('interface') ? Array.isArray(value) : isFlag(key));
  return fits ? [] : [`${key} must be a text: put it in quotes`];
}

function authUrlOf(text: Text, problems: string[]): string | undefined {
  const url = text('auth_url')?.replace(/\/+$/, '');
  const problem =
    url === undefined
      ? 'auth_url is missing: the address of Keystone'
      : /\/v2(\.0)?$/.test(url)
        ? `auth_url "${url}" is that of Keystone's version 2: write /v3`
        : addressProblem('auth_url', url);
  if (problem !== undefined) problems.push(problem);
  return url?.endsWith('v3') ? url : `${url}/v3`;
}

function addressProblem(key: string, address: string): string | undefined {
  if (/\{\w+\}/.test(address)) return `${key} "${address}" has a placeholder that the entry has no value for`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.username || url?.password) return `${key} must not hold a user or a password`;
  return /^https?:$/.test(url?.protocol ?? '') ? undefined : `${key} "${address}" is no http address`;
}

function tlsOf(settings: Settings, text: Text, problems: string[], { home, cwd }: Place): TlsOptions {
  const pem = (key: string, secret = false): string | undefined => {
    const said = text(key);
    if (said === undefined) return undefined;
    const path = resolve(cwd, said.replace(/^~(?=\/)/, home));
    const problem = secret ? exposed(path) : undefined;
    if (problem !== undefined) problems.push(`${key}: ${problem}`);
    try {
      const text = readFileSync(path, 'utf8');
      if (secret) keepToOurselves(path);
      return text;
    } catch {
      problems.push(`${key}: ${path} cannot be read`);
      return undefined;
    }
  };
  const verify = flag('verify', settings, problems) !== false && flag('insecure', settings, problems) !== true;
  const [ca, cert, key] = [
    verify ? pem('cacert') : undefined,
    pem('cert', settings.key === undefined),
    pem('key', true),
  ];
  if (settings.key !== undefined && settings.cert === undefined) problems.push('cert is missing: key is the key of it');
  return {
    verify,
    ...(ca === undefined ? {} : { ca }),
    // A file may hold both.
    ...(cert === undefined ? {} : { cert, key: key ?? cert }),
  };
}

function isFlag(key: string): boolean {
  return key === 'verify' || key === 'insecure';
}

/** openstacksdk takes a `verify` that is a text for a path, and an `insecure` of "1" for no: neither is guessed at. */
function flag(key: string, settings: Settings, problems: string[]): boolean | undefined {
  const value = settings[key];
  if (value === undefined || typeof value === 'boolean') return value;
  const said = String(value).toLowerCase();
  if (key === 'insecure' && (said === 'true' || said === 'false')) return said === 'true';
  problems.push(
    key === 'insecure'
      ? `insecure "${said}" is neither true nor false`
      : 'verify must be true or false without quotes; for certificates of your own name their file by cacert, as a variable OS_CACERT or OS_INSECURE=true',
  );
  return undefined;
}

function serviceOf(service: ServiceType, settings: Settings, text: Text, problems: string[]): ServiceConfig {
  const key = settings[`${service}_interface`] === undefined ? 'interface' : `${service}_interface`;
  const said = settings[key] ?? 'public';
  const interfaces = (Array.isArray(said) ? said : [said]).map((one) => String(one).replace(/URL$/, ''));
  const odd = interfaces.filter((one) => !isInterface(one));
  const told = `${key} "${odd.join(', ')}" is none of public, internal, admin`;
  if (odd.length > 0 && !problems.includes(told)) problems.push(told);
  const [type, region] = [text(`${service}_service_type`), text(`${service}_region_name`)];
  const override = text(`${service}_endpoint_override`);
  const problem = override === undefined ? undefined : addressProblem(`${service}_endpoint_override`, override);
  if (problem !== undefined) problems.push(problem);
  return {
    interfaces: interfaces.filter(isInterface),
    ...(type === undefined ? {} : { type }),
    ...(region === undefined ? {} : { region }),
    ...(override === undefined ? {} : { endpointOverride: override }),
  };
}

function isInterface(value: string): value is Interface {
  return value === 'public' || value === 'internal' || value === 'admin';
}

/** 0 is no limit in openstacksdk; then the worker's own holds. */
function timeoutOf(said: string | undefined, problems: string[]): number | undefined {
  if (said === undefined) return undefined;
  const seconds = Number(said);
  if (seconds >= 0) return seconds === 0 ? undefined : seconds * 1000;
  problems.push(`api_timeout "${said}" is no number of seconds`);
  return undefined;
}
