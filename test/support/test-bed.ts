/**
 * Real parts for tests: one Temporal dev server, one simulator with decoys in it, one worker, and short times. Nothing is mocked.
 * The rule: a test never waits for a time; it waits for a run to end or for a call to arrive.
 */
import { createPrivateKey, randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { leftoversIn } from '../../src/activities/failures.js';
import { KeyRing } from '../../src/activities/key-ring.js';
import type { HttpProxy } from '../../src/activities/prove/tcp.js';
import { type DevServer, startDevServer } from '../../src/cli/dev-server.js';
import { Clouds } from '../../src/openstack/clouds-config.js';
import { FAST_DELAYS, type FaultPlan, isWrite, type Simulator, startSimulator } from '../../src/simulator/index.js';
import { loadSpecFile } from '../../src/spec/load-spec-file.js';
import { type RunningWorker, startWorker } from '../../src/worker.js';
import { timingOf } from '../../src/worker-config.js';
import {
  DESTROY,
  type Leftover,
  lockedBy,
  PROVISION,
  type Progress,
  type ProvisionResult,
  type StrayOwner,
  SWEEP,
  sweepIdOf,
  TASK_QUEUE,
  workflowIdOf,
} from '../../src/workflows/protocol.js';
import { scan } from './secret-scan.js';

export const REGIONS = ['dbl', 'cbk'] as const;
export const PASSWORD = 'simulator-password-f3a9';

export interface Ended {
  readonly status: string;
  readonly result?: ProvisionResult;
  /** Messages of the failure and its causes, outermost first. */
  readonly messages: readonly string[];
  readonly type?: string;
  /** What it says that it has left behind. */
  readonly leftovers: readonly Leftover[];
  readonly events: number;
}

export interface TestBedOptions {
  /** A server that several beds share; who starts it stops it. @default one of its own */
  readonly server?: DevServer;
  /** Its worker's task queue: its own, where a server is shared. @default the product's */
  readonly queue?: string;
  /** Of its simulator. @default the tutorial's */
  readonly regions?: readonly string[];
  readonly httpTimeoutMs?: number;
  /** Pause after a failed attempt. @default some 50 ms at first */
  readonly retryMs?: number;
}

/** Of thousands of runs of one shape, so many tell it. */
const MOST_HISTORIES = 100;

export class TestBed {
  private constructor(
    readonly server: DevServer,
    readonly simulator: Simulator,
    readonly worker: RunningWorker,
    readonly client: Client,
    readonly logs: readonly string[],
    private readonly queue: string,
    private readonly ownsServer: boolean,
    /** Of its worker, as its key file would have it. */
    readonly masterKey: string,
  ) {}

  static async start({
    server: shared,
    queue = TASK_QUEUE,
    regions = REGIONS,
    httpTimeoutMs,
    retryMs,
  }: TestBedOptions = {}): Promise<TestBed> {
    const logs = keptLogs();
    const [server, simulator] = await Promise.all([
      shared ?? startDevServer(),
      startSimulator({ regions, delays: FAST_DELAYS, password: PASSWORD }),
    ]);
    addDecoys(simulator, regions);
    const masterKey = randomBytes(32).toString('base64');
    const worker = await startWorker(
      { ...workerConfig(simulator, { keys: KeyRing.parse(masterKey), httpTimeoutMs, retryMs }), taskQueue: queue },
      { address: server.address, namespace: 'default' },
      WORKFLOWS,
    );
    const connection = await Connection.connect({ address: server.address });
    return new TestBed(
      server,
      simulator,
      worker,
      new Client({ connection }),
      logs,
      queue,
      shared === undefined,
      masterKey,
    );
  }

  /** Those of its worker. */
  get keys(): KeyRing {
    return KeyRing.parse(this.masterKey);
  }

  /** Ends it all, after a last look: no secret of this bed may stand in any history or log. */
  async stop(): Promise<void> {
    const leaked = await this.leakedSecrets();
    await this.worker.stop();
    await this.simulator.stop();
    await this.client.connection.close();
    if (this.ownsServer) await this.server.stop();
    if (leaked.length > 0) throw new Error(`secrets stand in histories or logs: ${leaked.join(', ')}`);
  }

  /** Secrets that crossed the wire to this bed's clouds and stand in the histories of its runs or in any worker's log. */
  async leakedSecrets(): Promise<readonly string[]> {
    const texts = [...this.logs];
    const secrets: string[] = [];
    let read = 0;
    for await (const run of this.client.workflow.list({ query: `TaskQueue = '${this.queue}'` })) {
      if (read++ >= MOST_HISTORIES) break;
      const history = await this.client.workflow.getHandle(run.workflowId, run.runId).fetchHistory();
      texts.push(JSON.stringify(history));
      secrets.push(...this.sshSecrets(lockedBy(run.workflowId), run.runId));
    }
    return scan(texts, [...this.simulator.secrets, ...secrets, this.masterKey]);
  }

  /** The key that a run's test VMs let in, as it could be written down: the line of its PEM that holds the secret, and the secret alone. */
  sshSecrets(vpn: string, run: string): readonly string[] {
    const keys = this.keys;
    const { privateKey = '' } = keys.sshKey(keys.currentId, { owner: 'test@default', vpn, nonce: run }) ?? {};
    const { d = '' } = createPrivateKey(privateKey).export({ format: 'jwk' });
    return [privateKey.split('\n')[1] ?? '', d, Buffer.from(d, 'base64url').toString('hex')];
  }

  /** Starts a provision of the tutorial under a name. */
  provision(name: string, changes: Record<string, unknown> = {}, queue: string = this.queue): Promise<WorkflowHandle> {
    const spec = tutorialSpec({ name, ...changes });
    return this.client.workflow.start(PROVISION, {
      taskQueue: queue,
      workflowId: workflowIdOf(name),
      args: [{ spec }],
    });
  }

  destroy(name: string): Promise<WorkflowHandle> {
    return this.client.workflow.start(DESTROY, {
      taskQueue: this.queue,
      workflowId: workflowIdOf(name),
      args: [{ vpn: name }],
    });
  }

  /** Starts sweeping ids of an owner without a survey before it. */
  sweep(of: StrayOwner, ids: readonly string[]): Promise<WorkflowHandle> {
    return this.client.workflow.start(SWEEP, {
      taskQueue: this.queue,
      workflowId: sweepIdOf(of),
      args: [{ of, ids }],
    });
  }

  /** Waits for a run's end, however it ends. */
  end(handle: WorkflowHandle): Promise<Ended> {
    return endOf(handle);
  }

  /** Cancels a run at the call that meets a fault. Resolves to false, with nothing cancelled, where the run ends without that call. */
  async cancelAt(plan: FaultPlan, handle: WorkflowHandle): Promise<boolean> {
    const over = handle.result().then(
      () => false,
      () => false,
    );
    const met = await Promise.race([this.met(plan), over]);
    // It may end in this very moment.
    if (met) await handle.cancel().catch(() => undefined);
    return met;
  }

  /** What the steps that are tried again failed with last. */
  async pendingFailures(handle: WorkflowHandle): Promise<readonly string[]> {
    const { raw } = await handle.describe();
    return (raw.pendingActivities ?? []).flatMap((one) => one.lastFailure?.message ?? []);
  }

  async progress(handle: WorkflowHandle): Promise<Progress> {
    return handle.query<Progress>('progress');
  }

  /** Writes since a point of the log, as `POST dbl /v2.0/networks`. */
  writesSince(mark: number): readonly string[] {
    return this.simulator.log
      .slice(mark)
      .filter(isWrite)
      .map((call) => `${call.method} ${call.region} ${withoutIds(call.path)}`);
  }

  /** Resolves to true when a fault has met its call, or so many, to false when the faults have been cleared before. */
  async met(plan: FaultPlan, times = 1): Promise<boolean> {
    for (;;) {
      const ordered = this.simulator.faults.list().find((one) => one.path === plan.path && one.region === plan.region);
      if (ordered === undefined || ordered.acted >= times) return ordered !== undefined;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}

/** Waits for a run's end, however it ends. */
export async function endOf(handle: WorkflowHandle): Promise<Ended> {
  const messages: string[] = [];
  let result: ProvisionResult | undefined;
  let type: string | undefined;
  let leftovers: readonly Leftover[] = [];
  try {
    result = (await handle.result()) as ProvisionResult;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    for (let cause: unknown = error.cause; cause instanceof Error; cause = cause.cause) {
      messages.push(cause.message);
      type ??= (cause as { type?: string }).type;
      if (cause instanceof ApplicationFailure && leftovers.length === 0) leftovers = leftoversIn(cause);
    }
  }
  const description = await handle.describe();
  return {
    status: description.status.name,
    messages,
    leftovers,
    events: description.historyLength,
    ...(result === undefined ? {} : { result }),
    ...(type === undefined ? {} : { type }),
  };
}

/** In characters: so much of the log is always kept. */
const LARGEST_LOG = 16 * 1024 * 1024;

let logs: string[] | undefined;

/** Everything that any worker of this process logs, for the scan for secrets. */
export function keptLogs(): readonly string[] {
  if (logs !== undefined) return logs;
  const kept: string[] = [];
  logs = kept;
  let size = 0;
  const keep = (...parts: unknown[]) => {
    const line = parts.map((part) => (typeof part === 'string' ? part : JSON.stringify(part, errorsToo))).join(' ');
    kept.push(line);
    size += line.length;
    // Thousands of runs log more than fits; the newest of it is kept. Dropped in one go, since each time moves all that stays.
    if (size < 2 * LARGEST_LOG) return;
    let old = 0;
    while (size > LARGEST_LOG) size -= kept[old++]?.length ?? 0;
    kept.splice(0, old);
  };
  // Everything but the SDK's own tracing of every task, which no worker of ours can be told to log.
  Runtime.install({ logger: new DefaultLogger('DEBUG', ({ level, message, meta }) => keep(level, message, meta)) });
  return kept;
}

/** The built workflows (`build.ts`), as a production worker runs them. */
export const WORKFLOWS = { codePath: fileURLToPath(new URL('../../dist/workflow-bundle.js', import.meta.url)) };

export interface WorkerChanges {
  readonly keys?: KeyRing;
  readonly sshProxy?: HttpProxy;
  readonly httpTimeoutMs?: number | undefined;
  readonly retryMs?: number | undefined;
}

export function workerConfig(
  simulator: Simulator,
  {
    keys = KeyRing.parse(randomBytes(32).toString('base64')),
    httpTimeoutMs = 2_000,
    retryMs,
    sshProxy = proxyOf(simulator),
  }: WorkerChanges = {},
) {
  const login = {
    OS_AUTH_URL: simulator.authUrl,
    OS_USERNAME: 'demo',
    OS_PASSWORD: PASSWORD,
    OS_PROJECT_NAME: 'demo',
    HOME: '/nonexistent',
  };
  return {
    owner: 'test',
    keys,
    clouds: Clouds.load(login, '/nonexistent'),
    timing: timingOf(httpTimeoutMs, { pollMs: 25, retryInitialMs: retryMs ?? 50, retryMaximumMs: retryMs ?? 400 }),
    taskQueue: TASK_QUEUE,
    env: {},
    sshProxy,
  };
}

/** Leads to the simulator's floating IPs. */
export function proxyOf(simulator: Simulator): HttpProxy {
  const { hostname, port } = new URL(simulator.url);
  return { host: hostname, port: Number(port) };
}

export function tutorialSpec(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const file = loadSpecFile('examples/tutorial.yaml') as Record<string, unknown>;
  return { ...file, tunnelTimeout: '30s', settleTime: '1s', retryFor: '2m', rollbackFor: '2m', ...changes };
}

/** The tutorial's sites, of which the first has a subnet more. */
export function sitesWithFurtherSubnet(): Record<string, unknown> {
  const { sites } = tutorialSpec() as { sites: { left: { network: { subnets: readonly object[] } } } };
  const subnets = [...sites.left.network.subnets, { cidr: '10.1.1.0/24' }];
  return { ...sites, left: { ...sites.left, network: { ...sites.left.network, subnets } } };
}

/** The clouds are never empty: equal names without a mark, other owners' and other VPNs' marks. None may be touched. */
export function addDecoys(simulator: Simulator, regions: readonly string[] = REGIONS): void {
  const marks = [
    '',
    'regionlink owner=else@default vpn=left-right step=left/network run=1',
    'regionlink owner=test@other vpn=left-right step=left/network run=1',
    'regionlink owner=test@default vpn=left-right2 step=left/network run=1',
  ];
  for (const region of regions) {
    // Smaller than any image that boots.
    const initrd = { name: 'initrd', disk_format: 'ari', container_format: 'ari', size: 1, min_ram: 0, min_disk: 0 };
    simulator.seed(region, 'image', { ...initrd, status: 'active', visibility: 'public' });
    for (const description of marks) {
      const network = simulator.seed(region, 'network', {
        name: 'left-network',
        description,
        subnets: [],
        port_security_enabled: true,
        'router:external': false,
        shared: false,
      });
      const subnet = simulator.seed(region, 'subnet', {
        name: 'left-subnet',
        description,
        network_id: network.id,
        cidr: '10.1.0.0/24',
        gateway_ip: '10.1.0.1',
        ip_version: 4,
        dns_nameservers: [],
        allocation_pools: [{ start: '10.1.0.2', end: '10.1.0.254' }],
        enable_dhcp: true,
      });
      simulator.seed(region, 'router', {
        name: 'left-router',
        description,
        external_gateway_info: null,
        admin_state_up: true,
      });
      simulator.seed(region, 'port', { name: 'left-right-check-left', description, network_id: network.id });
      simulator.seed(region, 'security_group', { name: 'left-right-check-left', description });
      simulator.seed(region, 'ikepolicy', { name: 'ikepolicy', description, ike_version: 'v1' });
      simulator.seed(region, 'ipsecpolicy', { name: 'ipsecpolicy', description });
      simulator.seed(region, 'endpoint_group', {
        name: 'left-local-epg',
        description,
        type: 'subnet',
        endpoints: [subnet.id],
      });
      simulator.seed(region, 'endpoint_group', {
        name: 'left-peer-epg',
        description,
        type: 'cidr',
        endpoints: ['10.2.0.0/24'],
      });
    }
  }
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

export function withoutIds(text: string, instead: (id: string) => string = () => '{id}'): string {
  return text.replace(UUID, instead);
}

/** Resources of the tutorial's VPN that bear its marks, at both ends together, once it is whole and its check is gone. */
export const MARKED_WHEN_WHOLE = 18;

/** Marks of a VPN's resources, one a resource: none may occur twice. */
export function marksIn(simulator: Simulator, vpn: string): readonly string[] {
  return Object.entries(simulator.snapshot()).flatMap(([region, tables]) =>
    Object.values(tables).flatMap((rows) =>
      rows.flatMap((row) => {
        const { description } = row as { description?: string };
        return description?.startsWith(`regionlink owner=test@default vpn=${vpn} `) ? [`${region} ${description}`] : [];
      }),
    ),
  );
}

function errorsToo(_key: string, value: unknown): unknown {
  return value instanceof Error ? { ...value, message: value.message, stack: value.stack, cause: value.cause } : value;
}
