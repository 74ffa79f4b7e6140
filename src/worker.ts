/**
 * The worker: connects to Temporal, registers what is missing, checks its clouds, then runs workflows and activities until it is told to stop.
 * The rule: it tells every problem it can find before it takes its first task, and exits non-zero with them.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isGrpcServiceError } from '@temporalio/client';
import type { WorkerDeploymentVersion } from '@temporalio/common';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
  type WorkerOptions,
} from '@temporalio/worker';
import { beatEveryMs } from './activities/attempt.js';
import { examineClouds, INDISPENSABLE } from './activities/examine-clouds.js';
import { createActivities } from './activities/index.js';
import { proxyProblem } from './activities/prove/tcp.js';
import { WorkerContext } from './activities/worker-context.js';
import { connectToTemporal, type TemporalPlace } from './client/connect.js';
import { TemporalConfigError, TemporalUnavailableError } from './client/errors.js';
import { GRPC } from './client/grpc-status.js';
import { registrationCommand } from './client/search-attributes.js';
import { readTemporalProfile } from './client/temporal-profile.js';
import type { Clouds } from './openstack/clouds-config.js';
import { Traffic } from './openstack/traffic.js';
import { Metrics } from './operations/metrics.js';
import { observeRequests, observeSteps } from './operations/observe.js';
import { runtimeOptions, workerOptions } from './operations/options.js';
import { DEFAULT_OPERATIONS } from './operations/settings.js';
import { readWorkerConfig, type WorkerConfig, WorkerConfigError, type WorkerSettings } from './worker-config.js';
import { SEARCH_ATTRIBUTES } from './workflows/protocol.js';

/** Enum values of Temporal's `IndexedValueType`. */
const INDEXED_VALUE_TYPES = { KEYWORD: 2, KEYWORD_LIST: 7 } as const;

/** Milliseconds for each call of a preflight whose configuration has no timeout that can be used. */
const PREFLIGHT_TIMEOUT_MS = 30_000;

/** What a mark leaves for owner, `@` and namespace, beside the longest names that a spec may have. */
const OWNER_LIMIT = 40;

export interface RunningWorker {
  readonly at: WorkerConnection;
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
  const { address, namespace, connectionOptions } =
    at === undefined ? readTemporalProfile() : { ...at, connectionOptions: { address: at.address } };
  const owner = `${config.owner}@${namespace}`;
  const tooLong = ownerProblem(owner);
  if (tooLong !== undefined) throw new WorkerConfigError([tooLong]);
  const connection = await NativeConnection.connect(connectionOptions).catch((error: unknown) => {
    throw new TemporalUnavailableError(address, reasonOf(error));
  });
  const problem = await registerSearchAttributes(connection.operatorService, namespace);
  if (problem !== undefined) throw new WorkerConfigError([problem]);
  const { operations = DEFAULT_OPERATIONS } = config;
  const metrics = new Metrics(Runtime.instance().metricMeter);
  const traffic = new Traffic({ atATime: operations.apiRequests, tell: observeRequests(metrics) });
  const { clouds, keys, timing, env, sshProxy } = config;
  const context = new WorkerContext(clouds, owner, keys, timing, env, sshProxy, traffic);
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: config.taskQueue,
    workflowBundle: bundle ?? (await workflowBundle()),
    activities: createActivities(context),
    interceptors: { activity: [observeSteps(metrics)] },
    ...workerOptions(operations, timing.httpTimeoutMs),
    // How soon a step hears of a cancellation.
    maxHeartbeatThrottleInterval: beatEveryMs(timing),
    defaultHeartbeatThrottleInterval: beatEveryMs(timing),
  });
  const done = worker.run().finally(() => connection.close());
  return {
    at: { address, namespace },
    done,
    async stop() {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await done;
    },
  };
}

/** The native connection's error is a dump of nested structures; the innermost message is what tells. */
function reasonOf(error: unknown): string {
  const text = (error as Error).message;
  return /message: "([^"]+)"/.exec(text)?.[1] ?? text.split('\n')[0] ?? 'no reason given';
}

function ownerProblem(owner: string): string | undefined {
  return owner.length > OWNER_LIMIT
    ? `REGIONLINK_OWNER and the namespace are ${owner.length} characters together ("${owner}"); at most ${OWNER_LIMIT} fit into the mark on every resource`
    : undefined;
}

type Operator = Pick<NativeConnection['operatorService'], 'listSearchAttributes' | 'addSearchAttributes'>;

