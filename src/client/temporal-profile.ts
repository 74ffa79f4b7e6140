/**
 * How Temporal is reached: address, namespace, TLS, client certificate and API key, from TEMPORAL_* variables over a profile of Temporal's configuration file, as
 * every client of Temporal's reads them (`@temporalio/envconfig`). One way for clients, the command line and workers.
 * The rule: all that is wrong is told at once, before anyone connects; envconfig itself passes over a file that is not there and over half a client certificate.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ClientConfigProfile,
  type ClientConfigTLS,
  type ClientConnectConfig,
  loadClientConfig,
  loadClientConfigProfile,
  toClientOptions,
} from '@temporalio/envconfig';
import { type Env, environment } from '../secrets/environment.js';
import { exposed, keepToOurselves } from '../secrets/secret-file.js';
import { TemporalConfigError } from './errors.js';

export interface TemporalProfile {
  readonly address: string;
  readonly namespace: string;
  /** Of either SDK connection, the client's and the worker's. */
  readonly connectionOptions: ClientConnectConfig['connectionOptions'];
}

type Source = NonNullable<ClientConfigTLS['clientCert']>;

/** Throws TemporalConfigError with everything that is wrong. Address and namespace that are given go before those that are read. */
export function readTemporalProfile(
  given: { readonly address?: string; readonly namespace?: string } = {},
  env: Env = environment(),
): TemporalProfile {
  const profile = profileOf(env);
  const problems = tlsProblems(profile);
  if (problems.length > 0) throw new TemporalConfigError(problems);
  const { connectionOptions, namespace } = toClientOptions(profile);
  const address = given.address ?? connectionOptions.address ?? 'localhost:7233';
  return {
    address,
    namespace: given.namespace ?? namespace ?? 'default',
    connectionOptions: { ...connectionOptions, address },
  };
}

function profileOf(env: Env): ClientConfigProfile {
  const file = configFile(env);
  const configSource = { data: file === undefined ? NO_PROFILES : textOf(file) };
  const profiles = attempt(() => loadClientConfig({ configSource }).profiles, file);
  if (file !== undefined) guard(file, Object.values(profiles));
  const name = env.TEMPORAL_PROFILE;
  if (name !== undefined && profiles[name] === undefined) {
    const known = Object.keys(profiles).join(', ') || 'none';
    const where = file === undefined ? 'there is no configuration file to have it' : `${file} has ${known}`;
    throw new TemporalConfigError([`TEMPORAL_PROFILE is "${name}", and ${where}`]);
  }
  return attempt(() => loadClientConfigProfile({ configSource, overrideEnvVars: definedOnly(env) }));
}

/** envconfig's own place of it, unless TEMPORAL_CONFIG_FILE says another; undefined where there is none. */
function configFile(env: Env): string | undefined {
  const { TEMPORAL_CONFIG_FILE: named, HOME: home, XDG_CONFIG_HOME: config, APPDATA: windows } = env;
  if (named) return named;
  const folder =
    process.platform === 'win32'
      ? windows
      : process.platform === 'darwin'
        ? home && join(home, 'Library', 'Application Support')
        : config || (home && join(home, '.config'));
  const file = folder ? join(folder, 'temporalio', 'temporal.toml') : undefined;
  return file !== undefined && existsSync(file) ? file : undefined;
}

/** envconfig stumbles over a file without this table. */
const NO_PROFILES = '[profile]\n';

function textOf(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new TemporalConfigError([`TEMPORAL_CONFIG_FILE: ${file} cannot be read`]);
  }
  return /^\s*\[?\s*profile/m.test(text) ? text : `${text}\n${NO_PROFILES}`;
}

/** A file with a secret in any profile must be closed to others. */
function guard(file: string, profiles: readonly ClientConfigProfile[]): void {
  const secret = profiles.some(
    ({ apiKey, tls, grpcMeta }) =>
      apiKey !== undefined || grpcMeta !== undefined || (tls?.clientKey !== undefined && 'data' in tls.clientKey),
  );
  if (!secret) return;
  const problem = exposed(file);
  if (problem !== undefined) throw new TemporalConfigError([problem]);
  keepToOurselves(file);
}

function attempt<T>(work: () => T, file = "Temporal's configuration"): T {
  try {
    return work();
  } catch (error) {
    // The first line tells what and where; a TOML parser then quotes the text, which may be a secret.
    const [what] = (error as Error).message.split('\n');
    throw new TemporalConfigError([`${file} cannot be used: ${what}`]);
  }
}

function definedOnly(env: Env): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** What is wrong with the files of a profile's TLS. */
function tlsProblems({ tls }: ClientConfigProfile): readonly string[] {
  if (tls === undefined || tls.disabled === true) return [];
  const { clientCert, clientKey, serverCACert } = tls;
  const problems: string[] = [];
  if (serverCACert !== undefined) parsed(serverCACert, 'server_ca_cert', certificateIn, problems);
  const certificate = clientCert && parsed(clientCert, 'client_cert', certificateIn, problems);
  const key = clientKey && parsed(clientKey, 'client_key', keyIn, problems);
  if (clientKey !== undefined && 'path' in clientKey) {
    const problem = exposed(clientKey.path);
    if (problem !== undefined) problems.push(problem);
    else if (key !== undefined) keepToOurselves(clientKey.path);
  }
  if ((clientCert === undefined) !== (clientKey === undefined)) {
    const [has, lacks] = clientCert === undefined ? ['client_key', 'client_cert'] : ['client_cert', 'client_key'];
    problems.push(`${has} is given and ${lacks} is not: a client certificate takes both, ${said(lacks)}`);
  }
  if (certificate !== undefined) problems.push(...validityProblems(certificate));
  if (certificate !== undefined && key !== undefined && !certificate.checkPrivateKey(key))
    problems.push('client_key is not the key of client_cert: take the two that were made together');
  return problems;
}

/** A value of TLS by the file or the variable that it is said by. */
function said(name: string): string {
  return `tls.${name}_path of the profile or TEMPORAL_TLS_${name.toUpperCase()}_PATH`;
}

function parsed<T>(source: Source, name: string, parse: (pem: Buffer) => T, problems: string[]): T | undefined {
  const where = 'path' in source ? `${name}: ${source.path}` : `${name}`;
  let pem: Buffer;
  try {
    pem = 'path' in source ? readFileSync(source.path) : Buffer.from(source.data);
  } catch {
    problems.push(`${where} cannot be read`);
    return undefined;
  }
  try {
    return parse(pem);
  } catch {
    const what = name === 'client_key' ? 'no private key in PEM without a passphrase' : 'no certificate in PEM';
    problems.push(`${where} holds ${what}`);
    return undefined;
  }
}

const certificateIn = (pem: Buffer): X509Certificate => new X509Certificate(pem);
const keyIn = (pem: Buffer): KeyObject => createPrivateKey(pem);

function validityProblems({ validFrom, validTo, subject }: X509Certificate): readonly string[] {
  const now = Date.now();
  const which = `client_cert (${subject.replaceAll('\n', ', ')})`;
  if (Date.parse(validTo) < now) return [`${which} expired on ${validTo}: have it renewed`];
  return Date.parse(validFrom) > now ? [`${which} is not valid before ${validFrom}: is the clock right?`] : [];
}
