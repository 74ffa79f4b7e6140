/**
 * What a spec can say beyond the tutorial, on a real cloud: existing networks, several subnets, a shared VPN service, IKEv2, a change of what stands, the older
 * way, and ids.
 */
import { describe, expect, test } from 'vitest';
import type { ProvisionResult } from '../../src/workflows/protocol.js';
import { bedOfUnchangedClouds } from './bed.js';

const bed = bedOfUnchangedClouds();

const LEFT = { region: 'left', cloud: 'demo-left' };
const RIGHT = { region: 'right', cloud: 'demo-right' };
const ALL_PAIRS = { via: 'console', pairs: 'all' };

type Subnet = Readonly<Record<string, unknown>>;

/** A spec's sites: created subnets on the left, and on the right one, or what exists. */
function sites(left: readonly Subnet[], right: object = { subnets: [{ cidr: '10.2.0.0/24' }] }) {
  return { left: { ...LEFT, network: { subnets: left } }, right: { ...RIGHT, network: right } };
}

/** Runs to its end, on the left's and right's clouds, with today's crypto: IKEv2. */
async function apply(name: string, change: Record<string, unknown>): Promise<ProvisionResult> {
  return (await bed().provision(name, { profile: 'sound', ...change })).result();
}

async function destroy(name: string): Promise<void> {
  await (await bed().link.destroy(name)).result();
}

const kindsOf = ({ sites }: ProvisionResult) => sites.flatMap(({ resources }) => resources.map(({ kind }) => kind));

const pairsOf = ({ links }: ProvisionResult) =>
  links.flatMap(({ ping }) => ping.map(({ subnets }) => `${subnets?.from} ${subnets?.to}`)).sort();

/** A network on the right as its owner made it, attached to a router with a gateway. @returns what removes it again */
async function makeNetwork(name: string, cidr: string): Promise<() => Promise<void>> {
  const make = async (collection: string, one: string, body: object) => {
    const made = await bed().byHand('right', 'POST', `/v2.0/${collection}`, { [one]: body });
    return (made[one] as { readonly id: string }).id;
  };
  const all = (await bed().byHand('right', 'GET', '/v2.0/networks')) as {
    readonly networks: readonly { readonly id: string; readonly 'router:external': boolean }[];
  };
  const external = all.networks.find((one) => one['router:external'])?.id;
  const network = await make('networks', 'network', { name: `${name}-network` });
  const subnet = await make('subnets', 'subnet', { name: `${name}-subnet`, network_id: network, ip_version: 4, cidr });
  const router = await make('routers', 'router', {
    name: `${name}-router`,
    external_gateway_info: { network_id: external },
  });
  const leg = (verb: string) =>
    bed().byHand('right', 'PUT', `/v2.0/routers/${router}/${verb}_router_interface`, { subnet_id: subnet });
  await leg('add');
  return async () => {
    await leg('remove');
    for (const path of [`routers/${router}`, `networks/${network}`])
      await bed().byHand('right', 'DELETE', `/v2.0/${path}`);
  };
}

describe('an existing network', () => {
  test('two VPNs over one router, of several subnets each way, share its VPN service; the last one out removes it, and the network stays', async () => {
    const remove = await makeNetwork('given', '10.7.0.0/24');
    const given = { router: 'given-router', subnets: ['given-subnet'] };
    const first = await apply('first', {
      sites: sites([{ cidr: '10.1.0.0/24' }, { cidr: '10.1.1.0/24' }], given),
      check: ALL_PAIRS,
    });
    expect(first.proof).toBe('proven');
    expect(pairsOf(first)).toEqual([
      '10.1.0.0/24 10.7.0.0/24',
      '10.1.1.0/24 10.7.0.0/24',
      '10.7.0.0/24 10.1.0.0/24',
      '10.7.0.0/24 10.1.1.0/24',
    ]);
    const second = await apply('second', { sites: sites([{ cidr: '10.3.0.0/24' }], given), check: 'console' });
    expect(second.proof).toBe('proven');
    const serviceOf = (result: ProvisionResult) =>
      result.sites[1]?.resources.find(({ kind }) => kind === 'vpnService')?.id;
    expect(serviceOf(second)).toBe(serviceOf(first));
    await destroy('first');
    const still = await apply('second', { sites: sites([{ cidr: '10.3.0.0/24' }], given), check: 'console' });
    expect([still.proof, serviceOf(still)]).toEqual(['proven', serviceOf(first)]);
    await destroy('second');
    await remove();
  });
});

