/**
 * The tutorial's own commands, by the OpenStack community's own client, unchanged, against the simulator. Skipped with the reason where Python is missing.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FAST_DELAYS, type Simulator, startSimulator } from '../../src/simulator/index.js';
import { openstackClient } from '../support/python-packages.js';

const run = promisify(execFile);
const { bin, missing: reason } = openstackClient();
const openstack = join(bin, 'openstack');

/** The tutorial, region by region. `{peer}` is what the other side's VPN service showed. */
const TUTORIAL: readonly (readonly ['left' | 'right', string])[] = [
  ['left', 'network create left-network'],
  [
    'left',
    'subnet create left-subnet --network left-network --subnet-range 10.1.0.0/24 --gateway 10.1.0.1 --dns-nameserver 8.8.8.8',
  ],
  ['left', 'router create left-router'],
  ['left', 'router add subnet left-router left-subnet'],
  ['left', 'router set left-router --external-gateway ext-net'],
  ['right', 'network create right-network'],
  ['right', 'subnet create right-subnet --network right-network --subnet-range 10.2.0.0/24 --gateway 10.2.0.1'],
  ['right', 'router create right-router'],
  ['right', 'router add subnet right-router right-subnet'],
  ['right', 'router set right-router --external-gateway ext-net'],
  ['left', 'vpn ike policy create ikepolicy'],
  ['right', 'vpn ike policy create ikepolicy'],
  ['left', 'vpn ipsec policy create ipsecpolicy'],
  ['right', 'vpn ipsec policy create ipsecpolicy'],
  ['left', 'vpn service create vpn --router left-router'],
  ['right', 'vpn service create vpn2 --router right-router'],
  ['left', 'vpn endpoint group create left-local-epg --type subnet --value left-subnet'],
  ['left', 'vpn endpoint group create left-peer-epg --type cidr --value 10.2.0.0/24'],
  ['right', 'vpn endpoint group create right-local-epg --type subnet --value right-subnet'],
  ['right', 'vpn endpoint group create right-peer-epg --type cidr --value 10.1.0.0/24'],
  [
    'left',
    'vpn ipsec site connection create conn --vpnservice vpn --ikepolicy ikepolicy --ipsecpolicy ipsecpolicy --local-endpoint-group left-local-epg --peer-address {peer} --peer-id {peer} --peer-endpoint-group left-peer-epg --psk secret',
  ],
  [
    'right',
    'vpn ipsec site connection create conn2 --vpnservice vpn2 --ikepolicy ikepolicy --ipsecpolicy ipsecpolicy --local-endpoint-group right-local-epg --peer-address {peer} --peer-id {peer} --peer-endpoint-group right-peer-epg --psk secret',
  ],
];

let simulator: Simulator;

beforeAll(async () => {
  simulator = await startSimulator({ delays: FAST_DELAYS });
});

afterAll(() => simulator.stop());

async function command(region: string, line: string): Promise<string> {
  const env = {
    PATH: process.env.PATH,
    HOME: mkdtempSync(join(tmpdir(), 'openstack-')),
    OS_AUTH_URL: simulator.authUrl,
    OS_USERNAME: 'demo',
    OS_PASSWORD: 'lab',
    OS_PROJECT_NAME: 'demo',
    OS_USER_DOMAIN_NAME: 'Default',
    OS_PROJECT_DOMAIN_NAME: 'Default',
    OS_IDENTITY_API_VERSION: '3',
    OS_REGION_NAME: region,
  };
  return (await run(openstack, line.split(' '), { env, timeout: 60_000 })).stdout;
}

describe.skipIf(reason !== undefined)('the tutorial by the OpenStack client', () => {
  test('every command is taken, and both connections become ACTIVE', async () => {
    const addresses = new Map<string, string>();
    for (const [region, line] of TUTORIAL) {
      const peer = addresses.get(region === 'left' ? 'right' : 'left') ?? '';
      const shown = await command(region, line.replaceAll('{peer}', peer));
      const address = shown.match(/v4.ip\s*\|\s*([\d.]+)/i)?.[1];
      if (address !== undefined) addresses.set(region, address);
    }
    expect(addresses.size).toBe(2);
    for (const [region, name] of [
      ['left', 'conn'],
      ['right', 'conn2'],
    ] as const) {
      expect(await command(region, `vpn ipsec site connection show ${name} -c Status -f value`)).toBe('ACTIVE\n');
    }
  }, 240_000);
});
