/** A VPN without endpoint groups as sweep, destroy and diagnosis see it. */
import { describe, expect, test } from 'vitest';
import type { Attempt } from '../../src/activities/attempt.js';
import { diagnose } from '../../src/activities/diagnose.js';
import type { Item } from '../../src/activities/holdings.js';
import { toGraph } from '../../src/activities/inventory.js';
import { readEnds } from '../../src/activities/read-ends.js';
import { straysIn } from '../../src/activities/strays.js';
import type { WorkerContext } from '../../src/activities/worker-context.js';
import type { ResourceKind } from '../../src/graph/types.js';
import type { LinkInput } from '../../src/workflows/protocol.js';

const PLACE = { pins: { networkEndpoint: 'here', region: 'dbl' } } as Item['place'];

function item(kind: ResourceKind, site: string, fields: Item['found']['fields'] = {}): Item {
  const id = `${site} ${kind}`;
  const link = kind === 'siteConnection' ? { link: 'left~right' } : {};
  return { vpn: 'v', kind, site, ...link, place: PLACE, found: { id, name: id, mark: undefined, fields } };
}

const VPN = ['left', 'right'].flatMap((site) => [
  item('router', site),
  item('subnet', site),
  item('routerInterface', site),
  item('vpnService', site, { router_id: `${site} router`, subnet_id: `${site} subnet` }),
  item('siteConnection', site, { vpnservice_id: `${site} vpnService` }),
]);

test('it is whole, and has no strays', async () => {
  expect(await straysIn([{ place: PLACE, items: VPN, services: [] }], {} as Attempt)).toEqual({
    sets: [],
    unclear: [],
  });
});

test('destroy takes the service before the interface, and that before the subnet, which the service keeps', () => {
  const keys = toGraph(VPN, {} as WorkerContext).graph.steps.map(({ key }) => key);
  const order = ['left/subnet', 'left/routerInterface', 'left/vpnService', 'left~right/left/siteConnection'];
  expect(keys.filter((key) => order.includes(key))).toEqual(order);
});

describe('between an end with ranges and one with groups', () => {
  /** Rows by id, whatever their collection: the left end is legacy, the right one is not. */
  const rows = (peerCidrs: readonly string[]): Readonly<Record<string, Record<string, unknown>>> => ({
    'left-conn': { vpnservice_id: 'left-vpn', peer_cidrs: peerCidrs, local_ep_group_id: null, peer_ep_group_id: null },
    'left-vpn': { subnet_id: 'left-subnet' },
    'left-subnet': { cidr: '10.1.0.0/24' },
    'right-conn': { vpnservice_id: 'right-vpn', peer_cidrs: [], local_ep_group_id: 'local', peer_ep_group_id: 'peer' },
    'right-vpn': { subnet_id: null },
    'right-subnet': { cidr: '10.2.0.0/24' },
    local: { endpoints: ['right-subnet'] },
    peer: { endpoints: ['10.1.0.0/24'] },
  });

  function ends(all: ReturnType<typeof rows>) {
    const region = {
      list: async (collection: string) =>
        collection === 'siteConnections' ? ['left-conn', 'right-conn'].map((id) => ({ id, ...all[id] })) : [],
      show: async (_: string, id: string) => ({ id, ...all[id] }),
    };
    const attempt = { read: (call: (options: object) => unknown) => call({}) } as unknown as Attempt;
    const worker = { open: async () => region } as unknown as WorkerContext;
    const outputs = Object.fromEntries(
      ['left', 'right'].map((site) => [`left~right/${site}/siteConnection`, { id: `${site}-conn` }]),
    );
    const sites = ['left', 'right'].map((site) => ({ site, region: site }));
    return readEnds({ link: 'left~right', sites, outputs } as unknown as LinkInput, worker, attempt);
  }

  test('each is read with its own networks and those it calls its peer’s, and mirrors the other', async () => {
    const both = await ends(rows(['10.2.0.0/24']));
    expect(both.map(({ localCidrs, peerCidrs, gone }) => ({ localCidrs, peerCidrs, gone }))).toEqual([
      { localCidrs: ['10.1.0.0/24'], peerCidrs: ['10.2.0.0/24'], gone: [] },
      { localCidrs: ['10.2.0.0/24'], peerCidrs: ['10.1.0.0/24'], gone: [] },
    ]);
    expect(diagnose(both)).not.toContain('has the networks');
  });

  test('a range that is not the peer’s is a reason', async () => {
    expect(diagnose(await ends(rows(['10.3.0.0/24'])))).toContain(
      "right has the networks 10.2.0.0/24, but left calls its peer's networks 10.3.0.0/24",
    );
  });
});
