/** Sites whose network is there already: steps one and two are skipped, and nothing of it is changed or removed. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeNetwork } from '../support/existing-network.js';
import { TestBed, tutorialSpec } from '../support/test-bed.js';

let bed: TestBed;

beforeAll(async () => {
  bed = await TestBed.start();
}, 120_000);

afterAll(() => bed.stop());

function specWith(right: Record<string, unknown>): Record<string, unknown> {
  const { sites } = tutorialSpec() as { sites: Record<string, unknown> };
  return { sites: { ...sites, right: { region: 'cbk', network: right } } };
}

test('the VPN stands over them, proven, and leaves them as they were', async () => {
  await makeNetwork(bed.simulator, 'own', '10.7.0.0/24');
  const before = bed.simulator.snapshot();
  const { messages, result } = await bed.end(
    await bed.provision('to-existing', specWith({ router: 'own-router', subnets: ['own-subnet'] })),
  );
  expect(messages).toEqual([]);
  expect(result?.proof).toBe('proven');
  expect(result?.sites[1]?.resources.map((one) => one.kind).sort()).toEqual([
    'ikePolicy',
    'ipsecPolicy',
    'localEndpointGroup',
    'peerEndpointGroup',
    'siteConnection',
    'vpnService',
  ]);
  expect((await bed.end(await bed.destroy('to-existing'))).messages).toEqual([]);
  expect(bed.simulator.snapshot()).toEqual(before);
}, 60_000);

test('at both sites: only the VPN itself is made, and a router is not joined with itself', async () => {
  await makeNetwork(bed.simulator, 'near', '10.11.0.0/24');
  const before = bed.simulator.snapshot();
  const at = (router: string, ...subnets: readonly string[]) => ({ region: 'cbk', network: { router, subnets } });
  const sites = { left: at('near-router', 'near-subnet'), right: at('own-router', 'own-subnet') };
  const mark = bed.simulator.log.length;
  const { messages, result } = await bed.end(await bed.provision('both', { sites, check: 'none' }));
  expect(messages).toEqual([]);
  expect(result?.links[0]?.statuses).toEqual({ left: 'ACTIVE', right: 'ACTIVE' });
  expect(bed.writesSince(mark).filter((write) => !write.includes('/vpn/'))).toEqual([]);
  expect((await bed.end(await bed.destroy('both'))).messages).toEqual([]);
  expect(bed.simulator.snapshot()).toEqual(before);
  const same = { ...sites, left: at('own-router', 'own-subnet') };
  const ended = await bed.end(await bed.provision('itself', { sites: same, check: 'none' }));
  expect(ended.messages.join('\n')).toContain('sites left and right name the same router own-router');
}, 60_000);

test('two VPNs over one router share its one VPN service, and the last one out removes it', async () => {
  const before = bed.simulator.snapshot();
  const services = () => bed.simulator.regions.get('cbk')?.rows('vpnservice') ?? [];
  const right = { router: 'own-router', subnets: ['own-subnet'] };
  const runs = await Promise.all([
    bed.provision('one', { ...specWith(right), check: 'none' }),
    bed.provision('two', { ...second(right), check: 'none' }),
  ]);
  for (const run of runs) expect((await bed.end(run)).messages).toEqual([]);
  expect(services()).toHaveLength(1);
  expect((await bed.end(await bed.destroy('one'))).messages).toEqual([]);
  expect(services()).toHaveLength(1);
  expect((await bed.end(await bed.destroy('two'))).messages).toEqual([]);
  expect(bed.simulator.snapshot()).toEqual(before);
}, 60_000);

function second(right: Record<string, unknown>): Record<string, unknown> {
  return {
    sites: {
      left: { region: 'dbl', network: { subnets: [{ cidr: '10.8.0.0/24' }] } },
      right: { region: 'cbk', network: right },
    },
  };
}

test('what does not fit is told with the candidates, before anything is touched', async () => {
  await makeNetwork(bed.simulator, 'twin', '10.9.0.0/24');
  await makeNetwork(bed.simulator, 'twin', '10.10.0.0/24');
  const mark = bed.simulator.log.length;
  const ended = await bed.end(
    await bed.provision('ambiguous', specWith({ router: 'twin-router', subnets: ['own-subnet'] })),
  );
  expect(ended.type).toBe('CloudNotSuitable');
  expect(ended.messages.join('\n')).toMatch(
    /router "twin-router" is ambiguous: name it by id.*candidates: twin-router \(.*twin-router \(/,
  );
  const detached = await bed.end(
    await bed.provision('detached', specWith({ router: 'own-router', subnets: [twinSubnet()] })),
  );
  expect(detached.messages.join('\n')).toContain('is not attached to router own-router');
  const overlapping = await bed.end(
    await bed.provision('overlapping', {
      sites: {
        left: { region: 'dbl', network: { subnets: [{ cidr: '10.7.0.0/25' }] } },
        right: { region: 'cbk', network: { router: 'own-router', subnets: ['own-subnet'] } },
      },
    }),
  );
  expect(overlapping.messages.join('\n')).toContain('10.7.0.0/24 of site right overlaps 10.7.0.0/25 of site left');
  expect(bed.writesSince(mark)).toEqual([]);
}, 60_000);

function twinSubnet(): string {
  return String(
    bed.simulator.regions
      .get('cbk')
      ?.rows('subnet')
      .find((row) => row.name === 'twin-subnet')?.id,
  );
}
