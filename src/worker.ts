/**
 * The worker: connects to Temporal, registers what is missing, checks its clouds, then runs workflows and activities until it is told to stop.
 * The rule: it tells every problem it can find before it takes its first task, and exits non-zero with them.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isGrpcServiceError } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
  type WorkerOptions,
} from '@temporalio/worker';
import { beatEveryMs } from './activities/attempt.js';
import { createActivities } from './activities/index.js';
import { WorkerContext } from './activities/worker-context.js';
import { readWorkerConfig, type WorkerConfig, WorkerConfigError } from './worker-config.js';
import { SEARCH_ATTRIBUTES } from './workflows/protocol.js';

/** Enum values of Temporal's `IndexedValueType`. */
const INDEXED_VALUE_TYPES = { KEYWORD: 2, KEYWORD_LIST: 7 } as const;

/** Codes of gRPC (https://grpc.io/docs/guides/status-codes/). */
const ALREADY_EXISTS = 6;
const UNIMPLEMENTED = 12;

/** What a mark leaves for owner, `@` and namespace, beside the longest names that a spec may have. */
const OWNER_LIMIT = 40;

export interface RunningWorker {
  /** Resolves when the worker has stopped by itself or by `stop`. Rejects when it failed. */
  readonly done: Promise<void>;
  /** Takes no new tasks, lets those that run finish, then resolves. */
  stop(): Promise<void>;
}

export interface WorkerConnection {
  readonly address: string;
  readonly namespace: string;
}

/** Bundles the workflows: once for many workers. In production `dist/workflow-bundle.js` is taken instead. */
export async function workflowBundle(): Promise<NonNullable<WorkerOptions['workflowBundle']>> {
  const prebuilt = fileURLToPath(new URL('./workflow-bundle.js', import.meta.url));
  if (existsSync(prebuilt)) return { codePath: prebuilt };
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL(`./workflows/index.${extension}`, import.meta.url)),
    // What webpack did is of no interest; what it warns of is.
    logger: new DefaultLogger('WARN'),
  });
}

/** Starts a worker; without `at`, Temporal's address comes from the environment or its profile file. */
export async function startWorker(
  config: WorkerConfig,
  at?: WorkerConnection,
  bundle?: WorkerOptions['workflowBundle'],
): Promise<RunningWorker> {
  const { connectionOptions, namespace } =
    at === undefined
      ? loadClientConnectConfig()
      : { connectionOptions: { address: at.address }, namespace: at.namespace };
  const space = namespace ?? 'default';
  const owner = `${config.owner}@${space}`;
  if (owner.length > OWNER_LIMIT) {
    throw new WorkerConfigError([
      `REGIONLINK_OWNER and the namespace are ${owner.length} characters together ("${owner}"); at most ${OWNER_LIMIT} fit into the mark on every resource`,
    ]);
  }
  const connection = await NativeConnection.connect(connectionOptions);
  await registerSearchAttributes(connection, space);
  const context = new WorkerContext(config.clouds, owner, config.keys, config.timing, config.env);
  const worker = await Worker.create({
    connection,
    namespace: space,
    taskQueue: config.taskQueue,
    workflowBundle: bundle ?? (await workflowBundle()),
    activities: createActivities(context),
    // Lets a write in flight end; its own timeout is the bound.
    shutdownGraceTime: config.timing.httpTimeoutMs,
    // How soon a step hears of a cancellation.
    maxHeartbeatThrottleInterval: beatEveryMs(config.timing),
    defaultHeartbeatThrottleInterval: beatEveryMs(config.timing),
  });
  const done = worker.run().finally(() => connection.close());
  return {
    done,
    async stop() {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await done;
    },
  };
}

/** Adds the search attributes that a namespace lacks. Where that is not allowed, tells the commands that an administrator runs. */
async function registerSearchAttributes(connection: NativeConnection, namespace: string): Promise<void> {
  const { operatorService } = connection;
  const present = await operatorService.listSearchAttributes({ namespace }).catch((error: unknown) => {
    // Not every server lists them; adding one that is there already does no harm.
    if (isGrpcServiceError(error) && error.code === UNIMPLEMENTED) return { customAttributes: {} };
    throw error;
  });
  const known = new Set(Object.keys(present.customAttributes ?? {}));
  const missing = Object.entries(SEARCH_ATTRIBUTES).filter(([name]) => !known.has(name));
  if (missing.length === 0) return;
  try {
    await operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map(([name, type]) => [name, INDEXED_VALUE_TYPES[type]])),
    });
  } catch (error) {
    if (isGrpcServiceError(error) && error.code === ALREADY_EXISTS) return;
    const commands = missing.map(
      ([name, type]) =>
        `temporal operator search-attribute create --namespace ${namespace} --name ${name} --type ${type === 'KEYWORD' ? 'Keyword' : 'KeywordList'}`,
    );
    const why = isGrpcServiceError(error) ? error.details : (error as Error).message;
    throw new WorkerConfigError([
      `search attributes are missing in namespace ${namespace} and could not be added (${why}); run:`,
      ...commands,
    ]);
  }
}

/** The clouds that cannot be used, in words; empty when all can. Logs in at each, and reads its catalog and extensions. */
export async function preflight(config: WorkerConfig): Promise<readonly string[]> {
  const context = new WorkerContext(config.clouds, config.owner, config.keys, config.timing, config.env);
  const problems: string[] = [];
  if (config.clouds.names.length === 0) problems.push('no cloud is configured: add clouds.yaml, or OS_* variables');
  for (const name of config.clouds.names) {
    try {
      const options = { timeoutMs: config.timing.httpTimeoutMs };
      const cloud = config.clouds.get(name);
      const listed = config.clouds.regionsOf(name);
      const regions = listed.length > 0 ? listed : await context.regions.session(cloud).regions(options);
      for (const region of regions) {
        const aliases = (await context.regions.open(cloud, region).list('extensions', options)).map(
          (extension) => extension.alias,
        );
        const missing = ['vpnaas', 'vpn-endpoint-groups'].filter((alias) => !aliases.includes(alias));
        if (missing.length > 0)
          problems.push(`cloud ${name}, region ${region}: lacks the extension ${missing.join(' and ')}`);
        const networks = await context.regions.open(cloud, region).list('networks', options);
        if (!networks.some((network) => network['router:external']))
          problems.push(`cloud ${name}, region ${region}: shows no external network`);
      }
    } catch (error) {
      problems.push(`cloud ${name}: ${(error as Error).message}`);
    }
  }
  return problems;
}

/** `regionlink worker`: from the environment, with preflight, until SIGTERM or SIGINT. */
export async function runWorker(): Promise<void> {
  const config = readWorkerConfig();
  const problems = await preflight(config);
  if (problems.length > 0) throw new WorkerConfigError(problems);
  // The runtime stops workers gracefully on these, once per process.
  Runtime.install({ shutdownSignals: ['SIGINT', 'SIGTERM'] });
  const worker = await startWorker(config);
  await worker.done;
}
