/** A VPN that stands, applied with another spec: what can change in place changes at once, and where a later step fails all of it is set back. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeNetwork } from '../support/existing-network.js';
import { REGIONS, TestBed } from '../support/test-bed.js';

let bed: TestBed;
let folder: string;

beforeAll(async () => {
  bed = await TestBed.start({ regions: [...REGIONS, 'fra'] });
  folder = mkdtempSync(join(tmpdir(), 'regionlink-changed-'));
  expect((await apply()).messages).toEqual([]);
}, 120_000);

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await bed.stop();
});

const rows = () => bed.simulator.snapshot();

async function apply(changes: Record<string, unknown> = {}) {
  const mark = bed.simulator.log.length;
  const spec = { profile: 'sound', sites: sites({}), check: 'none', ...changes };
  const ended = await bed.end(await bed.provision('changed', spec));
  return { ...ended, text: ended.messages.join('\n'), writes: bed.writesSince(mark) };
}

/** Both sites with created networks, left's with changes. */
function sites(left: Record<string, unknown>, subnet: Record<string, unknown> = {}) {
  return {
    left: { region: 'dbl', network: { subnets: [{ cidr: '10.1.0.0/24', ...subnet }] }, ...left },
    right: { region: 'cbk', network: { subnets: [{ cidr: '10.2.0.0/24' }] } },
  };
}

/** The connections' PSKs: one, unless the two ends differ. */
function psks(): readonly unknown[] {
  const all = [...bed.simulator.regions.values()].flatMap((region) => region.rows('ipsec_site_connection'));
  const own = all.filter(({ description }) => String(description).includes('vpn=changed '));
  return [...new Set(own.map(({ psk }) => psk))];
}

/** A PSK in a file, as a spec refers to it. */
function ownPsk(psk: string) {
  const file = join(folder, psk.slice(0, 8));
  writeFileSync(file, psk, { mode: 0o600 });
  return { psk: { file } };
}

/** The second site's connection is the last that an apply changes; it is refused. */
function refuseLast(): void {
  bed.simulator.faults.add({
    method: 'PUT',
    path: '^/v2.0/vpn/ipsec-site-connections/',
    region: 'cbk',
    fault: { kind: 'answer', status: 403, effect: false },
  });
}

const CONNECTIONS = ['PUT cbk /v2.0/vpn/ipsec-site-connections/{id}', 'PUT dbl /v2.0/vpn/ipsec-site-connections/{id}'];

test('names, DNS servers and options of the connections change in place, and are set back where the run fails', async () => {
  const standing = rows();
  const changed = {
    sites: sites({}, { name: 'renamed', dns: ['9.9.9.9'] }),
    names: { router: '{site}-gate', localEndpointGroup: '{site}-near', connection: 'tunnel{n}' },
    connection: { mtu: 1400, dpd: { action: 'restart', interval: 10, timeout: 60 } },
  };
  refuseLast();
  expect((await apply(changed)).status).toBe('FAILED');
  expect(rows()).toEqual(standing);
  const done = await apply(changed);
  expect(done.messages).toEqual([]);
  expect([...done.writes].sort()).toEqual(
    [
      ...CONNECTIONS,
      ...['cbk', 'dbl'].flatMap((region) => [
        `PUT ${region} /v2.0/routers/{id}`,
        `PUT ${region} /v2.0/vpn/endpoint-groups/{id}`,
      ]),
      'PUT dbl /v2.0/subnets/{id}',
    ].sort(),
  );
  expect(JSON.stringify(rows())).toContain('"renamed"');
  expect((await apply(changed)).writes).toEqual([]);
  expect((await apply()).messages).toEqual([]);
  expect(rows()).toEqual(standing);
}, 120_000);

test.each([
  ['its change', 0, 'COMPLETED'],
  ['its set-back', 1, 'FAILED'],
])(
  'a connection that someone removes right before %s is no obstacle',
  async (_, skip, status) => {
    const path = '^/v2.0/vpn/ipsec-site-connections/';
    const removal = bed.simulator.faults.add({ method: 'PUT', path, region: 'dbl', skip, fault: { kind: 'forget' } });
    if (status === 'FAILED') refuseLast();
    const ended = await apply({ connection: { mtu: 1400 } });
    expect(removal.acted).toBe(1);
    expect(ended).toMatchObject({ status, leftovers: [] });
    expect(ended.text).not.toContain('NotFound');
    // Made again, at this apply or at the next one.
    expect((await apply()).messages).toEqual([]);
    expect(psks()).toHaveLength(1);
  },
  120_000,
);

