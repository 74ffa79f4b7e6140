/**
 * Every reason for a tunnel that stays down, made on the simulator behind a run's back between its connections and its tunnel: the run names it in its
 * failure, with what to do, shows no key (the bed's own scan), and leaves both regions as they were.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FaultPlan } from '../../src/simulator/index.js';
import type { RegionState, Row } from '../../src/simulator/state.js';
import { TestBed } from '../support/test-bed.js';

let bed: TestBed;

beforeAll(async () => {
  bed = await TestBed.start();
}, 120_000);

afterAll(() => bed.stop());

/** The run's own parts at its right end, in region cbk; services there have addresses of their own, as with OVN. And at its left end, in dbl. */
interface Parts {
  readonly region: RegionState;
  readonly connection: Row;
  readonly service: Row;
  readonly router: Row;
}

function partsIn(name: string): Parts {
  const region = bed.simulator.regions.get(name);
  const connection = region?.rows('ipsec_site_connection')[0];
  const service = region?.get('vpnservice', connection?.vpnservice_id);
  const router = region?.get('router', service?.router_id);
  if (region === undefined || connection === undefined || service === undefined || router === undefined)
    throw new Error(`the connection in ${name} does not stand`);
  return { region, connection, service, router };
}

const set = (row: Row | undefined, fields: Record<string, unknown>) => Object.assign(row ?? {}, fields);

const OTHER_KEY = 'another-key-5d1f';

/** The last create, held after its effect: both connections stand, and no act waits yet. */
const HELD: readonly FaultPlan[] = ['dbl', 'cbk'].map((region) => ({
  method: 'POST',
  path: '^/v2.0/vpn/ipsec-site-connections$',
  region,
  fault: { kind: 'lag', ms: 300 },
}));

