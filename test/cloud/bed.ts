/**
 * The product on a real cloud: a Temporal dev server, a worker as a process of its own with the lab's clouds.yaml, and the command line. `npm run
 * test:openstack` brings the lab up and runs this inside its network.
 * The rule: nothing of the product is replaced; what goes wrong is done on the wire, to a process, or by hand through the API.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { stringify } from 'yaml';
import { type DevServer, startDevServer } from '../../src/cli/dev-server.js';
import { RegionLink, type VpnRun } from '../../src/client/index.js';
import { Clouds } from '../../src/openstack/clouds-config.js';
import { Session } from '../../src/openstack/session.js';
import { loadSpecFile } from '../../src/spec/load-spec-file.js';
import type { ProvisionResult } from '../../src/workflows/protocol.js';
import { Target } from '../contract/target.js';
import { changesBetween } from '../support/changes.js';
import { WorkerProcess } from '../support/worker-process.js';
import { ChaosProxy } from './chaos-proxy.js';
import { type Picture, pictureOf } from './picture.js';

export const REGIONS = ['left', 'right'] as const;

/** How long the clouds may take to come to rest: agents remove their own ports a moment after the rest has gone. */
const REST_MS = 90_000;
const POLL_MS = 1_000;
/** A picture is some thirty lists, which on a small machine take time from the agents that are waited for. */
const PICTURE_POLL_MS = 8_000;

/** The lab's clouds by the names of the contract's users. */
export function labTarget(): Target {
  const clouds = Clouds.load();
  return new Target({ demo: clouds.get('demo'), other: clouds.get('other'), admin: clouds.get('admin') });
}

export class CloudBed {
  /** Of VPNs that were asked for, the newest of each. */
  private readonly runs = new Map<string, VpnRun<ProvisionResult>>();

  private constructor(
    readonly server: DevServer,
    readonly link: RegionLink,
    readonly proxy: ChaosProxy,
    readonly target: Target,
    private readonly folder: string,
    readonly masterKey: string,
    private readonly secrets: readonly string[],
    private worker: WorkerProcess,
    private before: Picture,
  ) {}

  static async start(): Promise<CloudBed> {
    const folder = mkdtempSync(join(tmpdir(), 'regionlink-cloud-'));
    const clouds = Clouds.load();
    const session = new Session(clouds.get('demo'));
    const services = ['network', 'compute', 'image'] as const;
    const endpoints = REGIONS.flatMap((region) => services.map((service) => ({ region, service })));
    const urls = endpoints.map(
      async ({ region, service }) =>
        [`${region}/${service}`, await session.endpoint(service, region, { timeoutMs: 30_000 })] as const,
    );
    const proxy = await ChaosProxy.start(new Map(await Promise.all(urls)));
    const { auth, authUrl } = clouds.get('demo');
    if (auth.method !== 'password') throw new Error('the lab logs in with passwords');
    const password = auth.secret.reveal();
    const masterKey = randomBytes(32).toString('base64');
    writeFileSync(join(folder, 'clouds.yaml'), cloudsThrough(proxy, authUrl, password), { mode: 0o600 });
    const target = labTarget();
    await makeDefaultGroups(target);
    const server = await startDevServer();
    const start = () => startWorker(server, folder, masterKey, [password]);
    return new CloudBed(
      server,
      await RegionLink.connect({ address: server.address }),
      proxy,
      target,
      folder,
      masterKey,
      [password],
      await start(),
      await pictureOf(target, REGIONS),
    );
  }

  async stop(): Promise<void> {
    await this.worker.end('SIGTERM');
    await this.link.close();
    await this.server.stop();
    await this.proxy.stop();
    rmSync(this.folder, { recursive: true });
  }

  /** Kills the worker where it stands, and starts another. */
  async loseWorker(): Promise<void> {
    await this.worker.end('SIGKILL');
    this.worker = await startWorker(this.server, this.folder, this.masterKey, this.secrets);
  }

  /** Starts the tutorial on these clouds, with changes to its spec. */
  async provision(name: string, change: Record<string, unknown> = {}): Promise<VpnRun<ProvisionResult>> {
    const run = await this.link.provision(this.spec(name, change));
    this.runs.set(name, run);
    return run;
  }

  /** The tutorial's spec for these clouds, with changes. */
  spec(name: string, change: Record<string, unknown> = {}): Record<string, unknown> {
    const file = loadSpecFile('examples/tutorial.yaml') as { sites: Record<string, object> };
    const sites = Object.fromEntries(
      REGIONS.map((region) => [region, { ...file.sites[region], region, cloud: `demo-${region}` }]),
    );
    return { ...file, name, sites, tunnelTimeout: '5m', settleTime: '2s', retryFor: '15m', ...change };
  }