test('what a list from before the change shows is not taken for set back: it is looked for again', async () => {
  const standing = rows();
  // From the run's first look on, so that neither change nor undo is seen.
  const old = bed.simulator.faults.add({
    method: 'GET',
    path: '^/v2.0/vpn/ipsec-site-connections$',
    region: 'dbl',
    times: 0,
    fault: { kind: 'stale' },
  });
  refuseLast();
  const spec = { profile: 'sound', sites: sites({}), check: 'none', connection: { mtu: 1400 }, settleTime: '3s' };
  const run = await bed.provision('changed', spec);
  await expect.poll(async () => (await bed.progress(run)).phase, { timeout: 60_000, interval: 20 }).toBe('settling');
  expect((await bed.progress(run)).settlesUntil).toBeGreaterThan(Date.now());
  expect(await run.query('__temporal_workflow_metadata')).toMatchObject({
    currentDetails: expect.stringMatching(/: settling \(at least until .*late effects/),
  });
  expect(JSON.stringify(rows())).toContain('"mtu":1400');
  old.withdraw();
  expect((await bed.end(run)).status).toBe('FAILED');
  expect(rows()).toEqual(standing);
}, 120_000);

test('the PSK changes to one of the user, to another, and back to a generated one; a run that fails sets back what no cloud and no spec tells it', async () => {
  const standing = rows();
  const [generated] = psks();
  const [one, other] = ['first-of-two-keys-8aK2', 'other-of-two-keys-3xQ7'];
  refuseLast();
  expect((await apply(ownPsk(one))).status).toBe('FAILED');
  expect(psks()).toEqual([generated]);
  expect(rows()).toEqual(standing);
  expect((await apply(ownPsk(one))).messages).toEqual([]);
  expect(psks()).toEqual([one]);
  expect((await apply(ownPsk(one))).writes).toEqual([]);
  const own = rows();
  for (const next of [ownPsk(other), {}]) {
    refuseLast();
    expect((await apply(next)).status).toBe('FAILED');
    expect(psks()).toEqual([one]);
    expect(rows()).toEqual(own);
  }
  expect((await apply()).messages).toEqual([]);
  const [again, ...more] = psks();
  expect(more).toEqual([]);
  expect([one, other, generated]).not.toContain(again);
  // The marks tell what it derives from, so it stays.
  expect((await apply()).writes).toEqual([]);
  expect(psks()).toEqual([again]);
}, 120_000);

test('a site that moves to another region, or changes places with its peer: a conflict that names both regions, and touches nothing', async () => {
  const standing = rows();
  const moved = (left: string, right: string) => {
    const all = sites({ region: left });
    return apply({ sites: { ...all, right: { ...all.right, region: right } } });
  };
  const away = await moved('fra', 'cbk');
  expect([away.type, away.writes]).toEqual(['SpecConflict', []]);
  expect(away.text).toMatch(/sites\.left\.region: .* in region dbl .* the spec in fra/);
  const both = await moved('cbk', 'dbl');
  expect([both.type, both.writes]).toEqual(['SpecConflict', []]);
  expect(both.text).toMatch(/sites\.left\.region: [\s\S]*sites\.right\.region: /);
  expect(rows()).toEqual(standing);
}, 120_000);

test('another external network, and another router, would be another tunnel: a conflict that names the field, and touches nothing', async () => {
  const standing = rows();
  const another = bed.simulator.seed('dbl', 'network', {
    ...bed.simulator.regions
      .get('dbl')
      ?.rows('network')
      .find((row) => row['router:external'] === true),
    id: 'a1b2c3d4-0000-4000-8000-000000000001',
    name: 'ext-net2',
  });
  const outside = await apply({ sites: sites({ externalNetwork: 'ext-net2' }) });
  expect(outside.type).toBe('SpecConflict');
  expect(outside.text).toMatch(
    new RegExp(`sites\\.left\\.externalNetwork: the gateway of router left-router .* the spec says ${another.id}`),
  );
  expect(outside.writes).toEqual([]);
  bed.simulator.regions.get('dbl')?.tables.network.delete(String(another.id));
  expect(rows()).toEqual(standing);

  await makeNetwork(bed.simulator, 'other', '10.7.0.0/24');
  const beside = rows();
  const right = { region: 'cbk', network: { router: 'other-router', subnets: ['other-subnet'] } };
  const elsewhere = await apply({ sites: { ...sites({}), right } });
  expect(elsewhere.type).toBe('SpecConflict');
  expect(elsewhere.text).toMatch(
    /sites\.right\.network\.router: the VPN that stands goes over router \S+ \(VPN service vpn2, /,
  );
  expect(elsewhere.writes).toEqual([]);
  expect(rows()).toEqual(beside);
  expect((await bed.end(await bed.destroy('changed'))).messages).toEqual([]);
}, 120_000);
