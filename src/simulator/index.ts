/**
 * `startSimulator`: two OpenStack regions over HTTP in one process, on one port of the loopback address. Wiring only.
 * The rule: imports nothing of the product, so that what works here works because it is OpenStack's API.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import type { LoggedCall } from './call-log.js';
import { GuestHost } from './compute/guest-host.js';
import { Compute, furnishCompute, handleImages } from './compute/index.js';
import { type Answer, ApiError, neutronError } from './errors.js';
import { EXTERNAL_PEER, ExternalPeers } from './external-peers.js';
import { FAULT_PLAN, Faults } from './faults.js';
import { BROKEN_JSON, type Handler, type ServiceCall, serve } from './http.js';
import { Identity } from './identity.js';
import { Directory } from './identity-directory.js';
import { makePort } from './network/address-allocation.js';
import { DEFAULT_EXTENSIONS } from './network/extensions.js';
import { handleNetwork } from './network/index.js';
import { defaultGroup } from './network/security-groups.js';
import { WayIn } from './ssh/way-in.js';
import {
  type CallContext,
  type Delays,
  newId,
  REAL_DELAYS,
  RegionState,
  type Row,
  shown,
  TABLES,
  type TableName,
  timestamp,
} from './state.js';

export { isWrite, type LoggedCall } from './call-log.js';
export type { FaultPlan, OrderedFault } from './faults.js';
export type { Delays } from './state.js';
export { FAST_DELAYS, REAL_DELAYS } from './state.js';

export interface SimulatorOptions {
  /** @default 0: any free port */
  readonly port?: number;
  /** Names of the regions. @default ['left', 'right'] */
  readonly regions?: readonly string[];
  /** @default REAL_DELAYS */
  readonly delays?: Delays;
  /** Life of a token in milliseconds. @default one hour */
  readonly tokenLifetimeMs?: number;
  /** Password of every user. @default 'lab' */
  readonly password?: string;
  /** Regions whose VPN services have addresses of their own, as with OVN. @default the second region */
  readonly ownVpnAddress?: readonly string[];
  /** Whether the log says what a call did, which takes a look at all rows: with thousands of them most of the simulator's work. The fault `forget` goes by it. @default true */
  readonly tellEffects?: boolean;
}

export interface Simulator {
  readonly url: string;
  readonly authUrl: string;
  readonly regions: ReadonlyMap<string, RegionState>;
  readonly faults: Faults;
  readonly log: readonly LoggedCall[];
  /** Every token, password and key that has crossed the wire. */
  readonly secrets: ReadonlySet<string>;
  /** Everything of every region as plain data, without what changes by itself, for comparing two moments. */
  snapshot(): Record<string, Record<string, unknown[]>>;
  /** Puts a row in as it is, as if someone had made it long ago; for fixtures and decoys. */
  seed(region: string, table: TableName, row: Partial<Row> & Record<string, unknown>, project?: string): Row;
  projectId(name: string): string;
  stop(): Promise<void>;
}

/** Fields that move without anyone changing the resource. */
const VOLATILE = new Set([
  'updated_at',
  'revision_number',
  'status',
  'updated',
  'availability_zones',
  'security_group_rules',
]);

export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const names = options.regions ?? ['left', 'right'];
  const delays = options.delays ?? REAL_DELAYS;
  const own = options.ownVpnAddress ?? names.slice(1, 2);
  const regions = new Map(names.map((name) => [name, new RegionState(name, delays, own.includes(name))]));
  const directory = new Directory();
  const projects = ['demo', 'other', 'admin'].map((name) => {
    const project = directory.addProject(name);
    const user = directory.addUser(name, options.password ?? 'lab');
    directory.grant(user, project, 'reader', 'member', ...(name === 'admin' ? ['admin'] : []));
    return project;
  });
  let base = '';
  const identity = new Identity(directory, names, () => base, options.tokenLifetimeMs ?? 3_600_000);
  const faults = new Faults();
  const externalPeers = new ExternalPeers(delays);
  const log: LoggedCall[] = [];
  const all = [...regions.values()];
  const guests = new GuestHost(all);
  const compute = new Compute(guests);
  for (const [index, region] of all.entries()) {
    furnish(region, index, projects[2]?.id ?? '');
    // How a client tells OVN's VPN services from the others.
    if (own.includes(region.name)) region.extensions.add('vpn-agent-scheduler');
    for (const { id } of projects) defaultGroup(region, id);
  }

  const handle: Handler = (call) => {
    if (call.service === '_simulator') return control(call, faults, externalPeers, log);
    if (call.service === 'identity')
      return identity.handle(call.method, call.path, call.query, call.body, call.headers);
    const region = regions.get(call.region);
    if (region === undefined) throw new ApiError({ status: 404, body: { message: 'no such service' } });
    // Version documents are told to anyone.
    const open = call.path === '/' || call.path === '';
    const who = open ? undefined : identity.check(call.headers['x-auth-token'] as string | undefined);
    const context: CallContext = {
      region,
      peers: [...all, externalPeers.region],
      projectId: who?.project.id ?? '',
      userId: who?.user.id ?? '',
      isAdmin: who?.admin ?? false,
      base: `${base}/${region.name}/${call.service}`,
    };
    return toService(call, context, compute);
  };
  const side = {
    tellEffects: options.tellEffects ?? true,
    regions,
    faults,
    log,
    handle,
    listeners: new Map(),
    replicas: new Map(),
    secrets: new Set<string>(),
    expireTokens: () => identity.expireAll(),
  };
  const server = createServer((request, response) => {
    void serve(request, response, side).catch(() => response.destroy());
  });
  const wayIn = new WayIn(all, guests);
  server.on('connect', (request, socket) => wayIn.connect(request, socket));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: base,
    authUrl: `${base}/identity/v3`,
    regions,
    faults,
    log,
    secrets: side.secrets,
    snapshot: () => Object.fromEntries(all.map((region) => [region.name, picture(region)])),
    seed: (name, table, row, project = 'demo') => seed(regions, name, table, row, projectIdOf(project)),
    projectId: projectIdOf,
    async stop() {
      compute.stop();
      wayIn.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  function projectIdOf(name: string): string {
    const project = projects.find((one) => one.name === name);
    if (project === undefined) throw new Error(`no project ${name}`);
    return project.id;
  }
}

