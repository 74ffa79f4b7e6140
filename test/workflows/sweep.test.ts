/**
 * What a sweep lists and what it removes, beside a whole VPN that stands through all of it and decoys that bear other marks.
 * Each test ends with both regions as they were before its strays came.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startDevServer } from '../../src/cli/dev-server.js';
import { RegionLink, type Survey, VpnBusyError } from '../../src/client/index.js';
import { Regions } from '../../src/openstack/region.js';
import type { FaultPlan } from '../../src/simulator/index.js';
import { isWrite } from '../../src/simulator/index.js';
import { startWorker } from '../../src/worker.js';
import type { StrayOwner, StraySet } from '../../src/workflows/protocol.js';
import { REGIONS, TestBed, tutorialSpec, WORKFLOWS, workerConfig } from '../support/test-bed.js';

const CALL = { timeoutMs: 2_000 };
/** Our owner's mark on a network in both regions, with a subnet in it: a stray like any other, that no test sweeps. */
const DECOY = 'left-right2';
let bed: TestBed;
let link: RegionLink;
let before: ReturnType<TestBed['simulator']['snapshot']>;

beforeAll(async () => {
  bed = await TestBed.start();
  link = await RegionLink.connect({ address: bed.server.address, namespace: 'default' });
  expect((await bed.end(await bed.provision('kept', { check: 'none' }))).messages).toEqual([]);
}, 120_000);

beforeEach(() => {
  bed.simulator.faults.clear();
  before = bed.simulator.snapshot();
});

afterAll(async () => {
  await link.close();
  await bed.stop();
});

function region(name: string) {
  const state = bed.simulator.regions.get(name);
  if (state === undefined) throw new Error(`no region ${name}`);
  return state;
}

function mark(vpn: string, step: string, run = 'gone'): string {
  return `regionlink owner=test@default vpn=${vpn} step=${step} run=${run}`;
}

function setOf(survey: Survey, of: StrayOwner): StraySet | undefined {
  return survey.sets.find((set) => JSON.stringify(set.of) === JSON.stringify(of));
}

/** Names of all that is listed, but for the decoy's. */
function listed(survey: Survey): readonly string[] {
  const names = survey.sets.map(({ of }) => ('vpn' in of ? of.vpn : `router ${of.router}`));
  expect(names).toContain(DECOY);
  return names.filter((name) => name !== DECOY);
}

async function sweepAll(survey: Survey, of: StrayOwner) {
  const ids = setOf(survey, of)?.strays.map((stray) => stray.id) ?? [];
  return (await link.sweep(of, ids)).result();
}

/** Every row that bears a VPN's mark, in all regions. */
function idsOf(vpn: string): readonly string[] {
  return REGIONS.flatMap((name) =>
    Object.values(region(name).tables).flatMap((table) =>
      [...table.values()].flatMap((row) => (String(row.description).includes(` vpn=${vpn} `) ? [row.id] : [])),
    ),
  );
}

/** A Temporal server that remembers nothing, with a worker of its own on the same clouds. */
async function withoutMemory(check: (link: RegionLink) => Promise<void>): Promise<void> {
  const server = await startDevServer();
  const at = { address: server.address, namespace: 'default' };
  const worker = await startWorker(workerConfig(bed.simulator), at, WORKFLOWS);
  const fresh = await RegionLink.connect(at);
  try {
    await check(fresh);
  } finally {
    await fresh.close();
    await worker.stop();
    await server.stop();
  }
}

test('a whole VPN is never listed and never swept, known to Temporal or forgotten; nor is what bears other marks', async () => {
  const since = bed.simulator.log.length;
  expect(listed(await link.survey())).toEqual([]);
  await withoutMemory(async (fresh) => {
    const survey = await fresh.survey();
    expect(listed(survey)).toEqual([]);
    expect(survey.unclear).toEqual([]);
    const kinds = survey.sets.flatMap(({ strays }) => strays.map(({ kind, why }) => `${kind} ${why}`));
    expect(kinds).toEqual(['network incomplete', 'network incomplete']);
    const ids = idsOf('kept');
    expect(ids.length).toBeGreaterThan(15);
    const result = await (await fresh.sweep({ vpn: 'kept' }, ids)).result();
    expect(result).toEqual({ of: { vpn: 'kept' }, removed: [], passedOver: ids });
  });
  expect(bed.simulator.log.slice(since).filter(isWrite)).toEqual([]);
}, 60_000);