const CASES: readonly (readonly [string, (right: Parts, left: Parts) => unknown, RegExp])[] = [
  [
    'IKE policies that differ',
    ({ region, connection }) =>
      set(region.get('ikepolicy', connection.ikepolicy_id), { encryption_algorithm: 'aes-256' }),
    /the IKE policies differ in encryption_algorithm \(aes-128 and aes-256\) \(.*destroy the VPN/,
  ],
  [
    'IPsec policies that differ',
    ({ region, connection }) => set(region.get('ipsecpolicy', connection.ipsecpolicy_id), { pfs: 'group14' }),
    /the IPsec policies differ in pfs \(group5 and group14\)/,
  ],
  [
    'different keys',
    ({ connection }) => set(connection, { psk: OTHER_KEY }),
    /different pre-shared keys \(apply again/,
  ],
  [
    'a peer address that is not the other end',
    ({ connection }) => set(connection, { peer_address: '172.24.4.199' }),
    /right calls 172\.24\.4\.199, but left's VPN service is at 172\.24\.4\.\d+ \(apply again/,
  ],
  [
    'a name for an id, whose other end has none',
    ({ connection }, left) => [
      set(left.connection, { local_id: 'left.example' }),
      set(connection, { peer_id: 'left.example' }),
    ],
    /left has the name left\.example, .* but right has no id of its own and presents its address \(apply again/,
  ],
  [
    'networks that do not mirror, by endpoint group',
    ({ region, connection }) =>
      set(region.get('endpoint_group', connection.peer_ep_group_id), { endpoints: ['10.9.0.0/24'] }),
    /left has the networks 10\.1\.0\.0\/24, but right calls its peer's networks 10\.9\.0\.0\/24 \(apply again/,
  ],
  [
    'networks that do not mirror, by peer_cidrs',
    ({ connection }) => set(connection, { peer_cidrs: ['10.8.0.0/24'] }),
    /left has the networks 10\.1\.0\.0\/24, but right calls its peer's networks 10\.8\.0\.0\/24/,
  ],
  [
    'a router without gateway',
    ({ region, router }) => {
      for (const port of region.rows('port'))
        if (port.device_id === router.id && port.device_owner === 'network:router_gateway')
          region.delete('port', port.id);
      return set(router, { external_gateway_info: null });
    },
    /the router of right has no external gateway \(set one in cbk: openstack router set \S+ --external-gateway/,
  ],
  [
    'an agent that never picked it up',
    ({ region, connection }) => region.stuck.set(connection.id, { status: 'PENDING_CREATE', until: 'never' }),
    /no VPN agent of cbk has picked up the connection of right, or it has lost it \(.*bug 2127166/,
  ],
  [
    'ERROR',
    ({ region, connection }) => region.stuck.set(connection.id, { status: 'ERROR', until: 'never' }),
    /the site connection of right is in ERROR \(ask cbk/,
  ],
  [
    'a VPN service in ERROR',
    ({ region, service }) => {
      region.stuck.set(service.id, { status: 'ERROR', until: 'never' });
      // What the simulator does not know of: a service that could not be set up carries nothing.
      region.stuck.set('ipsec_site_connection', { status: 'DOWN', until: 'never' });
    },
    /the VPN service of right is in ERROR \(ask cbk/,
  ],
  [
    'a gateway that has another address now',
    (_, { region, router }) => {
      const gateway = router.external_gateway_info as { external_fixed_ips: { ip_address: string }[] };
      for (const port of region.rows('port'))
        if (port.device_id === router.id && port.device_owner === 'network:router_gateway')
          port.fixed_ips = [{ ...(port.fixed_ips as object[])[0], ip_address: '172.24.4.190' }];
      set(router, { external_gateway_info: { ...gateway, external_fixed_ips: [{ ip_address: '172.24.4.190' }] } });
      // What the simulator does not know of: packets to the old address are lost.
      region.stuck.set('ipsec_site_connection', { status: 'DOWN', until: 'never' });
    },
    /the gateway of left has changed: its router is at 172\.24\.4\.190, but its VPN service still has 172\.24\.4\.\d+/,
  ],
  [
    'a VPN service that has moved',
    ({ region, service }) => {
      const port = region.rows('port').find((one) => one.device_owner === 'network:vpn_router_gateway');
      set(port, { fixed_ips: [{ ...(port?.fixed_ips as object[] | undefined)?.[0], ip_address: '172.24.5.180' }] });
      return set(service, { external_v4_ip: '172.24.5.180' });
    },
    /left calls 172\.24\.5\.\d+, but right's VPN service is at 172\.24\.5\.180.*the VPN service of right was at 172\.24\.5\.\d+ when this run looked, and is at 172\.24\.5\.180 now/,
  ],
  [
    'a connection set down',
    ({ connection }) => set(connection, { admin_state_up: false }),
    /the site connection of right is set down \(apply again/,
  ],
  [
    'a VPN service set down',
    ({ service }) => set(service, { admin_state_up: false }),
    /the VPN service of right is set down \(set it up in cbk: openstack vpn service set --enable/,
  ],
  [
    'a router set down',
    ({ router }) => set(router, { admin_state_up: false }),
    /the router of right is set down \(set it up in cbk: openstack router set --enable/,
  ],
  [
    'two ends that only respond',
    ({ connection }, left) => [
      set(connection, { initiator: 'response-only' }),
      set(left.connection, { initiator: 'response-only' }),
    ],
    /both ends are response-only/,
  ],
  [
    'a policy that is gone',
    ({ region, connection }) => region.delete('ikepolicy', String(connection.ikepolicy_id)),
    /IKE policy \S+ of right is gone: someone removed it/,
  ],
  [
    'a connection that is gone',
    ({ region, connection }) => region.delete('ipsec_site_connection', connection.id),
    /the site connection of right is gone from cbk: someone removed it \(apply again/,
  ],
];

test.each(CASES)(
  '%s',
  async (_, change, reason) => {
    const before = bed.simulator.snapshot();
    for (const plan of HELD) bed.simulator.faults.add(plan);
    const handle = await bed.provision('broken', { check: 'none', tunnelTimeout: '1s' });
    await Promise.all(HELD.map((plan) => bed.met(plan)));
    await expect.poll(() => connections(), { interval: 2 }).toBe(2);
    change(partsIn('cbk'), partsIn('dbl'));
    const ended = await bed.end(handle);
    bed.simulator.faults.clear();
    for (const region of bed.simulator.regions.values()) region.stuck.clear();
    expect(ended.status).toBe('FAILED');
    expect(ended.type).toBe('TunnelDown');
    expect(ended.messages[0]).toMatch(reason);
    expect(ended.messages[0]).not.toContain('agree in all');
    expect(ended.messages.join()).not.toContain(OTHER_KEY);
    expect(bed.simulator.snapshot()).toEqual(before);
  },
  60_000,
);

function connections(): number {
  return [...bed.simulator.regions.values()].flatMap((region) => region.rows('ipsec_site_connection')).length;
}

test('a check by ping names the reason as well', async () => {
  const before = bed.simulator.snapshot();
  for (const plan of HELD) bed.simulator.faults.add(plan);
  const handle = await bed.provision('unheard', { check: 'console', tunnelTimeout: '2s' });
  await Promise.all(HELD.map((plan) => bed.met(plan)));
  await expect.poll(() => connections(), { interval: 2 }).toBe(2);
  set(partsIn('cbk').connection, { peer_id: 'someone' });
  const ended = await bed.end(handle);
  bed.simulator.faults.clear();
  expect(ended.type).toBe('TunnelDown');
  expect(ended.messages[0]).toMatch(/no ping crossed left~right within 2 s \(DOWN at left, DOWN at right\)/);
  expect(ended.messages[0]).toMatch(/right expects the id someone/);
  expect(bed.simulator.snapshot()).toEqual(before);
}, 60_000);

test.each([
  ['in ERROR', ({ region, connection }: Parts) => region.stuck.set(connection.id, { status: 'ERROR', until: 'never' })],
  ['gone', ({ region, connection }: Parts) => region.delete('ipsec_site_connection', connection.id)],
] as const)(
  'a check by ping does not wait to its deadline for a connection that is %s',
  async (what, change) => {
    const before = bed.simulator.snapshot();
    for (const plan of HELD) bed.simulator.faults.add(plan);
    const began = Date.now();
    const handle = await bed.provision('hopeless', { check: 'console', tunnelTimeout: '10m' });
    await Promise.all(HELD.map((plan) => bed.met(plan)));
    await expect.poll(() => connections(), { interval: 2 }).toBe(2);
    change(partsIn('cbk'));
    const ended = await bed.end(handle);
    bed.simulator.faults.clear();
    for (const region of bed.simulator.regions.values()) region.stuck.clear();
    expect(ended.type).toBe('TunnelDown');
    expect(ended.messages[0]).toContain(`the site connection of right is ${what}`);
    // Far below the deadline: the test's own time is up before it.
    expect(Date.now() - began).toBeLessThan(600_000);
    expect(bed.simulator.snapshot()).toEqual(before);
  },
  60_000,
);
