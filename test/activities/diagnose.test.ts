/** What is wrong between two ends, on made-up ones: every reason by itself, with what to do about it; none for a healthy pair, and never a key. */
import { describe, expect, test } from 'vitest';
import { diagnose } from '../../src/activities/diagnose.js';
import type { End } from '../../src/activities/read-ends.js';

type Changes = { readonly [K in keyof End]?: End[K] extends object | undefined ? Partial<End[K]> | undefined : End[K] };

const PSKS = ['first-psk-0b1c', 'second-psk-77aa'] as const;
const policy = { id: 'p', name: 'p', encryption_algorithm: 'aes-256', auth_algorithm: 'sha256', pfs: 'group14' };
const common = { project_id: 'x', description: '' };

function endOf(index: 0 | 1, changes: Changes = {}): End {
  const own = `172.24.${4 + index}.10`;
  const theirs = `172.24.${5 - index}.10`;
  const site = (['left', 'right'] as const)[index];
  const whole: End = {
    site,
    region: (['dbl', 'cbk'] as const)[index],
    connection: {
      ...common,
      id: 'c',
      name: 'conn',
      vpnservice_id: 'v',
      ikepolicy_id: 'i',
      ipsecpolicy_id: 's',
      local_ep_group_id: 'l',
      peer_ep_group_id: 'e',
      peer_cidrs: [],
      local_id: '',
      peer_address: theirs,
      peer_id: theirs,
      psk: PSKS[0],
      mtu: 1500,
      initiator: 'bi-directional',
      dpd: null,
      admin_state_up: true,
      status: 'DOWN',
    },
    service: {
      ...common,
      id: `service-${site}`,
      name: 'vpn',
      router_id: 'r',
      subnet_id: null,
      external_v4_ip: own,
      admin_state_up: true,
      status: 'ACTIVE',
    },
    router: {
      ...common,
      id: `router-${site}`,
      name: 'router',
      admin_state_up: true,
      external_gateway_info: { network_id: 'n', external_fixed_ips: [{ ip_address: own }] },
    },
    ike: { ...common, ...policy, lifetime: null, ike_version: 'v2', phase1_negotiation_mode: 'main' },
    ipsec: { ...common, ...policy, lifetime: null, transform_protocol: 'esp', encapsulation_mode: 'tunnel' },
    localCidrs: [`10.${1 + index}.0.0/24`],
    peerCidrs: [`10.${2 - index}.0.0/24`],
    gone: [],
    addressOnce: own,
    ownAddress: false,
  };
  const merged = Object.entries(changes).map(([key, change]) => {
    const old = whole[key as keyof End];
    const partial = typeof change === 'object' && change !== null && !Array.isArray(change);
    return [key, partial ? { ...(old as object), ...change } : change] as const;
  });
  return { ...whole, ...Object.fromEntries(merged) };
}

const agree = /^Both ends agree in all that the API shows/;

describe('no reason', () => {
  test.each<[string, Changes, Changes]>([
    ['for a healthy pair', {}, {}],
    [
      'for the address of its own that OVN gives a VPN service',
      { service: { external_v4_ip: '172.24.4.99' }, addressOnce: '172.24.4.99', ownAddress: true },
      { connection: { peer_address: '172.24.4.99', peer_id: '172.24.4.99' } },
    ],
    ['for the phase 1 mode, which IKEv2 does not have', { ike: { phase1_negotiation_mode: 'aggressive' } }, {}],
    [
      'for networks in another order, or with host bits',
      { localCidrs: ['10.1.0.0/24', '10.9.0.0/24'] },
      { peerCidrs: ['10.9.0.5/24', '10.1.0.0/24'] },
    ],
    ['for one end that is response-only', { connection: { initiator: 'response-only' } }, {}],
    [
      'for an id that the other end gives itself',
      { connection: { local_id: 'a.example', peer_id: 'b.example' } },
      { connection: { local_id: 'b.example', peer_id: 'a.example' } },
    ],
    [
      'for what a release leaves out',
      {
        connection: { admin_state_up: undefined },
        service: { admin_state_up: null, external_v4_ip: null },
        router: { admin_state_up: null, external_gateway_info: { network_id: 'n' } },
      },
      {},
    ],
    [
      'for what cannot be told, since a part is gone',
      { localCidrs: undefined, peerCidrs: undefined, ike: undefined, ipsec: undefined, router: undefined },
      {},
    ],
  ])('%s', (_, left, right) => {
    expect(diagnose([endOf(0, left), endOf(1, right)])).toMatch(agree);
  });
});