test('of doubles, those that nothing refers to are listed and removed, whatever their ids', async () => {
  const doubles = [
    ...[1, 2, 3].map(() => bed.simulator.seed('dbl', 'ikepolicy', { description: mark('kept', 'left/ikePolicy') })),
    ...[1, 2].map(() => bed.simulator.seed('cbk', 'ipsecpolicy', { description: mark('kept', 'right/ipsecPolicy') })),
    bed.simulator.seed('dbl', 'network', { subnets: [], description: mark('kept', 'left/network') }),
  ];
  const survey = await link.survey();
  expect(listed(survey)).toEqual(['kept']);
  const strays = setOf(survey, { vpn: 'kept' })?.strays ?? [];
  expect(strays.map(({ id }) => id).sort()).toEqual(doubles.map((row) => row.id).sort());
  expect(new Set(strays.map(({ why }) => why))).toEqual(new Set(['double']));
  const first = strays.find(({ kind }) => kind === 'network');
  expect(first?.region).toBe('dbl');
  // Of those that were confirmed, and of no others.
  const one = await (await link.sweep({ vpn: 'kept' }, [String(first?.id)])).result();
  expect(one.removed.map(({ id }) => id)).toEqual([first?.id]);
  const rest = await sweepAll(survey, { vpn: 'kept' });
  expect(rest.removed).toHaveLength(5);
  expect(rest.passedOver).toEqual([first?.id]);
  expect(bed.simulator.snapshot()).toEqual(before);
}, 60_000);

test('of two connections of one end, one stays', async () => {
  const api = new Regions().open(workerConfig(bed.simulator).clouds.get(undefined), 'dbl');
  const [standing] = (await api.list('siteConnections', CALL)).filter((one) => one.description?.includes(' vpn=kept '));
  const { id: _, status: __, ...fields } = standing as unknown as Record<string, unknown>;
  const allowed = Object.fromEntries(
    Object.entries(fields).filter(([name]) =>
      /^(name|description|psk|peer_address|peer_id|vpnservice_id|ikepolicy_id|ipsecpolicy_id|local_ep_group_id|peer_ep_group_id)$/.test(
        name,
      ),
    ),
  );
  const made = await api.create('siteConnections', allowed, CALL);
  const strays = setOf(await link.survey(), { vpn: 'kept' })?.strays ?? [];
  expect(strays.map(({ kind, why }) => `${kind} ${why}`)).toEqual(['siteConnection double']);
  expect([standing?.id, made.id]).toContain(strays[0]?.id);
  expect((await sweepAll(await link.survey(), { vpn: 'kept' })).removed).toHaveLength(1);
  expect(setOf(await link.survey(), { vpn: 'kept' })).toBeUndefined();
  before = bed.simulator.snapshot();
}, 60_000);

test('a stray that came into use between list and removal stays', async () => {
  const double = bed.simulator.seed('dbl', 'ikepolicy', { description: mark('kept', 'left/ikePolicy') });
  const survey = await link.survey();
  expect(setOf(survey, { vpn: 'kept' })?.strays.map(({ id }) => id)).toEqual([double.id]);
  const connection = region('dbl')
    .rows('ipsec_site_connection')
    .find((row) => String(row.description).includes(' vpn=kept '));
  const own = connection?.ikepolicy_id;
  Object.assign(connection ?? {}, { ikepolicy_id: double.id });
  const result = await sweepAll(survey, { vpn: 'kept' });
  expect(result).toMatchObject({ removed: [], passedOver: [double.id] });
  Object.assign(connection ?? {}, { ikepolicy_id: own });
  expect((await sweepAll(survey, { vpn: 'kept' })).removed).toHaveLength(1);
  expect(bed.simulator.snapshot()).toEqual(before);
}, 60_000);

const NO_CONSOLE: FaultPlan = { method: 'POST', path: '/action$', times: 0, fault: { kind: 'delay', ms: 5_000 } };

test('while its run is open nothing of a VPN is listed or swept; of one that was terminated, its test VMs are', async () => {
  bed.simulator.faults.add(NO_CONSOLE);
  const handle = await bed.provision('checked', { check: 'console' });
  await bed.met(NO_CONSOLE);
  const open = await link.survey();
  expect(listed(open)).toEqual([]);
  expect(open.busy).toEqual(['checked']);
  await expect(link.sweep({ vpn: 'checked' }, idsOf('checked'))).rejects.toThrow(VpnBusyError);
  while ((await bed.progress(handle)).steps.some((step) => step.kind === 'siteConnection' && step.state !== 'done'))
    await new Promise((resolve) => setImmediate(resolve));
  await handle.terminate();
  bed.simulator.faults.clear();

  const survey = await link.survey();
  expect(listed(survey)).toEqual(['checked']);
  const strays = setOf(survey, { vpn: 'checked' })?.strays ?? [];
  expect(strays.map(({ kind, why, region: where }) => `${why} ${kind} ${where}`).sort()).toEqual(
    ['port', 'securityGroup', 'securityGroupRule', 'server'].flatMap((kind) => [
      `check ${kind} cbk`,
      `check ${kind} dbl`,
    ]),
  );
  expect((await sweepAll(survey, { vpn: 'checked' })).removed).toHaveLength(8);
  expect(listed(await link.survey())).toEqual([]);
  expect((await bed.end(await bed.provision('checked', { check: 'console' }))).messages).toEqual([]);
  await bed.end(await bed.destroy('checked'));
  expect(bed.simulator.snapshot()).toEqual(before);
}, 90_000);

