/**
 * Writes that land after their client has given up and has already made another: the late one is found and removed, the one in use stays. `settleTime` is the bound.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { marksIn, TestBed } from '../support/test-bed.js';

let bed: TestBed;

beforeAll(async () => {
  bed = await TestBed.start();
}, 120_000);

// A case that failed must not fail the next one: nothing of it stays.
afterEach(async () => {
  bed.simulator.faults.clear();
  await bed.end(await bed.destroy('left-right'));
  (bed.simulator.log as unknown[]).length = 0;
});

afterAll(() => bed.stop());

describe('a create that hangs, and lands after the next attempt has made another', () => {
  for (const path of [
    'networks',
    'subnets',
    'routers',
    'vpn/ikepolicies',
    'vpn/vpnservices',
    'vpn/endpoint-groups',
    'vpn/ipsec-site-connections',
    'security-groups',
    'ports',
  ]) {
    test(`${path}: one is left, the VPN is whole, and destroy leaves nothing`, async () => {
      const before = bed.simulator.snapshot();
      bed.simulator.faults.clear();
      bed.simulator.faults.add({
        method: 'POST',
        path: `^/v2.0/${path}$`,
        region: 'cbk',
        fault: { kind: 'hang', lateMs: 500 },
      });
      const ended = await bed.end(
        await bed.provision('left-right', { check: /security|ports/.test(path) ? 'console' : 'none' }),
      );
      expect(ended.messages).toEqual([]);
      const late = bed.simulator.log.find((call) => call.status === 'hang');
      // Neutron itself refuses a second subnet that overlaps the first, and a port whose security group is gone by then.
      if (path !== 'subnets' && path !== 'ports') expect(late?.effects.map((effect) => effect.op)).toContain('created');
      const marks = marksIn(bed.simulator, 'left-right');
      expect(marks).toEqual([...new Set(marks)]);
      expect(bed.simulator.regions.get('cbk')?.rows('vpnservice').length).toBe(1);
      expect(ended.result?.links[0]?.statuses).toEqual({ left: 'ACTIVE', right: 'ACTIVE' });
      await bed.end(await bed.destroy('left-right'));
      expect(bed.simulator.snapshot()).toEqual(before);
    }, 60_000);
  }

  test('and the run fails meanwhile: the late one is removed as well', async () => {
    const before = bed.simulator.snapshot();
    bed.simulator.faults.clear();
    bed.simulator.faults.add({
      method: 'POST',
      path: '^/v2.0/networks$',
      region: 'cbk',
      fault: { kind: 'hang', lateMs: 900 },
    });
    bed.simulator.faults.add({
      method: 'POST',
      path: '^/v2.0/subnets$',
      region: 'cbk',
      fault: { kind: 'answer', status: 403, effect: false },
    });
    const ended = await bed.end(await bed.provision('left-right', { check: 'none' }));
    expect(ended.status).toBe('FAILED');
    expect(bed.simulator.log.find((call) => call.status === 'hang')?.effects.length).toBeGreaterThan(0);
    expect(bed.simulator.snapshot()).toEqual(before);
  }, 60_000);
});

test('a whole region away for a while delays a run and nothing else', async () => {
  const before = bed.simulator.snapshot();
  bed.simulator.faults.clear();
  bed.simulator.faults.add({
    region: 'cbk',
    service: 'network',
    skip: 20,
    times: 60,
    fault: { kind: 'reset', effect: false },
  });
  const ended = await bed.end(await bed.provision('left-right', { check: 'none' }));
  expect(ended.messages).toEqual([]);
  await bed.end(await bed.destroy('left-right'));
  expect(bed.simulator.snapshot()).toEqual(before);
}, 60_000);

test('a VPN service that its failed create left in ERROR is removed first, then made anew', async () => {
  const before = bed.simulator.snapshot();
  const region = bed.simulator.regions.get('cbk');
  // As the OVN driver answers when no agent is there: the POST fails, and the row stays.
  bed.simulator.faults.add({
    method: 'POST',
    path: '^/v2.0/vpn/vpnservices$',
    region: 'cbk',
    fault: {
      kind: 'answer',
      status: 503,
      headers: { 'Retry-After': '1' },
      body: { NeutronError: { type: 'NoVPNAgentAvailable', message: 'No VPN agent available', detail: '' } },
      effect: true,
    },
  });
  const run = await bed.provision('left-right', { check: 'none' });
  await expect.poll(() => region?.rows('vpnservice').length, { timeout: 20_000, interval: 2 }).toBe(1);
  const [broken] = region?.rows('vpnservice') ?? [];
  if (broken !== undefined) broken.status = 'ERROR';
  const ended = await bed.end(run);
  expect(ended.messages).toEqual([]);
  const services = region?.rows('vpnservice') ?? [];
  expect(services).toHaveLength(1);
  expect(services[0]?.id).not.toBe(broken?.id);
  await bed.end(await bed.destroy('left-right'));
  expect(bed.simulator.snapshot()).toEqual(before);
}, 60_000);

describe('a late effect that comes after its run has ended, beyond settleTime', () => {
  const ours = (table: 'ikepolicy' | 'router') =>
    bed.simulator.regions
      .get('cbk')
      ?.rows(table)
      .filter((row) => String(row.description).includes('owner=test@default vpn=left-right ')).length;
  const policies = () => ours('ikepolicy');

  async function applied(table: 'ikepolicy' | 'router' = 'ikepolicy'): Promise<void> {
    const path = { ikepolicy: '^/v2.0/vpn/ikepolicies$', router: '^/v2.0/routers$' }[table];
    bed.simulator.faults.add({ method: 'POST', path, region: 'cbk', fault: { kind: 'hold' } });
    const ended = await bed.end(await bed.provision('left-right', { check: 'none', settleTime: '1s' }));
    expect(ended.messages).toEqual([]);
    expect(ours(table)).toBe(1);
    // Its client has long given up; it takes effect now.
    bed.simulator.faults.clear();
    await expect.poll(() => ours(table), { timeout: 20_000 }).toBe(2);
  }

  test('is removed by the next apply', async () => {
    const before = bed.simulator.snapshot();
    await applied();
    const again = await bed.end(await bed.provision('left-right', { check: 'none' }));
    expect(again.messages).toEqual([]);
    expect(policies()).toBe(1);
    await bed.end(await bed.destroy('left-right'));
    expect(bed.simulator.snapshot()).toEqual(before);
  }, 60_000);

  test('is removed by destroy', async () => {
    const before = bed.simulator.snapshot();
    await applied();
    await bed.end(await bed.destroy('left-right'));
    expect(bed.simulator.snapshot()).toEqual(before);
  }, 60_000);

  test('a router, of which others are part: destroy finds those at the one that is used', async () => {
    const before = bed.simulator.snapshot();
    await applied('router');
    expect((await bed.end(await bed.destroy('left-right'))).messages).toEqual([]);
    expect(bed.simulator.snapshot()).toEqual(before);
  }, 60_000);
});

test.each([
  ['vpn/ikepolicies', { ikepolicies: [] }],
  ['networks', { networks: [] }],
  ['vpn/vpnservices', { vpnservices: [] }],
  ['ports', { ports: [] }],
])(
  'what a destroy has found and a later list does not show is removed by its id: %s',
  async (path, body) => {
    const before = bed.simulator.snapshot();
    expect((await bed.end(await bed.provision('left-right', { check: 'none' }))).messages).toEqual([]);
    // After the inventory's look.
    bed.simulator.faults.add({
      method: 'GET',
      path: `^/v2.0/${path}$`,
      region: 'cbk',
      skip: 1,
      fault: { kind: 'answer', status: 200, body, effect: true },
    });
    expect((await bed.end(await bed.destroy('left-right'))).messages).toEqual([]);
    expect(bed.simulator.faults.list()).toMatchObject([{ acted: 1 }]);
    expect(bed.simulator.snapshot()).toEqual(before);
  },
  60_000,
);

test('a login that is refused in the middle of a rollback is waited for, and so is a service that refuses its token', async () => {
  const before = bed.simulator.snapshot();
  const error = {
    error: { code: 401, title: 'Unauthorized', message: 'The request you have made requires authentication.' },
  };
  const refused = { kind: 'answer', status: 401, body: error, effect: false } as const;
  const { faults } = bed.simulator;
  faults.add({
    method: 'POST',
    path: '^/v2.0/vpn/ipsec-site-connections$',
    region: 'cbk',
    fault: { kind: 'answer', status: 403, effect: false },
  });
  faults.add({ method: 'DELETE', path: '^/v2.0/networks/', region: 'cbk', fault: refused });
  faults.add({ method: 'POST', path: '^/v3/auth/tokens$', fault: refused });
  faults.add({ method: 'DELETE', path: '^/v2.0/vpn/ikepolicies/', region: 'dbl', times: 2, fault: refused });
  const ended = await bed.end(await bed.provision('left-right', { check: 'none' }));
  expect([ended.status, ended.type]).toEqual(['FAILED', 'CloudRefused']);
  expect(faults.list().map(({ acted }) => acted)).toEqual([1, 1, 1, 2]);
  expect(bed.simulator.snapshot()).toEqual(before);
}, 60_000);
