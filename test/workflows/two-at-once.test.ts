/**
 * Two at once: VPNs that race for one router's VPN service, and workers that are not of one mind. One service is left and both use it; a worker that
 * differs changes nothing.
 */
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KeyRing } from '../../src/activities/key-ring.js';
import { Clouds } from '../../src/openstack/clouds-config.js';
import type { FaultPlan } from '../../src/simulator/index.js';
import { type RunningWorker, startWorker } from '../../src/worker.js';
import { makeNetwork } from '../support/existing-network.js';
import { PASSWORD, TestBed, WORKFLOWS, workerConfig } from '../support/test-bed.js';

let bed: TestBed;

beforeAll(async () => {
  // A call that is held may wait for a whole run of another.
  bed = await TestBed.start({ httpTimeoutMs: 60_000 });
}, 120_000);

afterAll(() => bed.stop());

describe('two VPNs that race for the VPN service of one router', () => {
  const services = () => bed.simulator.regions.get('cbk')?.rows('vpnservice') ?? [];
  const connections = () => bed.simulator.regions.get('cbk')?.rows('ipsec_site_connection') ?? [];

  /** Holds the next such calls in the region of the shared router until the faults are cleared. */
  const hold = (path: string, times = 1): FaultPlan => {
    const plan: FaultPlan = { method: 'POST', path, region: 'cbk', times, fault: { kind: 'hold' } };
    bed.simulator.faults.clear();
    bed.simulator.faults.add(plan);
    return plan;
  };
  const SERVICE = '^/v2.0/vpn/vpnservices$';
  const CONNECTION = '^/v2.0/vpn/ipsec-site-connections$';

  beforeAll(() => makeNetwork(bed.simulator, 'shared', '10.7.0.0/24'));

  const over = (cidr: string) => ({
    check: 'none',
    sites: {
      left: { region: 'dbl', network: { subnets: [{ cidr }] } },
      right: { region: 'cbk', network: { router: 'shared-router', subnets: ['shared-subnet'] } },
    },
  });

  const late = () => bed.provision('late', over('10.8.0.0/24'));
  const early = () => bed.provision('early', over('10.9.0.0/24'));

  const messagesOf = async (run: WorkflowHandle) => (await bed.end(run)).messages;

  /** Ids of services in the order in which they came to be, since a point of the log. */
  const madeSince = (mark: number) =>
    bed.simulator.log
      .slice(mark)
      .flatMap((call) => (call.region === 'cbk' && call.path === '/v2.0/vpn/vpnservices' ? call.effects : []))
      .flatMap(({ op, kind, id }) => (op === 'created' && kind === 'vpnservice' ? [id] : []));

  const bothUseTheOne = () => {
    expect(services()).toHaveLength(1);
    expect(connections().map((one) => one.vpnservice_id)).toEqual([services()[0]?.id, services()[0]?.id]);
  };

  /** Runs a race and both destroys. Resolves to whether the service that came first had the smaller id. */
  async function once(race: () => Promise<void>): Promise<boolean> {
    const before = bed.simulator.snapshot();
    const mark = bed.simulator.log.length;
    await race();
    bothUseTheOne();
    const [first = '', second = '', ...more] = madeSince(mark);
    expect(more).toEqual([]);
    for (const name of ['early', 'late']) expect(await messagesOf(await bed.destroy(name))).toEqual([]);
    expect(bed.simulator.snapshot()).toEqual(before);
    return first.localeCompare(second) < 0;
  }

  /** Ids are drawn at random, and either may be the smaller: the race is run until both have been. */
  async function untilEitherWasSmaller(race: () => Promise<void>): Promise<void> {
    const first = await once(race);
    while ((await once(race)) === first);
  }

  test('the late one adopts the service that is in use, whichever id is smaller', async () => {
    await untilEitherWasSmaller(async () => {
      // It has looked, found none and is making one, when the other comes, makes one as well and uses it.
      const held = hold(SERVICE);
      const slow = await late();
      await bed.met(held);
      expect(await messagesOf(await early())).toEqual([]);
      bed.simulator.faults.clear();
      expect(await messagesOf(slow)).toEqual([]);
    });
  }, 120_000);

  test('both have looked and found none: one service is left, whichever id is smaller', async () => {
    await untilEitherWasSmaller(async () => {
      const held = hold(SERVICE, 2);
      const runs = [await late(), await early()];
      await bed.met(held, 2);
      bed.simulator.faults.clear();
      for (const run of runs) expect(await messagesOf(run)).toEqual([]);
    });
  }, 120_000);

  test('a service that went between its step and its connection: the other end follows to the address of the one in its place', async () => {
    const before = bed.simulator.snapshot();
    const held = hold(CONNECTION);
    const run = await bed.provision('late', { ...over('10.8.0.0/24'), check: 'console' });
    await bed.met(held);
    // The rollback of another VPN that made it, say. Someone takes its address, so that the next service has another one.
    const region = bed.simulator.regions.get('cbk');
    const [service] = services();
    region?.delete('vpnservice', service?.id ?? '');
    const gateway = region?.rows('port').find((port) => port.device_owner === 'network:vpn_router_gateway');
    Object.assign(gateway ?? {}, { device_id: 'of someone else' });
    bed.simulator.faults.clear();
    const { messages, result } = await bed.end(run);
    expect(messages).toEqual([]);
    const [now] = services();
    expect(now?.external_v4_ip).not.toBe(service?.external_v4_ip);
    const [left] = bed.simulator.regions.get('dbl')?.rows('ipsec_site_connection') ?? [];
    expect([left?.peer_address, left?.peer_id]).toEqual([now?.external_v4_ip, now?.external_v4_ip]);
    const told = result?.sites.find((site) => site.key === 'right');
    expect(told?.address).toBe(now?.external_v4_ip);
    expect(told?.resources.find((one) => one.kind === 'vpnService')?.id).toBe(now?.id);
    expect(new Set(result?.sites[0]?.resources.map(({ action }) => action))).toEqual(new Set(['created']));
    expect(await messagesOf(await bed.destroy('late'))).toEqual([]);
    region?.delete('port', gateway?.id ?? '');
    expect(bed.simulator.snapshot()).toEqual(before);
  }, 60_000);

  test('a creator that rolls back leaves it to the one that adopted it, and the last one out removes it', async () => {
    const before = bed.simulator.snapshot();
    const held = hold(CONNECTION);
    const creator = await late();
    await bed.met(held);
    expect(services()).toHaveLength(1);
    expect(await messagesOf(await early())).toEqual([]);
    await creator.cancel();
    bed.simulator.faults.clear();
    expect((await bed.end(creator)).status).toBe('CANCELLED');
    expect(services()).toHaveLength(1);
    expect(connections()).toHaveLength(1);
    expect(await messagesOf(await bed.destroy('early'))).toEqual([]);
    expect(bed.simulator.snapshot()).toEqual(before);
  }, 60_000);

  test('a creator that rolls back, and after it the one that adopted it: none is left', async () => {
    const before = bed.simulator.snapshot();
    const held = hold(CONNECTION);
    const creator = await late();
    await bed.met(held);
    // Its connection stands here, and the other end's cannot be made yet.
    const stopped: FaultPlan = {
      ...held,
      region: 'dbl',
      times: 0,
      fault: { kind: 'answer', status: 503, body: {}, effect: false },
    };
    bed.simulator.faults.add(stopped);
    const adopter = await early();
    await expect.poll(() => connections().length, { timeout: 20_000 }).toBe(1);
    await creator.cancel();
    bed.simulator.faults.clear();
    bed.simulator.faults.add(stopped);
    expect((await bed.end(creator)).status).toBe('CANCELLED');
    expect(services()).toHaveLength(1);
    await adopter.cancel();
    bed.simulator.faults.clear();
    expect((await bed.end(adopter)).status).toBe('CANCELLED');
    expect(bed.simulator.snapshot()).toEqual(before);
  }, 60_000);

  test('the one that it was made for goes, and the other cannot remove it: a destroy of that one finishes the job', async () => {
    const before = bed.simulator.snapshot();
    for (const run of [await late(), await early()]) expect(await messagesOf(run)).toEqual([]);
    bothUseTheOne();
    const creator = /vpn=(\S+)/.exec(String(services()[0]?.description))?.[1] ?? '';
    const other = creator === 'late' ? 'early' : 'late';
    expect(await messagesOf(await bed.destroy(creator))).toEqual([]);
    expect(services()).toHaveLength(1);
    bed.simulator.faults.add({
      method: 'DELETE',
      path: '^/v2.0/vpn/vpnservices/',
      region: 'cbk',
      times: 0,
      fault: { kind: 'answer', status: 403, body: {}, effect: false },
    });
    expect((await bed.end(await bed.destroy(other))).type).toBe('Leftovers');
    expect([services().length, connections().length]).toEqual([1, 0]);
    bed.simulator.faults.clear();
    expect(await messagesOf(await bed.destroy(other))).toEqual([]);
    expect(bed.simulator.snapshot()).toEqual(before);
  }, 60_000);
});

