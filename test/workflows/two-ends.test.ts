/** Two ends that say things of their own: ids by which each knows the other, what may differ, words behind the mark; and all that can change in place. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { provisionText } from '../../src/cli/result-text.js';
import type { Row } from '../../src/simulator/state.js';
import { TestBed } from '../support/test-bed.js';

let bed: TestBed;

beforeAll(async () => {
  bed = await TestBed.start();
}, 120_000);

afterAll(() => bed.stop());

/** The tutorial's sites with sound crypto, and what each says of its own. */
function ends(left: object, right: object): Record<string, unknown> {
  const site = (region: string, cidr: string) => ({ region, network: { subnets: [{ cidr }] } });
  const sites = {
    left: { ...site('dbl', '10.1.0.0/24'), ...left },
    right: { ...site('cbk', '10.2.0.0/24'), ...right },
  };
  return { profile: 'sound', sites };
}

function rowOf(region: string, table: 'ipsec_site_connection' | 'ikepolicy' | 'ipsecpolicy'): Row | undefined {
  const rows = bed.simulator.regions.get(region)?.rows(table) ?? [];
  return rows.find(({ description }) => String(description).includes('vpn=ends '));
}

async function apply(changes: Record<string, unknown>) {
  const mark = bed.simulator.log.length;
  const ended = await bed.end(await bed.provision('ends', changes));
  const stays = bed.writesSince(mark).filter((write) => write.includes('/vpn/') || write.startsWith('PUT'));
  return { ...ended, text: ended.messages.join('\n'), stays };
}

/** A change of both connections in place, and nothing else that stays. */
const BOTH_CONNECTIONS = ['cbk', 'dbl'].map((region) => `PUT ${region} /v2.0/vpn/ipsec-site-connections/{id}`);

test('each end has what it says, knows the other by its id, and both change in place; all is as before in the end', async () => {
  const before = bed.simulator.snapshot();
  const ike = { lifetime: 7200, description: 'of the left' };
  const left = { localId: 'left.example', dpd: { action: 'restart', interval: 15 }, description: 'to the right' };
  const right = { localId: 'vpn@right.example', initiator: 'response-only', mtu: 1400 };
  const made = await apply(ends({ ike, connection: left }, { ipsec: { lifetime: 1800 }, connection: right }));
  expect(made.messages).toEqual([]);
  // A ping crossed: the simulator lets none through where an end does not present the id that the other expects.
  expect(made.result?.proof).toBe('proven');
  expect(rowOf('dbl', 'ipsec_site_connection')).toMatchObject({
    local_id: 'left.example',
    peer_id: 'vpn@right.example',
    dpd: { action: 'restart', interval: 15, timeout: 120 },
    initiator: 'bi-directional',
    mtu: 1500,
    description: expect.stringMatching(/^regionlink owner=test@default vpn=ends .* key=\S+ -- to the right$/),
  });
  expect(rowOf('cbk', 'ipsec_site_connection')).toMatchObject({
    local_id: 'vpn@right.example',
    peer_id: 'left.example',
    dpd: { action: 'hold', interval: 30, timeout: 120 },
    initiator: 'response-only',
    mtu: 1400,
  });
  expect(rowOf('dbl', 'ikepolicy')).toMatchObject({
    lifetime: { units: 'seconds', value: 7200 },
    description: expect.stringMatching(/ -- of the left$/),
  });
  expect(rowOf('cbk', 'ipsecpolicy')).toMatchObject({ lifetime: { units: 'seconds', value: 1800 } });

  const changed = await apply(
    ends(
      { ike, connection: { localId: 'other.example', description: 'to the other' } },
      { ipsec: { lifetime: 1800 }, connection: { localId: '192.0.2.7' } },
    ),
  );
  expect(changed.messages).toEqual([]);
  expect([...changed.stays].sort()).toEqual(BOTH_CONNECTIONS);
  expect(rowOf('dbl', 'ipsec_site_connection')).toMatchObject({
    local_id: 'other.example',
    peer_id: '192.0.2.7',
    dpd: { action: 'hold', interval: 30, timeout: 120 },
    description: expect.stringMatching(/^regionlink owner=test@default vpn=ends .* key=\S+ -- to the other$/),
  });
  expect(rowOf('cbk', 'ipsec_site_connection')).toMatchObject({
    local_id: '192.0.2.7',
    peer_id: 'other.example',
    initiator: 'bi-directional',
    mtu: 1500,
  });

  // Words on a policy in use are as fixed as all else of it; nothing is written on the way to saying so.
  const worded = await apply(ends({ ike: { ...ike, description: 'new' } }, { ipsec: { lifetime: 1800 } }));
  expect(worded.type).toBe('SpecConflict');
  expect(worded.text).toMatch(/ikePolicy .*description is "regionlink .* -- of the left", wanted ".* -- new"/);
  expect(rowOf('dbl', 'ipsec_site_connection')).toMatchObject({ local_id: 'other.example', peer_id: '192.0.2.7' });

  // Set down, no run waits for it; without a word of it, it is set up again.
  const down = await apply({
    ...ends({ ike }, { ipsec: { lifetime: 1800 }, connection: { adminStateUp: false } }),
    check: 'none',
  });
  expect(down.messages).toEqual([]);
  expect(rowOf('cbk', 'ipsec_site_connection')).toMatchObject({ admin_state_up: false, local_id: '' });
  const told = down.result === undefined ? '' : provisionText(down.result);
  expect(told).toContain('tunnel left~right: set down, as the spec says');
  expect(told).toMatch(/warning: connection\.adminStateUp: the tunnel is set down and stays so/);
  const up = await apply({ ...ends({ ike }, { ipsec: { lifetime: 1800 } }), check: 'none' });
  expect(up.stays).toEqual(['PUT cbk /v2.0/vpn/ipsec-site-connections/{id}']);
  expect(up.result?.links[0]?.statuses).toEqual({ left: 'ACTIVE', right: 'ACTIVE' });

  expect((await bed.end(await bed.destroy('ends'))).messages).toEqual([]);
  expect(bed.simulator.snapshot()).toEqual(before);
}, 120_000);