describe('a VPN that stands', () => {
  test('takes another subnet, other names and other options in place, and gives the subnet up again, proven each time', async () => {
    const one = { cidr: '10.1.0.0/24' };
    const two = { cidr: '10.1.1.0/24' };
    const before = await apply('changed', { sites: sites([one]), check: 'console' });
    expect(before.proof).toBe('proven');
    const options = {
      connection: { mtu: 1400, dpd: { action: 'restart', interval: 10, timeout: 60 } },
      names: { connection: 'tunnel{n}', localEndpointGroup: '{site}-near' },
    };
    const more = await apply('changed', { sites: sites([one, two]), check: ALL_PAIRS, ...options });
    expect(pairsOf(more)).toEqual([
      '10.1.0.0/24 10.2.0.0/24',
      '10.1.1.0/24 10.2.0.0/24',
      '10.2.0.0/24 10.1.0.0/24',
      '10.2.0.0/24 10.1.1.0/24',
    ]);
    const idOf = (result: ProvisionResult) =>
      result.sites.map(({ resources }) => resources.find(({ kind }) => kind === 'siteConnection')?.id);
    expect(idOf(more)).toEqual(idOf(before));
    const fewer = await apply('changed', { sites: sites([one]), check: 'console', ...options });
    expect(fewer.proof).toBe('proven');
    expect(fewer.removed?.map(({ kind }) => kind).sort()).toEqual([
      'localEndpointGroup',
      'peerEndpointGroup',
      'routerInterface',
      'subnet',
    ]);
    await destroy('changed');
  });
});

describe('the older way', () => {
  test('stands at both ends without endpoint groups, proven, and at one end against groups at the other', async () => {
    const both = await apply('older', { mode: 'legacy', sites: sites([{ cidr: '10.1.0.0/24' }]), check: 'console' });
    expect(both.proof).toBe('proven');
    expect(kindsOf(both).filter((kind) => kind.endsWith('EndpointGroup'))).toEqual([]);
    await destroy('older');

    const { left, right } = sites([{ cidr: '10.1.0.0/24' }]);
    const one = await apply('half', { sites: { left: { ...left, mode: 'legacy' }, right }, check: 'console' });
    expect(one.proof).toBe('proven');
    const groups = kindsOf(one).filter((kind) => kind.endsWith('EndpointGroup'));
    expect(groups.sort()).toEqual(['localEndpointGroup', 'peerEndpointGroup']);
    await destroy('half');
  });
});

describe('ids', () => {
  test('names that both ends present are agreed on, with options of each end', async () => {
    const { left, right } = sites([{ cidr: '10.1.0.0/24' }]);
    const named = await apply('named', {
      sites: {
        left: { ...left, connection: { localId: 'left.example', dpd: { action: 'restart', interval: 15 } } },
        right: { ...right, connection: { localId: 'right.example', initiator: 'response-only' } },
      },
      check: 'console',
    });
    expect(named.proof).toBe('proven');
    const ids = async (region: string) => {
      const { local_id, peer_id } = (await bed().connection(region)) as unknown as Record<string, string>;
      return [local_id, peer_id];
    };
    expect(await ids('left')).toEqual(['left.example', 'right.example']);
    expect(await ids('right')).toEqual(['right.example', 'left.example']);
    await destroy('named');
  });
});
