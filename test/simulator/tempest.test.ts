/**
 * The OpenStack community's own API tests, unchanged, against the simulator: all of neutron-tempest-plugin's for VPNaaS, and tempest's for networks. Users and
 * projects are made by the suite itself. Skipped with the reason where Python is missing.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tempest } from '../support/python-packages.js';
import { type Cloud, startCloud } from './clouds.js';

const { bin, missing: reason } = tempest();

const VPN = ['neutron_tempest_plugin.vpnaas.api.test_vpnaas'];
const NETWORKS = [
  'test_extensions',
  'test_floating_ips',
  'test_floating_ips_negative',
  'test_networks',
  'test_networks_negative',
  'test_ports',
  'test_allowed_address_pair',
  'test_extra_dhcp_options',
  'test_routers',
  'test_routers_negative',
  'test_security_groups',
  'test_security_groups_negative',
  'test_versions',
  'admin.test_external_network_extension',
  'admin.test_external_networks_negative',
  'admin.test_floating_ips_admin_actions',
  'admin.test_routers',
  'admin.test_routers_negative',
].map((name) => `tempest.api.network.${name}`);

let cloud: Cloud;
let folder: string;

beforeAll(async () => {
  cloud = await startCloud();
  folder = mkdtempSync(join(tmpdir(), 'tempest-'));
  const outside = (await cloud.call('network', '/v2.0/networks?router:external=true')).body.networks[0].id;
  const { extensions } = (await cloud.call('network', '/v2.0/extensions')).body;
  writeFileSync(
    join(folder, 'tempest.conf'),
    `
[DEFAULT]
log_file = ${join(folder, 'tempest.log')}
[oslo_concurrency]
lock_path = ${folder}
[auth]
use_dynamic_credentials = true
create_isolated_networks = false
admin_username = admin
admin_password = lab
admin_project_name = admin
admin_domain_name = Default
[identity]
uri_v3 = ${cloud.simulator.authUrl}
auth_version = v3
region = left
v3_endpoint_type = public
[network]
public_network_id = ${outside}
floating_network_name = ext-net
[network-feature-enabled]
api_extensions = ${extensions.map(({ alias }: { alias: string }) => alias).join(',')}
[service_available]
cinder = false
swift = false
horizon = false
`,
  );
});

afterAll(() => cloud.stop());

/** Runs test modules. @returns the names of those that failed, and how many ran */
function suite(modules: readonly string[]): Promise<{ readonly failed: readonly string[]; readonly ran: number }> {
  const env = { PATH: process.env.PATH, HOME: folder, TEMPEST_CONFIG_DIR: folder, TEMPEST_CONFIG: 'tempest.conf' };
  const options = { env, cwd: folder, maxBuffer: 64 * 1024 * 1024, timeout: 300_000 };
  return new Promise((resolve) => {
    execFile(join(bin, 'python'), ['-m', 'unittest', ...modules], options, (_error, stdout, stderr) => {
      const text = stdout + stderr;
      const failed = [...text.matchAll(/^(?:FAIL|ERROR): (.*)$/gm)].map(([, name]) => String(name));
      resolve({ failed, ran: Number(/^Ran (\d+) tests/m.exec(text)?.[1] ?? 0) });
    });
  });
}

describe.skipIf(reason !== undefined)('public API tests', () => {
  test('all of VPNaaS', async () => {
    const { failed, ran } = await suite(VPN);
    expect(failed).toEqual([]);
    expect(ran).toBeGreaterThanOrEqual(34);
  }, 320_000);

  test('networks, subnets, ports, routers, floating IPs and security groups', async () => {
    const { failed, ran } = await suite(NETWORKS);
    expect(failed).toEqual([]);
    expect(ran).toBeGreaterThanOrEqual(180);
  }, 320_000);
});
