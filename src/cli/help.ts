/**
 * What `--help` says below a command's options: how it ends, what it reads from the environment, an example. One table of variables for all commands.
 */
import { type Ending, EXIT } from './exit-codes.js';

const TEMPORAL = ['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE', 'TEMPORAL_PROFILE', 'REGIONLINK_TASK_QUEUE'] as const;

const VARIABLES = {
  TEMPORAL_ADDRESS: "Temporal's gRPC, host:port; without it the profile, else localhost:7233",
  TEMPORAL_NAMESPACE: 'namespace; without it the profile, else default',
  TEMPORAL_PROFILE:
    "profile in Temporal's configuration file (TEMPORAL_CONFIG_FILE); also TEMPORAL_API_KEY, TEMPORAL_TLS_*",
  REGIONLINK_OWNER: 'required: names this installation in the marks on its resources',
  REGIONLINK_MASTER_KEY_FILE: 'required: file with the master key (or the key itself in REGIONLINK_MASTER_KEY)',
  REGIONLINK_TASK_QUEUE: 'task queue of the workers, else regionlink',
  REGIONLINK_HTTP_TIMEOUT: 'seconds that one call of a cloud may take, else 30',
  REGIONLINK_SSH_PROXY:
    'http://host:port of an HTTP proxy (CONNECT) through which floating IPs are reached for check: ssh, else straight',
  REGIONLINK_STEPS: 'steps that run at a time, else 200',
  REGIONLINK_API_REQUESTS: 'requests at a time to one API of one region, else 16',
  REGIONLINK_LOG: 'json or text, else text on a terminal and json elsewhere',
  REGIONLINK_LOG_LEVEL: 'trace, debug, info, warn or error, else info',
  REGIONLINK_METRICS: 'address and port on which Prometheus reads metrics (127.0.0.1:9464), else none',
  REGIONLINK_BUILD_ID: 'takes part in worker versioning as this build, else unversioned',
  REGIONLINK_DEPLOYMENT: 'worker deployment that the build is of, else regionlink',
  REGIONLINK_TOKENS_FILE: 'file with the hashes of the tokens, instead of --tokens',
  OS_CLIENT_CONFIG_FILE: 'clouds.yaml, else the one in ., ~/.config/openstack or /etc/openstack; or OS_* variables',
  REGIONLINK_TEMPORAL_CLI: 'path of the temporal command, where it is not on PATH',
  REGIONLINK_DEBUG: '1 shows stack traces',
  NO_COLOR: '1 leaves colours out; FORCE_COLOR=1 keeps them in pipes',
} as const;

type Variable = keyof typeof VARIABLES;

export interface Help {
  readonly note?: string;
  /** How the command can end, besides 0. */
  readonly endings: readonly Ending[];
  readonly variables?: readonly Variable[];
  readonly example: string;
}

/** Endings and variables of all that asks Temporal about one VPN. */
export const ASKS_TEMPORAL = { endings: ['usage', 'noServer'], variables: TEMPORAL } as const;

export function helpText({ note, endings, variables = [], example }: Help): string {
  const parts = [
    ...(note === undefined ? [] : [note]),
    `Exit codes:\n${exitCodes(['ok', ...endings])}`,
    `Environment:\n${table([...variables, 'NO_COLOR', 'REGIONLINK_DEBUG'].map((name) => [name, VARIABLES[name as Variable]]))}`,
    `Example:\n${example
      .split('\n')
      .map((line) => `  ${line}`)
      .join('\n')}`,
  ];
  return `\n${parts.join('\n\n')}`;
}

/** Below the list of commands: every way to end. */
export const ROOT_HELP = `\nregionlink COMMAND --help tells each one's options, exit codes, environment and an example.\n\nExit codes:\n${exitCodes(
  Object.keys(EXIT) as Ending[],
)}`;

function exitCodes(endings: readonly Ending[]): string {
  return [...new Set(endings)]
    .map((ending) => EXIT[ending])
    .sort((a, b) => a.code - b.code)
    .map(({ code, means }) => `  ${String(code).padStart(3)}  ${means}`)
    .join('\n');
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`).join('\n');
}