const NO_CONNECTION: FaultPlan = {
  method: 'POST',
  path: 'ipsec-site-connections$',
  region: 'cbk',
  times: 0,
  fault: { kind: 'answer', status: 503, effect: false },
};

/** A run that is terminated when all stands but one connection. */
async function terminatedHalfWay(name: string, changes: Record<string, unknown> = {}): Promise<void> {
  bed.simulator.faults.add(NO_CONNECTION);
  const handle = await bed.provision(name, { check: 'none', ...changes });
  const late = (key: string) => key.endsWith('right/siteConnection') || key.endsWith('awaitTunnel');
  while ((await bed.progress(handle)).steps.filter((step) => step.state !== 'done').some((step) => !late(step.key)))
    await new Promise((resolve) => setImmediate(resolve));
  await bed.met(NO_CONNECTION);
  await handle.terminate();
  bed.simulator.faults.clear();
}

test("a terminated run's half is listed entirely, removed, and shown in the list of runs", async () => {
  await terminatedHalfWay('half');
  const survey = await link.survey();
  expect(listed(survey)).toEqual(['half']);
  const strays = setOf(survey, { vpn: 'half' })?.strays ?? [];
  expect(new Set(strays.map(({ why }) => why))).toEqual(new Set(['incomplete']));
  const made = idsOf('half');
  expect(strays.map(({ id }) => id)).toEqual(expect.arrayContaining([...made]));
  for (const part of ['externalGateway', 'routerInterface', 'vpnService'])
    expect(strays.filter(({ kind }) => kind === part)).toHaveLength(2);
  await sweepAll(survey, { vpn: 'half' });
  expect(bed.simulator.snapshot()).toEqual(before);
  expect((await link.list()).filter((run) => run.operation === 'sweepVpn').map((run) => run.vpn)).toContain('half');
  const query = "WorkflowType = 'sweepVpn' AND VpnName = 'half' AND VpnPhase = 'done'";
  expect(
    (await bed.client.workflowService.countWorkflowExecutions({ namespace: 'default', query })).count.toString(),
  ).toBe('1');
}, 60_000);

test('a half that was mended between list and removal stays as it is', async () => {
  await terminatedHalfWay('mended');
  const survey = await link.survey();
  expect(listed(survey)).toEqual(['mended']);
  expect((await bed.end(await bed.provision('mended', { check: 'none' }))).messages).toEqual([]);
  const whole = bed.simulator.snapshot();
  expect((await sweepAll(survey, { vpn: 'mended' })).removed).toEqual([]);
  expect(bed.simulator.snapshot()).toEqual(whole);
  await bed.end(await bed.destroy('mended'));
  expect(bed.simulator.snapshot()).toEqual(before);
}, 60_000);

test('a site that has strays in two regions is swept in both', async () => {
  for (const name of REGIONS) bed.simulator.seed(name, 'ikepolicy', { description: mark('moved', 'left/ikePolicy') });
  const survey = await link.survey();
  expect(
    setOf(survey, { vpn: 'moved' })
      ?.strays.map((stray) => stray.region)
      .sort(),
  ).toEqual([...REGIONS].sort());
  expect((await sweepAll(survey, { vpn: 'moved' })).removed).toHaveLength(2);
  expect(bed.simulator.snapshot()).toEqual(before);
}, 60_000);

/** A network as its owner made it: with the API, and no mark. */
async function makeNetwork(): Promise<string> {
  const api = new Regions().open(workerConfig(bed.simulator).clouds.get(undefined), 'cbk');
  const external = (await api.list('networks', CALL)).find((network) => network['router:external']);
  const network = await api.create('networks', { name: 'own-network' }, CALL);
  const range = { ip_version: 4, cidr: '10.7.0.0/24' };
  const subnet = await api.create('subnets', { name: 'own-subnet', network_id: network.id, ...range }, CALL);
  const gateway = { external_gateway_info: { network_id: external?.id } };
  const router = await api.create('routers', { name: 'own-router', ...gateway }, CALL);
  await api.addRouterInterface(router.id, subnet.id, CALL);
  return router.id;
}

