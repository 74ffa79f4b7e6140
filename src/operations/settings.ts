/**
 * How a worker is operated, apart from what it works on: its build, how much it does at a time, what it logs, where its metrics are read. Each setting has a
 * default that suits a single worker, so that none has to be set.
 * The rule: a number here carries its reason, and `docs/operations.md` has the same table.
 */
import type { LogLevel } from '@temporalio/common';
import { REQUESTS_AT_A_TIME } from '../openstack/traffic.js';

export interface OperationSettings {
  /** With it the worker takes part in worker versioning. @default unversioned: it takes every run of its queue */
  readonly version?: { readonly deploymentName: string; readonly buildId: string };
  /** Steps at a time. */
  readonly steps: number;
  /** Requests at a time to one API of one region. */
  readonly apiRequests: number;
  readonly log: { readonly format: 'json' | 'text'; readonly level: LogLevel };
  /** `host:port` on which Prometheus reads metrics. @default none are kept */
  readonly metrics?: string;
}

/**
 * Steps at a time. Most of a step is waiting: for a cloud's answer, or minutes for a tunnel, with a look every few seconds. So neither CPU nor memory is
 * the limit, which a resource-based tuner goes by, and a step that waits for its tunnel must not keep the next VPN's from beginning.
 */
const STEPS = 200;

export const DEFAULT_OPERATIONS: OperationSettings = {
  steps: STEPS,
  apiRequests: REQUESTS_AT_A_TIME,
  log: { format: 'text', level: 'INFO' },
};

/** What Temporal takes as a deployment's name and a build's: the first two are joined by a dot. */
const DEPLOYMENT = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;
const BUILD = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$/;
const ADDRESS = /^(?:[\d.]+|\[[\da-fA-F:.]+\]):\d{1,5}$/;
const LEVELS: readonly LogLevel[] = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'];

/** Reads the environment; `problem` is told of each setting that cannot be used. `terminal`: whether a person reads the log. */
export function readOperations(
  env: NodeJS.ProcessEnv,
  problem: (text: string) => void,
  terminal = process.stderr.isTTY === true,
): OperationSettings {
  /** A setting as it is to be used; an empty one counts as not set, since compose files pass those on. */
  const read = <T>(name: string, fallback: T, convert: (text: string) => T | undefined, form: string): T => {
    const text = env[name] ?? '';
    if (text === '') return fallback;
    const value = convert(text);
    if (value === undefined) problem(`${name} must be ${form}, not "${text}"`);
    return value ?? fallback;
  };
  const matching = (pattern: RegExp) => (text: string) => (pattern.test(text) ? text : undefined);
  const oneOf =
    <T extends string>(values: readonly T[], spelt = (text: string) => text) =>
    (text: string) =>
      values.find((value) => value === spelt(text));
  const count = (text: string) => (/^[1-9]\d{0,4}$/.test(text) ? Number(text) : undefined);
  const buildId = read(
    'REGIONLINK_BUILD_ID',
    undefined,
    matching(BUILD),
    'up to 128 letters, digits, dots, dashes, pluses and underscores, such as a release or a commit',
  );
  const deploymentName = read(
    'REGIONLINK_DEPLOYMENT',
    'regionlink',
    matching(DEPLOYMENT),
    'up to 63 letters, digits, dashes and underscores',
  );
  const metrics = read(
    'REGIONLINK_METRICS',
    undefined,
    matching(ADDRESS),
    'an IP address and a port, such as 127.0.0.1:9464',
  );
  return {
    steps: read('REGIONLINK_STEPS', STEPS, count, 'a whole number from 1'),
    apiRequests: read('REGIONLINK_API_REQUESTS', REQUESTS_AT_A_TIME, count, 'a whole number from 1'),
    log: {
      format: read('REGIONLINK_LOG', terminal ? 'text' : 'json', oneOf(['json', 'text'] as const), '"json" or "text"'),
      level: read(
        'REGIONLINK_LOG_LEVEL',
        'INFO',
        oneOf(LEVELS, (text) => text.toUpperCase()),
        'trace, debug, info, warn or error',
      ),
    },
    ...(buildId === undefined ? {} : { version: { deploymentName, buildId } }),
    ...(metrics === undefined ? {} : { metrics }),
  };
}