  /** A call by hand, as the project's own user. Throws what the cloud refuses with. */
  async byHand(region: string, method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await this.target.send({ user: 'demo', region, service: 'network', method, path, ...text });
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return (answer.body ?? {}) as Record<string, unknown>;
  }

  /** The site connection of a region, once it is there and as wanted. */
  async connection(region: string, wanted: (one: Connection) => boolean = () => true): Promise<Connection> {
    return eventually(async () => {
      const { ipsec_site_connections: all } = (await this.byHand(
        region,
        'GET',
        '/v2.0/vpn/ipsec-site-connections',
      )) as unknown as { ipsec_site_connections: readonly Connection[] };
      return all.find(wanted);
    }, `a connection in ${region}`);
  }

  /** Steps that are named by the marks on a VPN's resources, one a resource. */
  async stepsOf(vpn: string): Promise<readonly string[]> {
    const rows = [...(await pictureOf(this.target, REGIONS)).values()];
    return rows.flatMap((row) => row.match(new RegExp(` vpn=${vpn} step=(\\S+)`))?.[1] ?? []);
  }

  /** Removes what a test left that has failed, so that the next one does not fail of it. */
  async tidy(): Promise<void> {
    for (const [name, run] of this.runs) {
      // Most have ended.
      await run.cancel().catch(() => undefined);
      await run.result().catch(() => undefined);
      await (await this.link.destroy(name)).result();
    }
    this.runs.clear();
  }

  /** What differs from the clouds as they were at the start, once they have come to rest. */
  async changes(restMs = REST_MS): Promise<readonly string[]> {
    const deadline = Date.now() + restMs;
    for (;;) {
      const found = changesBetween(this.before, await pictureOf(this.target, REGIONS));
      if (found.length === 0 || Date.now() > deadline) return found;
      await new Promise((resolve) => setTimeout(resolve, PICTURE_POLL_MS));
    }
  }
}

/**
 * A project's default security group comes into being when it is first looked at: the user's by the run, the administrator's by the pictures, and that of the
 * services' project with Nova's first port.
 */
async function makeDefaultGroups(target: Target): Promise<void> {
  const get = (region: string, service: string, path: string) =>
    target.send({ user: 'admin', region, service, method: 'GET', path });
  for (const region of REGIONS) {
    const { projects } = (await get(region, 'identity', '/projects')).body as { projects: readonly { id: string }[] };
    for (const { id } of projects) await get(region, 'network', `/v2.0/security-groups?project_id=${id}`);
  }
}

/** A bed for the tests of a file, each of which leaves the clouds as they were. */
export function bedOfUnchangedClouds(): () => CloudBed {
  let bed: CloudBed;
  beforeAll(async () => {
    bed = await CloudBed.start();
  });
  afterAll(() => bed.stop());
  afterEach(async () => {
    bed.proxy.clear();
    const changes = await bed.changes();
    if (changes.length > 0) await bed.tidy();
    expect(changes).toEqual([]);
  });
  return () => bed;
}

export interface Connection {
  readonly id: string;
  readonly status: string;
  readonly vpnservice_id: string;
}

/** Looks until there is something. */
export async function eventually<T>(look: () => Promise<T | undefined>, what: string): Promise<T> {
  const deadline = Date.now() + 300_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function startWorker(
  server: DevServer,
  folder: string,
  masterKey: string,
  secrets: readonly string[],
): Promise<WorkerProcess> {
  const env = {
    OS_CLIENT_CONFIG_FILE: join(folder, 'clouds.yaml'),
    OS_CLOUD: 'demo-left',
    REGIONLINK_HTTP_TIMEOUT: '30',
  };
  return WorkerProcess.startOn({ env, secrets }, server.address, masterKey);
}

/** A clouds.yaml as a user writes it, but for the addresses: an entry a region, since an override is for one region. */
function cloudsThrough(proxy: ChaosProxy, authUrl: string, password: string): string {
  const domains = { user_domain_id: 'default', project_domain_id: 'default' };
  const entry = (region: string) => ({
    region_name: region,
    auth: { auth_url: authUrl, username: 'demo', password, project_name: 'demo', ...domains },
    network_endpoint_override: proxy.urlOf(region, 'network'),
    compute_endpoint_override: proxy.urlOf(region, 'compute'),
    image_endpoint_override: proxy.urlOf(region, 'image'),
  });
  return stringify({ clouds: Object.fromEntries(REGIONS.map((region) => [`demo-${region}`, entry(region)])) });
}