function toService(call: ServiceCall, context: CallContext, compute: Compute): Answer {
  if (call.body === BROKEN_JSON)
    throw neutronError(400, 'MalformedRequestBody', 'Malformed request body: Cannot understand JSON.');
  const { method, path, query, body } = call;
  if (call.service === 'network')
    return handleNetwork({ method, path, query, body, ifMatch: call.headers['if-match'] }, context);
  if (call.service === 'image') return handleImages(method, path, query, context);
  if (call.service === 'compute') return compute.handle({ method, path, query, body, headers: call.headers }, context);
  throw new ApiError({ status: 404, body: { message: 'no such service' } });
}

/** `/_simulator/faults`, `/_simulator/peers` and `/_simulator/log`, for tests in other languages. */
function control(call: ServiceCall, faults: Faults, peers: ExternalPeers, log: readonly LoggedCall[]): Answer {
  switch (call.path) {
    case '/log':
      return { status: 200, body: { calls: log } };
    case '/faults':
      if (call.method === 'POST') faults.add(parsed(FAULT_PLAN, call.body));
      if (call.method === 'DELETE') faults.clear();
      return { status: 200, body: { faults: faults.list() } };
    case '/peers':
      if (call.method === 'POST') peers.add(parsed(EXTERNAL_PEER, call.body));
      if (call.method === 'DELETE') peers.clear();
      return { status: 200, body: { peers: peers.region.rows('ipsec_site_connection').length } };
    default:
      throw new ApiError({
        status: 404,
        body: { message: 'there are /_simulator/faults, /_simulator/peers and /_simulator/log' },
      });
  }
}

function parsed<T>(schema: z.ZodType<T>, body: unknown): T {
  const { success, data, error } = schema.safeParse(body);
  if (success) return data;
  throw new ApiError({ status: 400, body: { message: z.prettifyError(error) } });
}

/** What a cloud has before its users come: an external network, an image, flavors. */
function furnish(region: RegionState, index: number, adminProject: string): void {
  const now = timestamp();
  const owned = {
    tenant_id: adminProject,
    project_id: adminProject,
    created_at: now,
    updated_at: now,
    revision_number: 1,
    tags: [],
    description: '',
  };
  for (const alias of DEFAULT_EXTENSIONS) region.extensions.add(alias);
  const network = region.insert('network', {
    id: newId(),
    name: 'ext-net',
    ...owned,
    admin_state_up: true,
    mtu: 1500,
    status: 'ACTIVE',
    subnets: [],
    shared: false,
    port_security_enabled: true,
    'router:external': true,
    is_default: true,
    availability_zone_hints: [],
    availability_zones: [],
    ipv4_address_scope: null,
    ipv6_address_scope: null,
  });
  const prefix = `172.24.${4 + index}`;
  const subnet = region.insert('subnet', {
    id: newId(),
    name: 'ext-subnet',
    ...owned,
    network_id: network.id,
    ip_version: 4,
    cidr: `${prefix}.0/24`,
    gateway_ip: `${prefix}.1`,
    enable_dhcp: false,
    dns_nameservers: [],
    host_routes: [],
    allocation_pools: [{ start: `${prefix}.10`, end: `${prefix}.200` }],
    subnetpool_id: null,
    ipv6_ra_mode: null,
    ipv6_address_mode: null,
    service_types: [],
  });
  network.subnets = [subnet.id];
  furnishCompute(region, adminProject);
}

function picture(region: RegionState): Record<string, unknown[]> {
  return Object.fromEntries(
    TABLES.map((table) => [
      table,
      region
        .rows(table)
        .map((row) => Object.fromEntries(Object.entries(shown(row)).filter(([key]) => !VOLATILE.has(key))))
        .sort((a, b) => String(a.id).localeCompare(String(b.id))),
    ]),
  );
}

function seed(
  regions: ReadonlyMap<string, RegionState>,
  name: string,
  table: TableName,
  row: Record<string, unknown>,
  projectId: string,
): Row {
  const region = regions.get(name);
  if (region === undefined) throw new Error(`no region ${name}`);
  if (table === 'port') {
    const network = region.get('network', row.network_id);
    if (network === undefined) throw new Error('a port needs a network_id');
    return makePort(region, { network, projectId, fields: row });
  }
  return region.insert(table, {
    id: newId(),
    name: '',
    description: '',
    ...row,
    tenant_id: projectId,
    project_id: projectId,
  });
}
