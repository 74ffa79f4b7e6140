/**
 * A tunnel that does not come up by itself: what is tried, in which order, on whose resources, and that no service is ever left down for it.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Regions } from '../../src/openstack/region.js';
import type { FaultPlan } from '../../src/simulator/index.js';
import { makeNetwork } from '../support/existing-network.js';
import { type Ended, TestBed, tutorialSpec, workerConfig } from '../support/test-bed.js';

let bed: TestBed;
let standing: Awaited<ReturnType<typeof stand>>;

/** Long enough for what is due at its half to show an effect before its end. */
const SHORT = { check: 'none', tunnelTimeout: '3s' };

beforeAll(async () => {
  bed = await TestBed.start();
  standing = await stand();
}, 120_000);

afterAll(() => bed.stop());

afterEach(() => {
  bed.simulator.faults.clear();
  expect(bed.simulator.snapshot()).toEqual(standing);
});

/** A VPN that stands, beside which and over which the others run. */
async function stand() {
  expect((await bed.end(await bed.provision('standing', { check: 'none' }))).messages).toEqual([]);
  return bed.simulator.snapshot();
}

/** Region cbk's agent forgets its connections with the next look at them, until it is told to look again. Without `until` it only reports them so, and packets pass. */
function forget(
  until: 'routerUpdate' | 'serviceUpdate' | 'never' | undefined,
  { method = 'GET', status = 'DOWN' }: { method?: string; status?: string } = {},
): void {
  bed.simulator.faults.add({
    method,
    path: '^/v2.0/vpn/ipsec-site-connections$',
    region: 'cbk',
    fault: { kind: 'stick', resource: 'ipsec_site_connection', status, ...(until === undefined ? {} : { until }) },
  });
}

const PUT_ROUTER = { method: 'PUT', path: '^/v2.0/routers/', region: 'cbk' } as const;
const PUT_SERVICE = { method: 'PUT', path: '^/v2.0/vpn/vpnservices/', region: 'cbk' } as const;

/** Updates of routers and services since a point of the log. */
function updatesSince(mark: number): readonly string[] {
  return bed.writesSince(mark).filter((call) => call.startsWith('PUT') && !call.includes('interface'));
}

function serviceOf(vpn: string) {
  const region = bed.simulator.regions.get('cbk');
  const connection = region
    ?.rows('ipsec_site_connection')
    .find((one) => String(one.description).includes(` vpn=${vpn} `));
  return region?.get('vpnservice', connection?.vpnservice_id);
}

const NUDGE = 'PUT cbk /v2.0/routers/{id}';
const SET = 'PUT cbk /v2.0/vpn/vpnservices/{id}';
const nudgesOf = (result: Ended['result']) => result?.warnings.filter((one) => one.includes('by itself')) ?? [];
const count = (calls: readonly string[], call: string) => calls.filter((one) => one === call).length;

async function applied(vpn = 'standing', changes: Record<string, unknown> = {}): Promise<Ended> {
  return bed.end(await bed.provision(vpn, { ...SHORT, ...changes }));
}

