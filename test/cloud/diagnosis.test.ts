/** A tunnel that cannot come up on a real cloud: the failure names the reason, no key is shown, and both regions are as before. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { VpnFailedError } from '../../src/client/index.js';
import { bedOfUnchangedClouds, type Connection } from './bed.js';

const bed = bedOfUnchangedClouds();

const CONNECTIONS = '/v2.0/vpn/ipsec-site-connections';

/** Runs with one end broken before the other is made, so that no tunnel can have come up meanwhile. @returns what the run says */
async function brokenBy(name: string, breakLeft: (left: Connection) => Promise<unknown>): Promise<string> {
  const { release } = bed().proxy.hold({ method: 'POST', path: /ipsec-site-connections$/, region: 'right' });
  const run = await bed().link.provision(bed().spec(name, { tunnelTimeout: '90s' }));
  // Neutron refuses a change until the agent has it.
  await breakLeft(await bed().connection('left', ({ status }) => status !== 'PENDING_CREATE'));
  release();
  return failureOf(run.result());
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

const change = (fields: Record<string, unknown>) => (left: Connection) =>
  bed().byHand('left', 'PUT', `${CONNECTIONS}/${left.id}`, { ipsec_site_connection: fields });

test('another pre-shared key at one end', async () => {
  const psk = 'changed-by-hand-4711';
  const message = await brokenBy('other-psk', change({ psk }));
  expect(message).toMatch(/different pre-shared keys/);
  expect(message).not.toContain(psk);
});

test('another peer address at one end', async () => {
  expect(await brokenBy('other-address', change({ peer_address: '172.24.5.250' }))).toMatch(/172\.24\.5\.250/);
});

test('one end switched off', async () => {
  expect(await brokenBy('switched-off', change({ admin_state_up: false }))).toMatch(/admin/);
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
  const { status, stderr } = spawnSync('bash', ['lab/on.sh', region, 'pkill', `-${signal}`, '-f', 'neutron-l3-agent']);
  if (status !== 0) throw new Error(`no L3 agent in ${region}: ${stderr}`);
}
