/** A tunnel that cannot come up on a real cloud: the failure names the reason, no key is shown, and both regions are as before. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { VpnFailedError } from '../../src/client/index.js';
import { bedOfUnchangedClouds, type Connection, eventually } from './bed.js';

const bed = bedOfUnchangedClouds();

const CONNECTIONS = '/v2.0/vpn/ipsec-site-connections';
/** A look takes a second or more, and an agent up to a minute. */
const LOOKS_UNTIL_REMINDED = 60;

type Break = (left: Connection) => Promise<unknown>;

/** Whether the broken end's agent has made something of it, by what its daemon is configured with. */
type Heard = (config: string, left: Connection) => boolean;

const says =
  (text: string): Heard =>
  (config) =>
    config.includes(text);
const dropped: Heard = (config, { id }) => !config.includes(id);
/** It is broken where no daemon has to hear of it. */
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
  const run = await bed().provision(name, { tunnelTimeout: '60s', check: 'none', ...spec });
  // Neutron refuses a change until the agent has it.
  const left = await takenUp();
  const router = await routerOf(left);
  await breakIt(left);
  await untilHeard(heard, left, router);
  release();
  return failureOf(run.result());
}

/** The left connection, once its agent has it. One that has lost it is reminded, as the run itself does once both ends are made. */
async function takenUp(): Promise<Connection> {
  const router = await routerOf(await bed().connection('left'));
  let looks = 0;
  return eventually(async () => {
    const left = await bed().connection('left');
    if (left.status !== 'PENDING_CREATE') return left;
    looks++;
    if (looks % LOOKS_UNTIL_REMINDED === 0)
      await bed().byHand('left', 'PUT', `/v2.0/routers/${router}`, { router: { admin_state_up: true } });
    return undefined;
  }, 'the agent of left to take up its connection');
}

async function untilHeard(heard: Heard, left: Connection, router: string): Promise<void> {
  await eventually(async () => heard(daemonConfig('left', router), left) || undefined, 'the agent to hear of it');
}

async function routerOf({ vpnservice_id }: Connection): Promise<string> {
  const { vpnservice } = await bed().byHand('left', 'GET', `/v2.0/vpn/vpnservices/${vpnservice_id}`);
  return (vpnservice as { readonly router_id: string }).router_id;
}

/** What a router's IKE daemon is configured with, keys included: to be looked through and not shown. */
function daemonConfig(region: string, router: string): string {
  const files = ['ipsec.conf', 'ipsec.secrets'].map((file) => `/var/lib/neutron/ipsec/${router}/etc/${file}`);
  return onHost(region, ['sh', '-c', `cat ${files.join(' ')} 2>/dev/null || true`]);
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

const setService = ({ vpnservice_id }: Connection, up: boolean) =>
  bed().byHand('left', 'PUT', `/v2.0/vpn/vpnservices/${vpnservice_id}`, { vpnservice: { admin_state_up: up } });

/** A change, and its daemon started anew: one that is calling already goes on with what it began with, whatever it is told since. */
const changeAnew =
  (fields: Record<string, unknown>): Break =>
  async (left) => {
    await change(fields)(left);
    const router = await routerOf(left);
    await setService(left, false);
    await untilHeard(dropped, left, router);
    await setService(left, true);
  };

async function setRouterDown(left: Connection): Promise<void> {
  const router = await routerOf(left);
  await bed().byHand('left', 'PUT', `/v2.0/routers/${router}`, { router: { admin_state_up: false } });
}

/** A policy of the end whose connection is held, so that nothing uses it yet. */
async function changePolicy(collection: string, one: string, fields: Record<string, unknown>): Promise<void> {
  const path = `/v2.0/vpn/${collection}`;
  const [policy] = (await bed().byHand('right', 'GET', path))[collection] as readonly { readonly id: string }[];
  await bed().byHand('right', 'PUT', `${path}/${policy?.id}`, { [one]: fields });
}

const ADDRESS = '172.24.5.250';

test.each<readonly [string, Break, Heard, RegExp]>([
  ['another peer address', changeAnew({ peer_address: ADDRESS }), says(ADDRESS), new RegExp(`left calls ${ADDRESS}`)],
  ['another peer id', changeAnew({ peer_id: 'someone' }), says('someone'), /left expects the id someone/],
  [
    'a name for an id',
    changeAnew({ local_id: 'left.example' }),
    says('left.example'),
    /left has the name left\.example, .* but right has no id of its own/,
  ],
  ['a router set down', setRouterDown, dropped, /the router of left is set down/],
  ['a connection set down', change({ admin_state_up: false }), dropped, /the site connection of left is set down/],
  ['a VPN service set down', (left) => setService(left, false), dropped, /the VPN service of left is set down/],
  [
    'a connection that is gone',
    (left) => bed().byHand('left', 'DELETE', `${CONNECTIONS}/${left.id}`),
    dropped,
    /the site connection of left is gone/,
  ],
  [
    'another IKE policy',
    // Of another algorithm strongSwan makes nothing: beside the policy's it offers those that it knows.
    () => changePolicy('ikepolicies', 'ikepolicy', { ike_version: 'v2' }),
    unheard,
    /the IKE policies differ in ike_version \(v1 and v2\)/,
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
  // strongSwan's driver writes it so.
  const written = Buffer.from(psk).toString('base64');
  const message = await brokenBy('other-psk', changeAnew({ psk }), says(written), {
    tunnelTimeout: '2m',
    check: 'console',
  });
  expect(message).toMatch(/no ping crossed.*different pre-shared keys/s);
  expect(message).not.toContain(psk);
});

test('another network behind one end', async () => {
  const group = { type: 'cidr', endpoints: ['10.9.0.0/24'] };
  const made = await bed().byHand('left', 'POST', '/v2.0/vpn/endpoint-groups', { endpoint_group: group });
  const { id } = made.endpoint_group as { readonly id: string };
  expect(await brokenBy('other-network', changeAnew({ peer_ep_group_id: id }), says('10.9.0.0/24'))).toMatch(
    /left calls its peer's networks 10\.9\.0\.0\/24/,
  );
  await bed().byHand('left', 'DELETE', `/v2.0/vpn/endpoint-groups/${id}`);
});

test('a router whose gateway has got another address', async () => {
  const address = '172.24.4.240';
  const message = await brokenBy(
    'other-gateway',
    async (left) => {
      const router = await routerOf(left);
      await moveGateway('left', router, address);
      const addresses = () => onHost('left', ['ip', 'netns', 'exec', `qrouter-${router}`, 'ip', '-4', '-o', 'address']);
      await eventually(async () => addresses().includes(`${address}/`) || undefined, 'the router to move');
    },
    unheard,
  );
  expect(message).toMatch(
    /the gateway of left has changed: its router is at 172\.24\.4\.240, but its VPN service still has/,
  );
});

/** Only the administrator may choose an address on the external network. */
async function moveGateway(region: string, router: string, address: string): Promise<void> {
  const send = (method: string, body?: unknown) =>
    bed().target.send({
      user: 'admin',
      region,
      service: 'network',
      method,
      path: `/v2.0/routers/${router}`,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const { network_id } = ((await send('GET')).body as { router: { external_gateway_info: { network_id: string } } })
    .router.external_gateway_info;
  const gateway = { network_id, external_fixed_ips: [{ ip_address: address }] };
  expect((await send('PUT', { router: { external_gateway_info: gateway } })).status).toBe(200);
}

test('no agent at one end', async () => {
  // Its host goes on, so that routers and VMs stand.
  agents('left', 'STOP');
  try {
    const run = await bed().provision('no-agent', { tunnelTimeout: '60s', check: 'none' });
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
