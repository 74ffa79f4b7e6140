/** What a spec names of an existing network, against lists as a region gives them: found, or told with the candidates, all at once. */
import { describe, expect, test } from 'vitest';
import { existingNetwork, type Listed } from '../../src/activities/existing-network.js';
import type { Port, Router, Subnet } from '../../src/openstack/types.js';

const gateway = { network_id: 'ext' };
const router = (id: string, name: string, external: Router['external_gateway_info'] = gateway): Router => ({
  id,
  name,
  external_gateway_info: external,
});
const subnet = (id: string, name: string, cidr: string, version = 4): Subnet => ({
  id,
  name,
  cidr,
  network_id: `net-of-${id}`,
  gateway_ip: null,
  dns_nameservers: [],
  ip_version: version,
});
const leg = (of: string, at: string): Port => ({
  id: `${of}-${at}`,
  name: '',
  network_id: '',
  device_id: of,
  device_owner: 'network:router_interface',
  status: 'ACTIVE',
  fixed_ips: [{ subnet_id: at, ip_address: '' }],
});

const LISTED: Listed = {
  routers: [router('r1', 'main'), router('r2', 'other'), router('r3', 'bare', null)],
  subnets: [
    subnet('s1', 'front', '10.1.0.0/24'),
    subnet('s2', 'db', '10.1.1.0/24'),
    subnet('s3', 'db', '10.1.2.0/24'),
    subnet('s4', 'loose', '10.1.3.0/24'),
    subnet('s6', 'six', 'fd00::/64', 6),
  ],
  ports: [leg('r1', 's1'), leg('r1', 's2'), leg('r2', 's3'), leg('r1', 's6'), leg('r3', 's4')],
};

function lookUp(name: string, ...subnets: readonly string[]) {
  const site = { key: 'right', externalNetwork: 'ext-net' };
  return existingNetwork(site, { kind: 'existing', router: name, subnets }, LISTED, 'cbk');
}

test('router and subnets by name or id, on whatever networks, in the order of the spec', () => {
  const part = (id: string, name: string) => ({ id, name, action: 'existing' });
  expect(lookUp('main', 's2', 'front')).toEqual({
    given: {
      'right/router': part('r1', 'main'),
      'right/externalGateway': { ...part('r1', 'main'), parent: 'ext' },
      'right/subnet': { ...part('s2', 'db'), cidr: '10.1.1.0/24', parent: 'net-of-s2' },
      'right/subnet:2': { ...part('s1', 'front'), cidr: '10.1.0.0/24', parent: 'net-of-s1' },
    },
    problems: [],
  });
});

describe('a problem, with the candidates', () => {
  test.each([
    [
      'an unknown router',
      lookUp('mian', 'front'),
      ['router "mian" is not known in region cbk; candidates: main (r1), other (r2), bare (r3)'],
    ],
    [
      'an ambiguous subnet',
      lookUp('main', 'db'),
      ['subnet "db" is ambiguous: name it by id in region cbk; candidates: db (s2, 10.1.1.0/24), db (s3, 10.1.2.0/24)'],
    ],
    [
      'a router without a gateway',
      lookUp('bare', 'loose'),
      [
        'router bare (r3) has no external gateway; set one: openstack router set r3 --external-gateway ext-net; or name a router that has one: main (r1), other (r2)',
      ],
    ],
    [
      'a subnet on another router',
      lookUp('other', 'front'),
      [
        'subnet front (s1, 10.1.0.0/24) is not attached to router other (r2) but to main (r1); attach it: openstack router add subnet r2 s1; or name one that is: db (s3, 10.1.2.0/24)',
      ],
    ],
    [
      'one subnet by name and by id',
      lookUp('main', 'front', 's1'),
      ['subnet front (s1, 10.1.0.0/24) is listed twice, by name and by id: leave one out'],
    ],
    [
      'an IPv6 subnet',
      lookUp('main', 'six'),
      ['subnet six (s6, fd00::/64) is IPv6, which this release does not do: name an IPv4 subnet'],
    ],
  ])('%s', (_, { problems }, told) => {
    expect(problems).toEqual(told);
  });

  test('all of them at once', () => {
    expect(lookUp('bare', 'front', 'nowhere').problems).toHaveLength(3);
  });
});
