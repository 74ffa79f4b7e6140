/**
 * Two at once: VPNs that race for one router's VPN service, and workers that are not of one mind. One service is left and both use it; a worker that
 * differs changes nothing.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KeyRing } from '../../src/activities/key-ring.js';
import { Clouds } from '../../src/openstack/clouds-config.js';
import type { FaultPlan } from '../../src/simulator/index.js';
import { type RunningWorker, startWorker } from '../../src/worker.js';
import { makeNetwork } from '../support/existing-network.js';
import { bundleOnce, PASSWORD, TestBed, workerConfig } from '../support/test-bed.js';

let bed: TestBed;

beforeAll(async () => {
  bed = await TestBed.start();
}, 120_000);

afterAll(() => bed.stop());

describe('two VPNs that race for the VPN service of one router', () => {
  const services = () => bed.simulator.regions.get('cbk')?.rows('vpnservice') ?? [];
  const connections = () => bed.simulator.regions.get('cbk')?.rows('ipsec_site_connection') ?? [];
  const slowPost: FaultPlan = {
    method: 'POST',
    path: '^/v2.0/vpn/vpnservices$',
    region: 'cbk',
    fault: { kind: 'delay', ms: 1_200 },
  };

  beforeAll(() => makeNetwork(bed.simulator, 'shared', '10.7.0.0/24'));

  const over = (cidr: string, more: Record<string, unknown> = {}) => ({
    check: 'none',
    sites: {
      left: { region: 'dbl', network: { subnets: [{ cidr }] } },
      right: { region: 'cbk', network: { router: 'shared-router', subnets: ['shared-subnet'] } },
    },
    ...more,
  });

  // Ids are drawn at random, and either may be the smaller: the race is run until both have been, and more.
  test('the late one adopts the service that is in use, whichever id is smaller', async () => {
    const before = bed.simulator.snapshot();
    for (let race = 0; race < 6; race++) {
      bed.simulator.faults.clear();
      bed.simulator.faults.add(slowPost);
      const late = await bed.provision('late', over('10.8.0.0/24'));
      // It has looked, found none and is making one, when the other comes, makes one as well and uses it.
      await bed.met(slowPost);
      const early = await bed.provision('early', over('10.9.0.0/24'));
      for (const run of [early, late]) expect((await bed.end(run)).messages).toEqual([]);
      expect(services()).toHaveLength(1);
      expect(connections().map((one) => one.vpnservice_id)).toEqual([services()[0]?.id, services()[0]?.id]);
      for (const name of ['early', 'late']) expect((await bed.end(await bed.destroy(name))).messages).toEqual([]);
      expect(bed.simulator.snapshot()).toEqual(before);
    }
  }, 120_000);

  test('a creator that rolls back leaves it to the one that adopted it, and the last one out removes it', async () => {
    const before = bed.simulator.snapshot();
    const refused: FaultPlan = {
      method: 'POST',
      path: '^/v2.0/vpn/ipsec-site-connections$',
      region: 'cbk',
      fault: { kind: 'delay', ms: 1_500 },
    };
    bed.simulator.faults.clear();
    bed.simulator.faults.add(refused);
    const creator = await bed.provision('creator', over('10.8.0.0/24'));
    await bed.met(refused);
    expect(services()).toHaveLength(1);
    expect((await bed.end(await bed.provision('adopter', over('10.9.0.0/24')))).messages).toEqual([]);
    await creator.cancel();
    expect((await bed.end(creator)).status).toBe('CANCELLED');
    expect(services()).toHaveLength(1);
    expect(connections()).toHaveLength(1);
    expect((await bed.end(await bed.destroy('adopter'))).messages).toEqual([]);
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
    return bundleOnce().then((bundle) =>
      startWorker(config, { address: bed.server.address, namespace: 'default' }, bundle),
    );
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
