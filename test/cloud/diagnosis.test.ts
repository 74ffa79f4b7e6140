/** A tunnel that cannot come up on a real cloud: the failure names the reason, no key is shown, and both regions are as before. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { VpnFailedError } from '../../src/client/index.js';
import { bedOfUnchangedClouds, type Connection, eventually } from './bed.js';

const bed = bedOfUnchangedClouds();

const CONNECTIONS = '/v2.0/vpn/ipsec-site-connections';

type Break = (left: Connection) => Promise<unknown>;

/** What the broken end's agent has made of it, by what its daemon is configured with. */
type Heard = (config: string, left: Connection) => boolean;

const says =
  (text: string): Heard =>
  (config) =>
    config.includes(text);
const dropped: Heard = (config, { id }) => !config.includes(id);
/** It is broken at the end that is not made yet. */
const unheard: Heard = () => true;

/**
 * Runs with one end broken before the other is made, so that no tunnel can have come up meanwhile: an agent that does not know of the change yet would
 * let one in. @returns what the run says
 */
async function brokenBy(
  name: string,
  breakIt: Break,
  heard: Heard,
  spec: Record<string, unknown> = {},
): Promise<string> {
  const { release } = bed().proxy.hold({ method: 'POST', path: /ipsec-site-connections$/, region: 'right' });
  const run = await bed().link.provision(bed().spec(name, { tunnelTimeout: '60s', check: 'none', ...spec }));
  // Neutron refuses a change until the agent has it.
  const left = await bed().connection('left', ({ status }) => status !== 'PENDING_CREATE');
  await breakIt(left);
  await eventually(async () => heard(daemonConfig('left'), left) || undefined, 'the agent to hear of it');
  release();
  return failureOf(run.result());
}

/** What the IKE daemons of a region's routers are configured with, keys included: to be looked through and not shown. */
function daemonConfig(region: string): string {
  return onHost(region, [
    'sh',
    '-c',
    'cat /var/lib/neutron/ipsec/*/etc/ipsec.conf /var/lib/neutron/ipsec/*/etc/ipsec.secrets || true',
  ]);
}

async function failureOf(result: Promise<unknown>): Promise<string> {
  const error = await result.then(
    () => new Error('the run passed'),
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(VpnFailedError);
  expect((error as VpnFailedError).type).toBe('TunnelDown');
  return (error as Error).message;
}

const change =
  (fields: Record<string, unknown>): Break =>
  (left) =>
    bed().byHand('left', 'PUT', `${CONNECTIONS}/${left.id}`, { ipsec_site_connection: fields });

/** A policy of the end whose connection is held, so that nothing uses it yet. */
async function changePolicy(collection: string, one: string, fields: Record<string, unknown>): Promise<void> {
  const path = `/v2.0/vpn/${collection}`;
  const [policy] = (await bed().byHand('right', 'GET', path))[collection] as readonly { readonly id: string }[];
  await bed().byHand('right', 'PUT', `${path}/${policy?.id}`, { [one]: fields });
}

const ADDRESS = '172.24.5.250';

test.each<readonly [string, Break, Heard, RegExp]>([
  ['another peer address', change({ peer_address: ADDRESS }), says(ADDRESS), new RegExp(`left calls ${ADDRESS}`)],
  ['another peer id', change({ peer_id: 'someone' }), says('someone'), /left expects the id someone/],
  ['a connection set down', change({ admin_state_up: false }), dropped, /the site connection of left is set down/],
  [
    'a VPN service set down',
    (left) =>
      bed().byHand('left', 'PUT', `/v2.0/vpn/vpnservices/${left.vpnservice_id}`, {
        vpnservice: { admin_state_up: false },
      }),
    dropped,
    /the VPN service of left is set down/,
  ],
  [
    'a connection that is gone',
    (left) => bed().byHand('left', 'DELETE', `${CONNECTIONS}/${left.id}`),
    dropped,
    /the site connection of left is gone/,
  ],
  [
    'another IKE policy',
    () => changePolicy('ikepolicies', 'ikepolicy', { encryption_algorithm: 'aes-192' }),
    unheard,
    /the IKE policies differ in encryption_algorithm \(aes-128 and aes-192\)/,
  ],
  [
    'another IPsec policy',
    () => changePolicy('ipsecpolicies', 'ipsecpolicy', { encryption_algorithm: 'aes-192' }),
    unheard,
    /the IPsec policies differ in encryption_algorithm \(aes-128 and aes-192\)/,
  ],
])('%s at one end', async (what, breakIt, heard, reason) => {
  expect(await brokenBy(what.replaceAll(' ', '-').toLowerCase(), breakIt, heard)).toMatch(reason);
});

test('another pre-shared key at one end: no ping crosses, and the key is not shown', async () => {
  const psk = 'changed-by-hand-4711';
  const message = await brokenBy('other-psk', change({ psk }), says(psk), { tunnelTimeout: '2m', check: 'console' });
  expect(message).toMatch(/no ping crossed.*different pre-shared keys/s);
  expect(message).not.toContain(psk);
});

test('another network behind one end', async () => {
  const group = { type: 'cidr', endpoints: ['10.9.0.0/24'] };
  const made = await bed().byHand('left', 'POST', '/v2.0/vpn/endpoint-groups', { endpoint_group: group });
  const { id } = made.endpoint_group as { readonly id: string };
  expect(await brokenBy('other-network', change({ peer_ep_group_id: id }), says('10.9.0.0/24'))).toMatch(
    /left calls its peer's networks 10\.9\.0\.0\/24/,
  );
  await bed().byHand('left', 'DELETE', `/v2.0/vpn/endpoint-groups/${id}`);
});

test('no agent at one end', async () => {
  // Its host goes on, so that routers and VMs stand.
  agents('left', 'STOP');
  try {
    const run = await bed().link.provision(bed().spec('no-agent', { tunnelTimeout: '60s', check: 'none' }));
    expect(await failureOf(run.result())).toMatch(/no VPN agent of left has picked up.*2127166/s);
  } finally {
    agents('left', 'CONT');
  }
});

function agents(region: string, signal: 'STOP' | 'CONT'): void {
  onHost(region, ['pkill', `-${signal}`, '-f', 'neutron-l3-agent']);
}

/** Runs a command on a region's host. @returns what it wrote */
function onHost(region: string, command: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('bash', ['lab/on.sh', region, ...command], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command[0]} on the host of ${region} ended with ${status}: ${stderr}`);
  return stdout;
}
