/** One end of a tunnel, the other being no OpenStack: the example as its user lives it, and what is told when the other end does not answer. */
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { peerConfig } from '../../src/cli/commands/peer-config.js';
import { provisionText } from '../../src/cli/result-text.js';
import { type ExternalEnd, RegionLink, VpnNotFoundError } from '../../src/client/index.js';
import { loadSpecFile } from '../../src/spec/load-spec-file.js';
import { addPeer, forgetPeers } from '../support/external-peers.js';
import { schemaFaults } from '../support/schema-faults.js';
import { scan } from '../support/secret-scan.js';
import { regionlink } from '../support/terminal.js';
import { TestBed, tutorialSpec } from '../support/test-bed.js';

let bed: TestBed;
let link: RegionLink;
const folder = mkdtempSync(join(tmpdir(), 'peer-'));

beforeAll(async () => {
  bed = await TestBed.start();
  link = await RegionLink.connect({ address: bed.server.address });
  writeFileSync(join(folder, 'master-key'), bed.masterKey, { mode: 0o600 });
}, 120_000);

afterEach(async () => {
  vi.unstubAllEnvs();
  await forgetPeers(bed.simulator);
});

afterAll(async () => {
  await link.close();
  await bed.stop();
});

/** The example, with the tests' short times. */
function example(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const { sites } = loadSpecFile('examples/external-peer.yaml') as { sites: object };
  return { profile: 'sound', sites, ...changes };
}

function office(fields: Record<string, unknown>): Record<string, unknown> {
  const { sites } = example() as { sites: { cloud: object; office: { external: object } } };
  return { sites: { ...sites, office: { external: { ...sites.office.external, ...fields } } } };
}

/** The environment of `regionlink peer-config`. */
function environment() {
  return { TEMPORAL_ADDRESS: bed.server.address, REGIONLINK_MASTER_KEY_FILE: join(folder, 'master-key') };
}

/** What `regionlink peer-config` prints or fails of, in this process: a new one takes seconds to start. */
async function told(...args: Parameters<typeof peerConfig>): Promise<string> {
  for (const [name, value] of Object.entries(environment())) vi.stubEnv(name, value);
  const log = vi.spyOn(console, 'log').mockReturnValue();
  const error = vi.spyOn(console, 'error').mockReturnValue();
  try {
    await peerConfig(...args);
    return log.mock.calls.join('\n');
  } finally {
    log.mockRestore();
    error.mockRestore();
  }
}

/** The gateway of an office, set up as it is told. */
async function setUp({ ours, theirs, ike, ipsec }: ExternalEnd, psk: string): Promise<void> {
  const policy = ({ encryption, auth, pfs }: ExternalEnd['ike'] | ExternalEnd['ipsec']) => ({
    encryption_algorithm: encryption,
    auth_algorithm: auth,
    pfs,
  });
  const { site: _, ...own } = theirs;
  const { site: __, ...peer } = ours;
  await addPeer(bed.simulator, {
    ...own,
    peer,
    psk,
    ike: { ...policy(ike), ike_version: ike.version, phase1_negotiation_mode: ike.mode },
    ipsec: { ...policy(ipsec), transform_protocol: ipsec.protocol, encapsulation_mode: ipsec.encapsulation },
  });
}

function connections() {
  return bed.simulator.regions.get('dbl')?.rows('ipsec_site_connection') ?? [];
}

/** The end, once its connection stands; the run then waits for the tunnel. */
async function endOf(name: string, run: WorkflowHandle): Promise<ExternalEnd> {
  let over = false;
  run.result().then(
    () => (over = true),
    () => (over = true),
  );
  while (connections().length === 0 && !over) await new Promise((resolve) => setTimeout(resolve, 5));
  const ends = await link.externalEnds(name);
  expect(schemaFaults('ExternalEnds', ends)).toEqual([]);
  const [end] = ends;
  if (end === undefined) throw new Error(`${name} has no end`);
  return end;
}