describe('over a VPN that stands', () => {
  test('an agent that forgot is reminded by a router update that changes nothing, which is told; no service is touched', async () => {
    forget('routerUpdate');
    const mark = bed.simulator.log.length;
    const { messages, result } = await applied();
    expect(messages).toEqual([]);
    expect(result?.links[0]?.statuses).toEqual({ left: 'ACTIVE', right: 'ACTIVE' });
    const updates = updatesSince(mark);
    expect([...updates].sort()).toEqual([NUDGE, 'PUT dbl /v2.0/routers/{id}']);
    expect([...nudgesOf(result)].sort()).toEqual([
      expect.stringMatching(
        /^tunnel left ↔ right did not come up by itself; after 1 s: router left-router \(\S+\) of left was updated without a change/,
      ),
      expect.stringMatching(/did not come up by itself; after 1 s: router right-router \(\S+\) of right was updated/),
    ]);
  }, 60_000);

  test('an agent that has reported the service and lost its connection is reminded at once, and no other', async () => {
    forget('routerUpdate', { status: 'PENDING_CREATE' });
    const mark = bed.simulator.log.length;
    const { messages, result } = await applied('standing', { tunnelTimeout: '20s' });
    expect(messages).toEqual([]);
    expect(result?.links[0]?.statuses).toEqual({ left: 'ACTIVE', right: 'ACTIVE' });
    expect(updatesSince(mark)).toEqual([NUDGE]);
    expect(nudgesOf(result)).toEqual([
      expect.stringMatching(/after \d s: router right-router \(\S+\) of right was updated/),
    ]);
  }, 60_000);

  test('packets pass and one status stays away: its agent is reminded, and told is what it is', async () => {
    forget(undefined, { status: 'PENDING_CREATE' });
    const update: FaultPlan = { ...PUT_ROUTER, fault: { kind: 'delay', ms: 0 } };
    bed.simulator.faults.add(update);
    const handle = await bed.provision('standing', { check: 'console' });
    expect(await bed.met(update)).toBe(true);
    bed.simulator.faults.clear();
    const { messages, result } = await bed.end(handle);
    expect(messages).toEqual([]);
    expect(result?.proof).toBe('proven');
    expect(nudgesOf(result)).toEqual([
      expect.stringMatching(
        /^tunnel left ↔ right carries packets and did not become ACTIVE by itself; after \d+ s: router right-router/,
      ),
    ]);
  }, 60_000);

  test('what that does not help is helped by setting the service down and up, and after it alone', async () => {
    forget('serviceUpdate');
    const mark = bed.simulator.log.length;
    const { messages, result } = await applied();
    expect(messages).toEqual([]);
    const updates = updatesSince(mark).filter((call) => call.includes(' cbk '));
    expect(updates).toEqual([NUDGE, SET, SET]);
    expect(nudgesOf(result)).toHaveLength(4);
    expect(nudgesOf(result).join()).toMatch(/after 2 s: VPN service vpn2 \(\S+\) of right was set down and up again/);
    expect(serviceOf('standing')?.admin_state_up).toBe(true);
  }, 60_000);

  test('what nothing helps ends with all that was tried in the failure', async () => {
    forget('never');
    const { type, messages } = await applied();
    expect(type).toBe('TunnelDown');
    expect(messages[0]).toMatch(
      /Tried meanwhile: after 1 s: router .*; after 1 s: router .*; after 2 s: VPN service .* set down and up again; after 2 s: VPN service .* set down and up again\. Both ends agree/,
    );
  }, 60_000);

  test('cancelled between down and up: it is set up before the run ends', async () => {
    forget('never');
    // Its agent is asked whether it has seen it: the first look at the service after it was set down.
    const look: FaultPlan = { method: 'PUT', path: PUT_SERVICE.path, region: 'cbk', fault: { kind: 'lag', ms: 200 } };
    bed.simulator.faults.add(look);
    const mark = bed.simulator.log.length;
    const handle = await bed.provision('standing', SHORT);
    expect(await bed.cancelAt(look, handle)).toBe(true);
    expect(serviceOf('standing')?.admin_state_up).toBe(false);
    expect((await bed.end(handle)).status).toBe('CANCELLED');
    expect(count(updatesSince(mark), SET)).toBe(2);
    expect(serviceOf('standing')?.admin_state_up).toBe(true);
  }, 60_000);

  test.each<[string, FaultPlan['fault'], number]>([
    ['the up is refused once', { kind: 'answer', status: 500, body: {}, effect: false }, 1],
    ['the answer to the down is lost', { kind: 'reset', effect: true }, 0],
    ['the answer to the up is lost', { kind: 'reset', effect: true }, 1],
    ['the down gets no answer and takes effect late', { kind: 'hang', lateMs: 700 }, 0],
  ])(
    '%s: the service is up in the end',
    async (_, fault, skip) => {
      forget('serviceUpdate');
      bed.simulator.faults.add({ ...PUT_SERVICE, skip, fault });
      await applied('standing', { tunnelTimeout: '6s' });
      expect(serviceOf('standing')?.admin_state_up).toBe(true);
    },
    60_000,
  );

  test('the up is refused as often as one attempt sends it: the next one sets it up first', async () => {
    forget('serviceUpdate');
    const fault = { kind: 'answer', status: 409, body: {}, effect: false } as const;
    bed.simulator.faults.add({ ...PUT_SERVICE, skip: 1, times: 3, fault });
    const { messages } = await applied('standing', { tunnelTimeout: '6s' });
    expect(messages).toEqual([]);
    expect(serviceOf('standing')?.admin_state_up).toBe(true);
  }, 60_000);

  test('a down that lands after the tunnel is up is found and undone before the run ends', async () => {
    // Late in reporting and no more: the tunnel counts as up once the report comes, before the late effect.
    bed.simulator.faults.add({
      method: 'GET',
      path: '^/v2.0/vpn/ipsec-site-connections$',
      region: 'dbl',
      fault: { kind: 'stick', resource: 'ipsec_site_connection', status: 'DOWN' },
    });
    const late: FaultPlan = { ...PUT_SERVICE, fault: { kind: 'hang', lateMs: 2_500 } };
    bed.simulator.faults.add(late);
    const handle = await bed.provision('standing', { check: 'none', settleTime: '5s', tunnelTimeout: '6s' });
    expect(await bed.met(late)).toBe(true);
    bed.simulator.regions.get('dbl')?.stuck.clear();
    expect((await bed.end(handle)).messages).toEqual([]);
    expect((await bed.progress(handle)).phases).toContain('settling');
    const sets = bed.simulator.log.filter((call) => call.method === 'PUT' && /vpnservices.*/.test(call.path));
    const own = sets.filter((call) => call.region === 'cbk').slice(-3);
    // Logged when it acts: up, the late down, and up again.
    expect(own.map((call) => call.status)).toEqual([200, 'hang', 200]);
    expect(serviceOf('standing')?.admin_state_up).toBe(true);
  }, 60_000);

  test('a service of ours that someone has set down is set up, and set down again where the run fails', async () => {
    const service = serviceOf('standing');
    Object.assign(service ?? {}, { admin_state_up: false });
    forget('never');
    expect((await applied()).type).toBe('TunnelDown');
    expect(service?.admin_state_up).toBe(false);
    bed.simulator.faults.clear();
    const { messages, result } = await applied();
    expect(messages).toEqual([]);
    expect(result?.sites[1]?.resources.find((one) => one.kind === 'vpnService')?.action).toBe('updated');
    expect(serviceOf('standing')?.admin_state_up).toBe(true);
  }, 60_000);
});