describe('a worker that differs from the one that began a run', () => {
  const held: FaultPlan = {
    method: 'POST',
    path: '^/v2.0/routers$',
    region: 'cbk',
    times: 0,
    fault: { kind: 'answer', status: 503, body: {}, effect: false },
  };
  const QUEUE = 'differing';
  const own = KeyRing.parse('a'.repeat(64));

  function join(changes: Partial<ReturnType<typeof workerConfig>>): Promise<RunningWorker> {
    const config = { ...workerConfig(bed.simulator, { keys: own }), taskQueue: QUEUE, ...changes };
    return startWorker(config, { address: bed.server.address, namespace: 'default' }, WORKFLOWS);
  }

  /** A run whose first worker is gone after its look-ups and its first writes, with another in its place. */
  async function handOver(name: string, changes: Partial<ReturnType<typeof workerConfig>>) {
    bed.simulator.faults.clear();
    bed.simulator.faults.add(held);
    const first = await join({});
    const handle = await bed.provision(name, { check: 'none' }, QUEUE);
    await bed.met(held);
    const second = await join(changes);
    await first.stop();
    bed.simulator.faults.clear();
    return { handle, second };
  }

  test('in its master key: WorkerMismatch, and the clouds are as before', async () => {
    const before = bed.simulator.snapshot();
    const { handle, second } = await handOver('other-key', { keys: KeyRing.parse('b'.repeat(64)) });
    const ended = await bed.end(handle);
    expect([ended.status, ended.type]).toEqual(['FAILED', 'WorkerMismatch']);
    expect(ended.messages.join('\n')).toMatch(/master key/);
    expect(bed.simulator.snapshot()).toEqual(before);
    await second.stop();
  }, 60_000);

  test('in its project: it changes nothing, undoing included, until one that fits comes', async () => {
    const before = bed.simulator.snapshot();
    const login = {
      OS_AUTH_URL: bed.simulator.authUrl,
      OS_USERNAME: 'other',
      OS_PASSWORD: PASSWORD,
      OS_PROJECT_NAME: 'other',
      HOME: '/nonexistent',
    };
    const { handle, second } = await handOver('other-project', { clouds: Clouds.load(login, '/nonexistent') });
    const mark = bed.simulator.log.length;
    const told = () => bed.pendingFailures(handle);
    await expect
      .poll(told, { timeout: 20_000 })
      .toContainEqual(expect.stringMatching(/project .* but this worker has/));
    expect(bed.writesSince(mark)).toEqual([]);
    const right = await join({});
    await second.stop();
    const ended = await bed.end(handle);
    expect([ended.status, ended.type]).toEqual(['FAILED', 'WorkerMismatch']);
    expect(bed.simulator.snapshot()).toEqual(before);
    await right.stop();
  }, 60_000);
});