test('the example: set up as peer-config tells while the run waits, it comes up; it converges, is no stray, and goes without a trace', async () => {
  const before = bed.simulator.snapshot();
  const run = await bed.provision('to-office', example());
  const end = await endOf('to-office', run);
  expect(end).toMatchObject({
    vpn: 'to-office',
    link: 'cloud~office',
    region: 'dbl',
    theirs: { address: '203.0.113.10' },
  });

  const [file, alone] = [join(folder, 'to-office.secrets'), join(folder, 'psk')];
  const swanctl = await regionlink(
    ['peer-config', 'to-office', '--format', 'swanctl', '--psk-file', file],
    environment(),
  );
  expect([swanctl.status, swanctl.stderr]).toEqual([
    0,
    `a worker looks at our end …\nthe PSK is in ${file}, which only you can read\n`,
  ]);
  expect(swanctl.stdout).toContain(`include to-office.secrets\n`);
  expect(swanctl.stdout).toContain(`remote_addrs = ${end.ours.address}\n`);
  const [, psk = ''] = /secret = "([A-Za-z0-9]{40})"/.exec(readFileSync(file, 'utf8')) ?? [];
  expect(connections().map((one) => one.psk)).toEqual([psk]);
  const json = await told('to-office', { format: 'text', json: true, pskFile: alone });
  expect(JSON.parse(json)).toMatchObject([{ link: 'cloud~office', ours: end.ours }]);
  expect(readFileSync(alone, 'utf8')).toBe(`${psk}\n`);
  for (const path of [file, alone]) expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(scan([swanctl.stdout, swanctl.stderr, json], [psk])).toEqual([]);
  // A file that is there already stays as it is.
  await expect(told('to-office', { format: 'text', pskFile: alone })).rejects.toThrow(
    `--psk-file: ${alone} exists already, and is not overwritten`,
  );

  await setUp(end, psk);
  const { messages, result } = await bed.end(run);
  expect(messages).toEqual([]);
  expect(result).toMatchObject({
    proof: 'unproven',
    sites: [{ key: 'cloud', region: 'dbl', address: end.ours.address }],
    links: [{ key: 'cloud~office', external: { site: 'office' }, statuses: { cloud: 'ACTIVE' }, ping: [] }],
  });
  const text = result === undefined ? '' : provisionText(result);
  expect(text).toContain('VPN to-office stands, not proven: nothing can be pinged at office');
  expect(text).toContain('office is external, at 203.0.113.10, with 192.168.10.0/24');

  const mark = bed.simulator.log.length;
  expect((await bed.end(await bed.provision('to-office', example()))).messages).toEqual([]);
  expect(bed.writesSince(mark)).toEqual([]);
  const survey = await link.survey();
  expect([...survey.sets.map(({ of }) => of), ...survey.unclear]).not.toContainEqual(
    expect.objectContaining({ vpn: 'to-office' }),
  );
  // What cannot become of it is told, and nothing is touched.
  const { sites } = example() as { sites: object };
  const region = { region: 'cbk', network: { subnets: [{ cidr: '192.168.10.0/24' }] } };
  const inside = { ...example(), sites: { ...sites, office: region } };
  const plan = await link.plan(tutorialSpec({ ...inside, name: 'to-office' }));
  expect(plan.steps.find(({ key }) => key === 'cloud~office/cloud/siteConnection')).toMatchObject({
    action: 'conflict',
    fields: expect.arrayContaining([{ field: 'site office', have: 'external', want: 'OpenStack', inPlace: false }]),
  });
  const refused = await bed.end(await bed.provision('to-office', inside));
  expect(refused.type).toBe('SpecConflict');
  expect(refused.messages.join('\n')).toContain(
    'sites.office: it is external in the VPN that stands, and OpenStack in',
  );
  expect(bed.writesSince(mark)).toEqual([]);

  // Other ranges change over in place, as the other end has them by then.
  const cidrs = ['192.168.11.0/24'];
  await forgetPeers(bed.simulator);
  await setUp({ ...end, theirs: { ...end.theirs, cidrs } }, psk);
  const other = await bed.end(await bed.provision('to-office', { ...example(), ...office({ cidrs }) }));
  expect(other.messages).toEqual([]);
  expect(other.result?.removed?.map(({ kind }) => kind)).toEqual(['peerEndpointGroup']);

  expect((await bed.end(await bed.destroy('to-office'))).messages).toEqual([]);
  expect(bed.simulator.snapshot()).toEqual(before);
  await expect(told('to-office', { format: 'text' })).rejects.toThrow(VpnNotFoundError);
}, 120_000);

