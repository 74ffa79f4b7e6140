/**
 * One end in a real cloud, the other a real strongSwan that is set up as `regionlink peer-config` tells while the run waits: they agree, and packets pass
 * encrypted. The strongSwan is the lab's own (`lab/on.sh peer`), in a network namespace with a network of its own.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { regionlink } from '../support/terminal.js';
import { bedOfUnchangedClouds } from './bed.js';
import { Capture } from './capture.js';

const ADDRESS = '172.24.6.10';
const INSIDE = '192.168.10.1';
const NAME = 'to-office';

const bed = bedOfUnchangedClouds();
const folder = mkdtempSync(join(tmpdir(), 'regionlink-office-'));

afterEach(() => {
  atPeer(['sh', '-c', 'rm -f /etc/swanctl/conf.d/*']);
  atPeer(['swanctl', '--load-all', '--clear']);
});

afterAll(() => rmSync(folder, { recursive: true }));

/** A command on the strongSwan's host. @returns what it prints */
function atPeer(command: readonly string[], input = ''): string {
  return execFileSync('bash', ['lab/on.sh', 'peer', ...command], { input, encoding: 'utf8', stdio: 'pipe' });
}

/** What `docs/external-peer.md` says to do. @returns what swanctl says to it */
async function setUp(version: string): Promise<string> {
  const secrets = `${NAME}-${version}.secrets`;
  const config = await regionlink(['peer-config', NAME, '--format', 'swanctl', '--psk-file', join(folder, secrets)], {
    TEMPORAL_ADDRESS: bed().server.address,
    REGIONLINK_MASTER_KEY: bed().masterKey,
  });
  expect([config.status, config.stderr]).toEqual([
    0,
    `the PSK is in ${join(folder, secrets)}, which only you can read\n`,
  ]);
  const put = (name: string, text: string) => atPeer(['tee', `/etc/swanctl/conf.d/${name}`], text);
  put(secrets, readFileSync(join(folder, secrets), 'utf8'));
  put(`${NAME}.conf`, config.stdout);
  return atPeer(['swanctl', '--load-all']);
}

test.each(['v2', 'v1'])(
  'by IKE %s: it comes up with the swanctl.conf that is written, and packets pass encrypted',
  async (version) => {
    const run = await bed().provision(NAME, {
      profile: 'sound',
      sites: {
        cloud: { region: 'left', cloud: 'demo-left', network: { subnets: [{ cidr: '10.1.0.0/24' }] } },
        office: { external: { address: ADDRESS, cidrs: ['192.168.10.0/24'] } },
      },
      ike: { version },
      check: 'none',
    });
    await bed().connection('left');
    const capture = await Capture.start();
    const loaded = await setUp(version);
    expect(loaded).toContain(`loaded connection '${NAME}'`);
    expect(loaded).toContain('loaded ike secret');

    const result = await run.result();
    expect(result.proof).toBe('unproven');
    expect(result.links[0]?.statuses).toEqual({ cloud: 'ACTIVE' });
    const sas = atPeer(['swanctl', '--list-sas']);
    expect(sas).toMatch(new RegExp(`${NAME}: #\\d+, ESTABLISHED, IKE${version}`));
    expect(sas).toContain('AES_CBC-256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048');
    expect(sas).toMatch(/INSTALLED, TUNNEL/);

    // From a host of the office to the cloud's router, which answers for its network.
    expect(atPeer(['ping', '-c', '3', '-W', '5', '-I', INSIDE, '10.1.0.1'])).toMatch(/ [1-3] received/);
    const packets = (await capture.stop()).filter((line) => line.includes(ADDRESS) || line.includes(INSIDE));
    expect(packets.filter((line) => /ESP\(spi=/.test(line)).length).toBeGreaterThan(0);
    expect(packets.filter((line) => line.includes(INSIDE))).toEqual([]);

    await (await bed().link.destroy(NAME)).result();
  },
);