describe('a new VPN', () => {
  /** A router's leg is DOWN, and each look at it is counted. */
  const LEG: FaultPlan = {
    method: 'PUT',
    path: '/add_router_interface$',
    region: 'cbk',
    fault: { kind: 'stick', resource: 'port', status: 'DOWN' },
  };
  const LOOKS: FaultPlan = {
    method: 'GET',
    path: '^/v2.0/ports/[^/]+$',
    region: 'cbk',
    times: 0,
    fault: { kind: 'delay', ms: 0 },
  };
  const connections = (mark: number) => count(bed.writesSince(mark), 'POST cbk /v2.0/vpn/ipsec-site-connections');

  test("a router's leg that is plugged late: its connection is made after that", async () => {
    bed.simulator.faults.add(LEG);
    bed.simulator.faults.add(LOOKS);
    const mark = bed.simulator.log.length;
    const handle = await bed.provision('legs', { ...SHORT, tunnelTimeout: '30s' });
    await bed.met(LOOKS, 3);
    expect(connections(mark)).toBe(0);
    bed.simulator.faults.clear();
    expect((await bed.end(handle)).messages).toEqual([]);
    expect(connections(mark)).toBe(1);
    expect((await bed.end(await bed.destroy('legs'))).messages).toEqual([]);
  }, 60_000);

  test("a router's leg that is never said to be plugged: its connection is made all the same", async () => {
    bed.simulator.faults.add(LEG);
    bed.simulator.faults.add(LOOKS);
    expect((await applied('legs', { tunnelTimeout: '30s' })).messages).toEqual([]);
    expect(await bed.met(LOOKS, 3)).toBe(true);
    bed.simulator.faults.clear();
    expect((await bed.end(await bed.destroy('legs'))).messages).toEqual([]);
  }, 60_000);

  test('proven by ping: its agent is reminded while the test VMs ping', async () => {
    forget('serviceUpdate', { method: 'POST' });
    const { messages, result } = await applied('pinged', { check: 'console', tunnelTimeout: '6s' });
    expect(messages).toEqual([]);
    expect(result?.proof).toBe('proven');
    expect(result?.warnings.join()).toMatch(/ping left ↔ right did not come up by itself; after \d s: router/);
    expect((await bed.end(await bed.destroy('pinged'))).messages).toEqual([]);
  }, 60_000);

  test('a router has one daemon: no service of it is set down while another one of it carries a connection', async () => {
    forget('never');
    const mark = bed.simulator.log.length;
    const run = await bed.provision('standing', SHORT);
    await expect.poll(() => count(updatesSince(mark), NUDGE), { timeout: 30_000, interval: 5 }).toBe(1);
    // Someone makes a second service at that moment, which Neutron lets them.
    const region = bed.simulator.regions.get('cbk');
    const { id: _, ...service } = serviceOf('standing') ?? {};
    const { id: own } = bed.simulator.seed('cbk', 'vpnservice', { ...service, name: 'theirs', description: '' });
    const carried = { name: 'theirs', description: '', vpnservice_id: own, psk: 'of-theirs', status: 'ACTIVE' };
    const { id: connection } = bed.simulator.seed('cbk', 'ipsec_site_connection', carried);
    const { type, messages } = await bed.end(run);
    region?.delete('ipsec_site_connection', String(connection));
    region?.delete('vpnservice', String(own));
    region?.stuck.clear();
    expect(type).toBe('TunnelDown');
    expect(messages[0]).toMatch(/of right was left as it is: other connections use its router/);
    expect(count(updatesSince(mark), SET)).toBe(0);
  }, 60_000);

  test('over a router whose service another VPN uses, or that is not ours: only the router is updated', async () => {
    await makeNetwork(bed.simulator, 'own', '10.7.0.0/24');
    const existing = bed.simulator.snapshot();
    const { sites } = tutorialSpec() as { sites: Record<string, unknown> };
    const over = { region: 'cbk', network: { router: 'own-router', subnets: ['own-subnet'] } };
    expect((await applied('first', { sites: { ...sites, right: over } })).messages).toEqual([]);
    const one = bed.simulator.snapshot();
    forget('never', { method: 'POST' });
    const mark = bed.simulator.log.length;
    const left = { region: 'dbl', network: { subnets: [{ cidr: '10.8.0.0/24' }] } };
    const second = await applied('second', { sites: { left, right: over } });
    expect(second.type).toBe('TunnelDown');
    expect(second.messages[0]).toMatch(/router own-router \(\S+\) of right was updated without a change/);
    expect(second.messages[0]).toMatch(
      /VPN service \S+ \(\S+\) of right was left as it is: other connections use its router/,
    );
    expect(count(updatesSince(mark), SET)).toBe(0);
    expect(bed.simulator.snapshot()).toEqual(one);
    expect((await bed.end(await bed.destroy('first'))).messages).toEqual([]);
    bed.simulator.faults.clear();

    const region = new Regions().open(workerConfig(bed.simulator).clouds.get(undefined), 'cbk');
    const router = bed.simulator.regions
      .get('cbk')
      ?.rows('router')
      .find((row) => row.name === 'own-router');
    const foreign = await region.create('vpnServices', { router_id: router?.id, name: 'theirs' }, { timeoutMs: 2_000 });
    forget('never', { method: 'POST' });
    const again = bed.simulator.log.length;
    const third = await applied('third', { sites: { left, right: over } });
    expect(third.messages[0]).toMatch(/VPN service theirs \(\S+\) of right was left as it is: it is not ours/);
    expect(count(updatesSince(again), SET)).toBe(0);
    await region.remove('vpnServices', foreign.id, { timeoutMs: 2_000 });
    expect(bed.simulator.snapshot()).toEqual(existing);
    standing = existing;
  }, 60_000);
});