test('another PSK at the other end, and no tunnel: the run tells what that end must be, and all is as before', async () => {
  const before = bed.simulator.snapshot();
  const spec = { ...example({ tunnelTimeout: '3s' }), ...office({ id: 'gw.example.org' }) };
  const run = await bed.provision('unanswered', spec);
  await setUp(await endOf('unanswered', run), 'not-the-key-of-this-tunnel');
  const { type, messages } = await bed.end(run);
  expect(type).toBe('TunnelDown');
  const text = messages.join('\n');
  expect(text).toContain('tunnel cloud~office is not up: DOWN at cloud.');
  expect(text).toContain('what is wrong at office cannot be seen from here. It must call 172.24.4.');
  expect(text).toContain('from 203.0.113.10 as gw.example.org');
  expect(bed.simulator.snapshot()).toEqual(before);
}, 120_000);

test.each([
  [
    'address',
    { peer_address: '203.0.113.99' },
    /cloud calls 203\.0\.113\.99, but the spec says that office is at 203\.0\.113\.10 \(apply again/,
  ],
  [
    'id',
    { peer_id: 'someone' },
    /cloud expects the id someone, but the spec says that office presents itself as gw\.example\.org \(apply again/,
  ],
  [
    'networks',
    { peer_cidrs: ['10.99.0.0/24'] },
    /cloud calls its peer's networks 10\.99\.0\.0\/24, but the spec says that office has .* \(apply again/,
  ],
] as const)(
  'what someone changes at our end meanwhile, its %s, is told',
  async (_, fields, reason) => {
    const before = bed.simulator.snapshot();
    const spec = { ...example({ tunnelTimeout: '3s' }), ...office({ id: 'gw.example.org' }) };
    const run = await bed.provision('unanswered', spec);
    await endOf('unanswered', run);
    Object.assign(connections()[0] ?? {}, fields);
    const { type, messages } = await bed.end(run);
    expect(type).toBe('TunnelDown');
    expect(messages.join('\n')).toMatch(reason);
    expect(bed.simulator.snapshot()).toEqual(before);
  },
  120_000,
);

test('a PSK of one’s own is in no file of ours, and its end is told all the same', async () => {
  const before = bed.simulator.snapshot();
  const own = join(folder, 'own');
  writeFileSync(own, 'a-key-of-our-own-7d1e', { mode: 0o600 });
  const run = await bed.provision('own-key', example({ psk: { file: own } }));
  const end = await endOf('own-key', run);
  expect(await told('own-key', { format: 'text' })).toMatch(
    /pre-shared key +your own, from where psk in the spec says/,
  );
  await expect(told('own-key', { format: 'text', pskFile: join(folder, 'none') })).rejects.toThrow(
    'the PSK of own-key is your own: it is where psk in its spec says, and nothing derives it',
  );
  await setUp(end, 'a-key-of-our-own-7d1e');
  expect((await bed.end(run)).messages).toEqual([]);
  expect((await bed.end(await bed.destroy('own-key'))).messages).toEqual([]);
  expect(bed.simulator.snapshot()).toEqual(before);
}, 120_000);