function overOwnRouter(): Record<string, unknown> {
  const { sites } = tutorialSpec() as { sites: Record<string, unknown> };
  return { sites: { ...sites, right: { region: 'cbk', network: { router: 'own-router', subnets: ['own-subnet'] } } } };
}

test('a VPN service over an existing router: found by destroy though nothing else is left, and by its router where it was made for another VPN', async () => {
  const router = await makeNetwork();
  before = bed.simulator.snapshot();
  for (const [method, path] of [
    ['POST', 'ipsec-site-connections$'],
    ['DELETE', '/vpnservices/'],
  ] as const)
    bed.simulator.faults.add({ method, path, region: 'cbk', fault: { kind: 'answer', status: 403, effect: false } });
  const failed = await bed.end(await bed.provision('alone', { check: 'none', ...overOwnRouter() }));
  expect(failed.type).toBe('Leftovers');
  expect(failed.messages.join()).toMatch(/vpnService .* in cbk: [\s\S]*then run: regionlink destroy/);
  bed.simulator.faults.clear();
  expect(bed.simulator.snapshot()).not.toEqual(before);
  expect((await bed.end(await bed.destroy('alone'))).messages).toEqual([]);
  expect(bed.simulator.snapshot()).toEqual(before);

  await terminatedHalfWay('shared', overOwnRouter());
  const service = () =>
    region('cbk')
      .rows('vpnservice')
      .find((row) => row.router_id === router);
  expect(service()).toBeDefined();
  expect(listed(await link.survey())).toEqual(['shared']);
  expect((await bed.end(await bed.destroy('shared'))).messages).toEqual([]);
  expect(bed.simulator.snapshot()).toEqual(before);

  await terminatedHalfWay('shared', overOwnRouter());
  const description = String(service()?.description).replace(/vpn=\S+/, 'vpn=gone');
  Object.assign(service() ?? {}, { description });
  await bed.end(await bed.destroy('shared'));
  const survey = await link.survey();
  const of = { router, region: 'cbk' };
  expect(listed(survey)).toEqual([`router ${router}`]);
  expect(setOf(survey, of)?.strays).toMatchObject([{ kind: 'vpnService', why: 'unused service', region: 'cbk' }]);
  // A run that may be about to use it.
  bed.simulator.faults.add(NO_CONNECTION);
  const handle = await bed.provision('adopter', { check: 'none', ...overOwnRouter() });
  await bed.met(NO_CONNECTION);
  expect((await link.survey()).busy).toEqual(['adopter', `router/${router}`]);
  await expect(sweepAll(survey, of)).rejects.toThrow(VpnBusyError);
  bed.simulator.faults.clear();
  expect((await bed.end(handle)).messages).toEqual([]);
  expect((await sweepAll(survey, of)).removed).toEqual([]);
  expect((await bed.end(await bed.destroy('adopter'))).messages).toEqual([]);
  expect(bed.simulator.snapshot()).toEqual(before);

  bed.simulator.seed('cbk', 'vpnservice', {
    router_id: router,
    subnet_id: null,
    description: `regionlink owner=test@default step=router:${router} run=gone`,
  });
  expect((await sweepAll(await link.survey(), of)).removed).toHaveLength(1);
  expect(bed.simulator.snapshot()).toEqual(before);
}, 90_000);

test('a VPN service that goes just before its connection is made is made anew', async () => {
  const UNKNOWN = {
    method: 'POST',
    path: 'ipsec-site-connections$',
    region: 'dbl',
    fault: {
      kind: 'answer',
      status: 404,
      body: { NeutronError: { type: 'VPNServiceNotFound', message: 'VPNService could not be found', detail: '' } },
      effect: false,
    },
  } as const;
  bed.simulator.faults.add(UNKNOWN);
  // Time to take the service away before it is looked for again.
  const SLOW = {
    method: 'GET',
    path: 'vpnservices',
    region: 'dbl',
    times: 0,
    fault: { kind: 'delay', ms: 300 },
  } as const;
  bed.simulator.faults.add(SLOW);
  const handle = await bed.provision('overtaken', { check: 'none' });
  const { runId } = await handle.describe();
  await bed.met(UNKNOWN);
  const taken = region('dbl')
    .rows('vpnservice')
    .find((row) => String(row.description).includes(`run=${runId}`));
  region('dbl').delete('vpnservice', String(taken?.id));
  const { messages } = await bed.end(handle);
  expect(messages).toEqual([]);
  await bed.end(await bed.destroy('overtaken'));
  expect(bed.simulator.snapshot()).toEqual(before);
}, 60_000);