/** Changes at the left end, changes at the right, and all that is found. */
const REASONS: readonly (readonly [string, Changes, Changes, readonly RegExp[]])[] = [
  [
    'IKE policies that differ, with the fields',
    { ike: { encryption_algorithm: 'aes-128', pfs: 'group5' } },
    {},
    [
      /IKE policies differ in encryption_algorithm \(aes-128 and aes-256\), pfs \(group5 and group14\) \(.*destroy the VPN/,
    ],
  ],
  [
    'IKEv1 with several networks',
    { ike: { ike_version: 'v1' }, localCidrs: ['10.1.0.0/24', '10.3.0.0/24'] },
    { ike: { ike_version: 'v1' }, peerCidrs: ['10.1.0.0/24', '10.3.0.0/24'] },
    [
      /IKEv1 joins one pair of networks a tunnel, .*\(say ike.version: v2 in the spec; destroy the VPN and apply it anew\)/,
    ],
  ],
  [
    'the phase 1 mode of IKEv1',
    { ike: { ike_version: 'v1', phase1_negotiation_mode: 'aggressive' } },
    { ike: { ike_version: 'v1' } },
    [/phase1_negotiation_mode \(aggressive and main\)/],
  ],
  [
    'IPsec policies that differ',
    { ipsec: { auth_algorithm: 'sha1' } },
    {},
    [/IPsec policies differ in auth_algorithm \(sha1 and sha256\)/],
  ],
  [
    'different keys, and shows neither',
    { connection: { psk: PSKS[1] } },
    {},
    [/different pre-shared keys \(apply again/],
  ],
  [
    'two ends that both only respond',
    { connection: { initiator: 'response-only' } },
    { connection: { initiator: 'response-only' } },
    [/both ends are response-only.*make one of them bi-directional/],
  ],
  [
    'a peer address that is not the other end',
    { connection: { peer_address: '172.24.5.66' } },
    {},
    [/left calls 172\.24\.5\.66, but right's VPN service is at 172\.24\.5\.10 \(apply again/],
  ],
  [
    'a peer id that is not the other end',
    {},
    { connection: { peer_id: '172.24.4.66' } },
    [/right expects the id 172\.24\.4\.66, but left presents itself as 172\.24\.4\.10/],
  ],
  [
    'an id that only one end was given',
    { connection: { local_id: 'a.example' } },
    {},
    [
      /right expects the id 172\.24\.4\.10, but left presents itself as a\.example/,
      /left has the name a\.example, so that .* takes the id that it expects for a name as well, but right has no id/,
    ],
  ],
  [
    'a name for an id whose other end has none, though each expects what the other presents',
    { connection: { local_id: 'a.example' } },
    { connection: { peer_id: 'a.example' } },
    [/but right has no id of its own and presents its address \(apply again/],
  ],
  [
    'networks that do not mirror',
    { localCidrs: ['10.1.0.0/24', '10.7.0.0/24'] },
    {},
    [
      /left has the networks 10\.1\.0\.0\/24, 10\.7\.0\.0\/24, but right calls its peer's networks 10\.1\.0\.0\/24 \(apply again/,
    ],
  ],
  ['networks that are none', {}, { peerCidrs: [] }, [/but right calls its peer's networks none/]],
  [
    'a router without gateway',
    { router: { external_gateway_info: null } },
    {},
    [/router of left has no external gateway \(set one in dbl: openstack router set router-left --external-gateway/],
  ],
  [
    'an agent that never picked it up, with the known bug',
    {},
    { connection: { status: 'PENDING_CREATE' } },
    [
      /no VPN agent of cbk has picked up the connection of right, or it has lost it \(Neutron 2024\.2 to 2025\.2 .* bug 2127166: any update of router router-right/,
    ],
  ],
  ['a connection in ERROR', { connection: { status: 'ERROR' } }, {}, [/site connection of left is in ERROR \(ask dbl/]],
  ['a service in ERROR', {}, { service: { status: 'ERROR' } }, [/VPN service of right is in ERROR \(ask cbk/]],
  [
    'a gateway whose address has changed',
    { router: { external_gateway_info: { network_id: 'n', external_fixed_ips: [{ ip_address: '172.24.4.77' }] } } },
    {},
    [/gateway of left has changed: its router is at 172\.24\.4\.77, but its VPN service still has 172\.24\.4\.10/],
  ],
  [
    'a service that has moved since the run looked',
    { service: { external_v4_ip: '172.24.4.12' }, ownAddress: true },
    {},
    [
      /right calls 172\.24\.4\.10, but left's VPN service is at 172\.24\.4\.12/,
      /right expects the id 172\.24\.4\.10, but left presents itself as 172\.24\.4\.12/,
      /VPN service of left was at 172\.24\.4\.10 when this run looked, and is at 172\.24\.4\.12 now \(apply again/,
    ],
  ],
  [
    'a connection set down',
    { connection: { admin_state_up: false } },
    {},
    [/site connection of left is set down \(apply again/],
  ],
  [
    'a service set down',
    { service: { admin_state_up: false } },
    {},
    [/VPN service of left is set down \(set it up in dbl: openstack vpn service set --enable service-left/],
  ],
  [
    'a router set down',
    {},
    { router: { admin_state_up: false } },
    [/router of right is set down \(set it up in cbk: openstack router set --enable router-right/],
  ],
  [
    'a connection that is gone',
    { connection: undefined },
    {},
    [/site connection of left is gone from dbl: someone removed it \(apply again/],
  ],
  [
    'parts that are gone',
    { gone: ['IKE policy 1', 'subnet 2'], ike: undefined, localCidrs: undefined },
    {},
    [/IKE policy 1 and subnet 2 of left is gone: someone removed it/],
  ],
];

describe('of an end whose peer is external', () => {
  const external = { site: 'office', address: '172.24.5.10', id: '172.24.5.10', cidrs: ['10.2.0.0/24'] };

  test('all is well here: what the other end must be is told, and never a key', () => {
    const text = diagnose([endOf(0, { connection: { initiator: 'response-only' } })], external);
    expect(text).toContain('left is as it should be in all that the API shows; what is wrong at office cannot be seen');
    expect(text).toContain('It must call 172.24.4.10, which presents itself as 172.24.4.10, from 172.24.5.10');
    expect(text).toContain('the networks 10.2.0.0/24 there and 10.1.0.0/24 here');
    expect(text).toContain('left only answers, so office must begin');
    for (const psk of PSKS) expect(text).not.toContain(psk);
  });

  test.each<[string, Changes, RegExp]>([
    [
      'another address',
      { connection: { peer_address: '1.2.3.4' } },
      /^Found: left calls 1\.2\.3\.4, but the spec says that office is at 172\.24\.5\.10 \(apply again[^;]*$/,
    ],
    [
      'another id',
      { connection: { peer_id: 'gw' } },
      /^Found: left expects the id gw, but the spec says that office presents itself as 172\.24\.5\.10 \(apply again[^;]*$/,
    ],
    [
      'other networks',
      { peerCidrs: ['10.9.0.0/24'] },
      /^Found: left calls its peer's networks 10\.9\.0\.0\/24, but the spec says that office has 10\.2\.0\.0\/24 \(apply again[^;]*$/,
    ],
    [
      'what is wrong with any end',
      { router: { external_gateway_info: null } },
      /^Found: the router of left has no ext/,
    ],
  ])('%s', (_, changes, reason) => {
    expect(diagnose([endOf(0, changes)], external)).toMatch(reason);
  });
});

describe('a reason', () => {
  test.each(REASONS)('%s', (_, left, right, found) => {
    const text = diagnose([endOf(0, left), endOf(1, right)]);
    const reasons = text.replace(/^Found: (.*)\.$/, '$1').split(/(?<=\)); /);
    expect(reasons).toHaveLength(found.length);
    for (const [index, one] of found.entries()) expect(reasons[index]).toMatch(one);
    for (const psk of PSKS) expect(text).not.toContain(psk);
  });

  test('is told beside the others', () => {
    const text = diagnose([
      endOf(0, { connection: { psk: 'x', admin_state_up: false } }),
      endOf(1, { router: { admin_state_up: false } }),
    ]);
    expect(text).toMatch(/pre-shared keys.*; .*connection of left is set down.*; .*router of right is set down/);
  });
});
