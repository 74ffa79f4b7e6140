/**
 * A worker's configuration from its environment: every problem at once, before anything starts.
 * The rule: secrets are read here, and whatever a spec may refer to has none of them.
 */
import { KeyRing } from './activities/key-ring.js';
import type { HttpProxy } from './activities/prove/tcp.js';
import { Clouds } from './openstack/clouds-config.js';
import { type OperationSettings, readOperations } from './operations/settings.js';
import { type Env, environment, withoutOwnSecrets } from './secrets/environment.js';
import { readOwnSecretFile } from './secrets/secret-file.js';
import { TASK_QUEUE, type Timing } from './workflows/protocol.js';

export interface WorkerConfig {
  readonly owner: string;
  readonly keys: KeyRing;
  readonly clouds: Clouds;
  readonly timing: Timing;
  readonly taskQueue: string;
  /** Where a user's own PSK may come from. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Through which floating IPs are reached for a check by SSH. @default straight */
  readonly sshProxy?: HttpProxy;
  /** @default DEFAULT_OPERATIONS */
  readonly operations?: OperationSettings;
}

export class WorkerConfigError extends Error {
  override readonly name = 'WorkerConfigError';
  constructor(readonly problems: readonly string[]) {
    super(
      `the worker cannot start:\n${problems.map((problem) => `  - ${problem.replaceAll('\n', '\n    ')}`).join('\n')}`,
    );
  }
}

const OWNER = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** Every time of a worker follows from its HTTP timeout, in milliseconds. */
export function timingOf(httpTimeoutMs: number, overrides: Partial<Timing> = {}): Timing {
  return {
    httpTimeoutMs,
    // A look-up, a write and the look after it, each at its slowest, and room for pages.
    attemptMs: 10 * httpTimeoutMs,
    // A write must fit between two beats that the server hears.
    heartbeatMs: 3 * httpTimeoutMs,
    retryInitialMs: 2_000,
    retryMaximumMs: 120_000,
    pollMs: 5_000,
    ...overrides,
  };
}

/** What the environment says of a worker: its configuration where all is there, and everything that is wrong. */
export interface WorkerSettings {
  readonly config?: WorkerConfig;
  /** Known also where the rest is not complete, so that they can be tried in the same run. */
  readonly clouds?: Clouds;
  readonly problems: readonly string[];
}

/** Reads the environment. */
export function readWorkerConfig(env: Env = environment()): WorkerSettings {
  const problems: string[] = [];
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      problems.push((error as Error).message);
      return undefined;
    }
  };
  const owner = env.REGIONLINK_OWNER ?? '';
  if (!OWNER.test(owner))
    problems.push(
      `REGIONLINK_OWNER must be ${owner === '' ? 'set' : `other than "${owner}"`}: 1 to 32 small letters, digits and dashes that name this installation in the marks on its resources`,
    );
  const keys = attempt(() => readKeyRing(env));
  const clouds = attempt(() => Clouds.load(env));
  const seconds = Number(env.REGIONLINK_HTTP_TIMEOUT || 30);
  if (!(seconds > 0))
    problems.push(`REGIONLINK_HTTP_TIMEOUT must be a number of seconds, not "${env.REGIONLINK_HTTP_TIMEOUT}"`);
  const sshProxy = attempt(() => proxyOf(env.REGIONLINK_SSH_PROXY));
  const operations = readOperations(env, (problem) => problems.push(problem));
  if (clouds === undefined) return { problems };
  if (keys === undefined || problems.length > 0) return { clouds, problems };
  const config = {
    owner,
    keys,
    clouds,
    timing: timingOf(seconds * 1000),
    taskQueue: env.REGIONLINK_TASK_QUEUE || TASK_QUEUE,
    env: withoutOwnSecrets(env),
    operations,
    ...(sshProxy === undefined ? {} : { sshProxy }),
  };
  return { config, clouds, problems };
}

/** The master keys. Throws an Error that says what is wrong, never the key. */
export function readKeyRing(env: Env): KeyRing {
  const { text, from } = masterKey(env);
  try {
    return KeyRing.parse(text);
  } catch (error) {
    throw new Error(`${from}: ${(error as Error).message}`);
  }
}

/** What is no address is not repeated: it may hold a password. */
function proxyOf(text: string | undefined): HttpProxy | undefined {
  if (text === undefined || text === '') return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain = url?.protocol === 'http:' && url.pathname === '/' && url.search === '' && url.hash === '';
  if (url === undefined || !plain || url.username !== '' || url.password !== '')
    throw new Error(
      'REGIONLINK_SSH_PROXY must be http://host:port, an HTTP proxy that takes CONNECT to port 22, without user and password',
    );
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 80) };
}

function masterKey(env: Env): { readonly text: string; readonly from: string } {
  const { REGIONLINK_MASTER_KEY: key, REGIONLINK_MASTER_KEY_FILE: file } = env;
  if (key !== undefined) return { text: key, from: 'REGIONLINK_MASTER_KEY' };
  if (file === undefined)
    throw new Error(
      'REGIONLINK_MASTER_KEY_FILE (or REGIONLINK_MASTER_KEY) must be set; make a key with: openssl rand -base64 32',
    );
  const from = 'REGIONLINK_MASTER_KEY_FILE';
  return { text: readOwnSecretFile(file, from), from };
}
