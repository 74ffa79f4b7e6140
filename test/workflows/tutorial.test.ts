/**
 * The main job: the tutorial's VPN from nothing, proven, applied again, destroyed; and nothing secret in anything that was recorded on the way.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { REGIONS, TestBed } from '../support/test-bed.js';

let bed: TestBed;

beforeAll(async () => {
  bed = await TestBed.start();
}, 120_000);

afterAll(() => bed.stop());

test('the tutorial stands as the tutorial has it, proven both ways, and leaves as it came', async () => {
  const before = bed.simulator.snapshot();
  const handle = await bed.provision('left-right');
  const { status, result, messages, events } = await bed.end(handle);
  expect(messages).toEqual([]);
  expect(status).toBe('COMPLETED');
  expect(events).toBeLessThan(300);
  expect(result?.proof).toBe('proven');

  const names = result?.sites.map((site) => site.resources.map((one) => one.name).sort());
  expect(names).toEqual([
    [
      'conn',
      'ikepolicy',
      'ipsecpolicy',
      'left-local-epg',
      'left-network',
      'left-peer-epg',
      'left-router',
      'left-router',
      'left-subnet',
      'left-subnet',
      'vpn',
    ],
    [
      'conn2',
      'ikepolicy',
      'ipsecpolicy',
      'right-local-epg',
      'right-network',
      'right-peer-epg',
      'right-router',
      'right-router',
      'right-subnet',
      'right-subnet',
      'vpn2',
    ],
  ]);
  const [link] = result?.links ?? [];
  expect(link?.statuses).toEqual({ left: 'ACTIVE', right: 'ACTIVE' });
  expect(link?.ping.map(({ from, to, lossPercent, sent }) => ({ from, to, lossPercent, sent }))).toEqual([
    { from: 'left', to: 'right', lossPercent: 0, sent: 5 },
    { from: 'right', to: 'left', lossPercent: 0, sent: 5 },
  ]);
  // Each end calls the other's VPN service, whose address is not its router's in the second region.
  const region = bed.simulator.regions.get('dbl');
  const connection = region?.rows('ipsec_site_connection').find((row) => row.name === 'conn');
  expect(connection?.peer_address).toBe(result?.sites[1]?.address);
  const ike = region?.get('ikepolicy', connection?.ikepolicy_id);
  expect(ike).toMatchObject({
    ike_version: 'v1',
    auth_algorithm: 'sha1',
    encryption_algorithm: 'aes-128',
    pfs: 'group5',
  });
  // Nothing is left of the test VMs.
  for (const name of REGIONS) {
    expect(bed.simulator.regions.get(name)?.rows('server')).toEqual([]);
    expect(
      bed.simulator.regions
        .get(name)
        ?.rows('port')
        .filter((port) => String(port.description).includes('owner=test@default vpn=left-right ')),
    ).toEqual([]);
  }
  expect(bed.simulator.secrets.size).toBeGreaterThanOrEqual(3);
  expect(await bed.leakedSecrets()).toEqual([]);

  const mark = bed.simulator.log.length;
  const standing = bed.simulator.snapshot();
  const again = await bed.end(await bed.provision('left-right'));
  expect(again.messages).toEqual([]);
  expect(bed.simulator.snapshot()).toEqual(standing);
  const beyondCheck = bed.writesSince(mark).filter((write) => !/servers|ports|security-group/.test(write));
  expect(beyondCheck).toEqual([]);

  const gone = await bed.end(await bed.destroy('left-right'));
  expect(gone.messages).toEqual([]);
  expect(bed.simulator.snapshot()).toEqual(before);
  expect((await bed.end(await bed.destroy('left-right'))).messages).toEqual([]);
  expect(await bed.leakedSecrets()).toEqual([]);
}, 120_000);

test('without a check a run ends unproven and says so', async () => {
  const { result } = await bed.end(await bed.provision('quiet', { check: 'none' }));
  expect(result?.proof).toBe('unproven');
  expect(result?.links[0]?.statuses).toEqual({ left: 'ACTIVE', right: 'ACTIVE' });
  await bed.end(await bed.destroy('quiet'));
}, 60_000);

test('a spec with faults fails at once with all of them, and touches nothing', async () => {
  const mark = bed.simulator.log.length;
  const handle = await bed.provision('broken', {
    psk: 'hunter2-hunter2',
    ike: { encryption: 'rot13' },
    retryFor: 'soon',
    onFailure: 'pray',
    externalNetwrk: 'x',
  });
  const ended = await bed.end(handle);
  expect(ended.status).toBe('FAILED');
  expect(ended.type).toBe('InvalidSpec');
  const text = ended.messages.join('\n');
  for (const path of ['psk', 'ike.encryption', 'retryFor', 'onFailure', 'externalNetwrk']) expect(text).toContain(path);
  expect(text).not.toContain('hunter2');
  expect(bed.simulator.log.slice(mark)).toEqual([]);
}, 60_000);

test('what a cloud lacks is told for both sites before anything is touched', async () => {
  const [left, right] = REGIONS.map((name) => bed.simulator.regions.get(name));
  left?.extensions.delete('vpnaas');
  const mark = bed.simulator.log.length;
  const ended = await bed.end(await bed.provision('lacking', { externalNetwork: 'nowhere' }));
  left?.extensions.add('vpnaas');
  expect(ended.type).toBe('CloudNotSuitable');
  const text = ended.messages.join('\n');
  expect(text).toContain('vpnaas');
  expect(text).toContain('external network "nowhere" is not known in region cbk');
  expect(text).toContain('ext-net');
  expect(bed.writesSince(mark)).toEqual([]);
  expect(right?.rows('network').some((row) => String(row.description).includes('vpn=lacking'))).toBe(false);
}, 60_000);