/** Adds the search attributes that a namespace lacks. Where that is not allowed, returns the commands that an administrator runs. */
async function registerSearchAttributes(operator: Operator, namespace: string): Promise<string | undefined> {
  const present = await operator.listSearchAttributes({ namespace }).catch((error: unknown) => {
    // Not every server lists them; adding one that is there already does no harm.
    if (isGrpcServiceError(error) && error.code === GRPC.unimplemented) return { customAttributes: {} };
    throw error;
  });
  const known = new Set(Object.keys(present.customAttributes ?? {}));
  const missing = Object.entries(SEARCH_ATTRIBUTES).filter(([name]) => !known.has(name));
  if (missing.length === 0) return undefined;
  try {
    await operator.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map(([name, type]) => [name, INDEXED_VALUE_TYPES[type]])),
    });
    return undefined;
  } catch (error) {
    if (isGrpcServiceError(error) && error.code === GRPC.alreadyExists) return undefined;
    const commands = missing.map(([name]) => registrationCommand(namespace, name as keyof typeof SEARCH_ATTRIBUTES));
    const why = isGrpcServiceError(error) ? error.details : (error as Error).message;
    return [
      `search attributes are missing in namespace ${namespace} and could not be added (${why}); run:`,
      ...commands,
    ].join('\n');
  }
}

/** Everything that keeps a worker with these settings from working, in words. Logs in at each cloud; adds the search attributes that are missing. */
export async function preflight({ config, clouds, problems }: WorkerSettings): Promise<readonly (string | Error)[]> {
  const timeoutMs = config?.timing.httpTimeoutMs ?? PREFLIGHT_TIMEOUT_MS;
  const [temporal, proxy, ofClouds] = await Promise.all([
    temporalProblems(config?.owner),
    config?.sshProxy === undefined ? undefined : proxyProblem(config.sshProxy, timeoutMs),
    clouds === undefined ? [] : cloudProblems(clouds, timeoutMs),
  ]);
  const none =
    clouds?.names.length === 0
      ? [['no cloud is configured: add clouds.yaml, or OS_* variables', ...clouds.report().remarks].join('\n')]
      : [];
  return [...problems, ...temporal, ...(proxy === undefined ? [] : [proxy]), ...none, ...ofClouds];
}

async function temporalProblems(owner: string | undefined): Promise<readonly (string | Error)[]> {
  let place: TemporalPlace;
  try {
    place = await connectToTemporal();
  } catch (error) {
    if (error instanceof TemporalUnavailableError || error instanceof TemporalConfigError) return [error];
    throw error;
  }
  const { connection, address, namespace } = place;
  try {
    await connection.workflowService.describeNamespace({ namespace });
    const problems = [
      owner === undefined ? undefined : ownerProblem(`${owner}@${namespace}`),
      await registerSearchAttributes(connection.operatorService, namespace),
    ];
    return problems.filter((problem) => problem !== undefined);
  } catch (error) {
    const why = isGrpcServiceError(error) ? error.details : (error as Error).message;
    return [`namespace ${namespace} of Temporal at ${address} cannot be used: ${why}`];
  } finally {
    await connection.close();
  }
}

/** What keeps VPNs from being made anywhere in these clouds. */
async function cloudProblems(clouds: Clouds, timeoutMs: number): Promise<readonly string[]> {
  const reports = await examineClouds(clouds, INDISPENSABLE, (call) => call({ timeoutMs }));
  return reports.flatMap(({ cloud, region, findings }) => {
    const where = region === undefined ? `cloud ${cloud}` : `cloud ${cloud}, region ${region}`;
    return findings
      .filter(({ verdict }) => verdict === 'problem')
      .map(({ said, cure }) => `${where}: ${said}${cure === undefined ? '' : `; ${cure}`}`);
  });
}

/** Throws WorkerConfigError where the address for metrics cannot be used. */
function installRuntime(operations = DEFAULT_OPERATIONS): void {
  try {
    Runtime.install(runtimeOptions(operations));
  } catch (error) {
    if (operations.metrics === undefined) throw error;
    throw new WorkerConfigError([
      `REGIONLINK_METRICS: ${operations.metrics} cannot be used (${reasonOf(error)}); is another worker's there? Give each its own port`,
    ]);
  }
}

/** What a worker says of itself as it goes. */
export type WorkerState =
  | {
      readonly state: 'ready';
      readonly address: string;
      readonly namespace: string;
      readonly taskQueue: string;
      readonly owner: string;
      readonly clouds: readonly string[];
      /** Where workers are versioned: it gets new runs once this is the current one. */
      readonly version?: WorkerDeploymentVersion;
    }
  | { readonly state: 'stopped' };

/** `regionlink worker`: from the environment, with preflight, until SIGTERM or SIGINT. Throws TemporalUnavailableError or TemporalConfigError where that is all that is wrong. */
export async function runWorker(tell: (state: WorkerState) => void): Promise<void> {
  const settings = readWorkerConfig();
  const problems = await preflight(settings);
  const { config } = settings;
  if (problems.length === 1 && problems[0] instanceof Error) throw problems[0];
  if (problems.length > 0 || config === undefined)
    throw new WorkerConfigError(problems.map((problem) => (problem instanceof Error ? problem.message : problem)));
  installRuntime(config.operations);
  const worker = await startWorker(config);
  const { address, namespace } = worker.at;
  const { owner, taskQueue, clouds } = config;
  const version = config.operations?.version;
  tell({
    state: 'ready',
    address,
    namespace,
    taskQueue,
    owner,
    clouds: clouds.names,
    ...(version === undefined ? {} : { version }),
  });
  await worker.done;
  tell({ state: 'stopped' });
}
