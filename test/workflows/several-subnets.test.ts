/** Several subnets behind one tunnel, created on several networks or existing: every pair is proven, and a set that stands is changed as a whole or not at all. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { provisionText } from '../../src/cli/result-text.js';
import { loadSpecFile } from '../../src/spec/load-spec-file.js';
import { makeNetwork } from '../support/existing-network.js';
import { marksIn, TestBed } from '../support/test-bed.js';

let bed: TestBed;

beforeAll(async () => {
  bed = await TestBed.start();
  await makeNetwork(bed.simulator, 'right', '10.7.0.0/24', '10.7.1.0/24');
}, 120_000);

afterAll(() => bed.stop());

const LEFT = ['10.1.0.0/24', '10.1.1.0/24', '10.1.2.0/24'];
const RIGHT = ['10.7.0.0/24', '10.7.1.0/24'];

/** The example, with the existing subnets of this bed. */
function example(): Record<string, unknown> {
  const { sites, check } = loadSpecFile('examples/several-subnets.yaml') as { sites: object; check: object };
  const right = { region: 'cbk', network: { router: 'right-router', subnets: ['right-subnet', 'right-subnet2'] } };
  return { profile: 'sound', sites: { ...sites, right }, check };
}

/** Two created subnets joined with one. */
function small(...left: readonly object[]): Record<string, unknown> {
  return {
    profile: 'sound',
    sites: {
      left: { region: 'dbl', network: { subnets: left } },
      right: { region: 'cbk', network: { subnets: [{ cidr: '10.2.0.0/24' }] } },
    },
  };
}

test('the example: every pair answers both ways, and nothing is left of it', async () => {
  const before = bed.simulator.snapshot();
  const { messages, result, events } = await bed.end(await bed.provision('several', example()));
  expect(messages).toEqual([]);
  expect(events).toBeLessThan(600);
  const ping = result?.links[0]?.ping ?? [];
  const ways = ping.map(({ from, to, subnets }) => `${from} ${subnets?.from} to ${to} ${subnets?.to}`);
  const wanted = LEFT.flatMap((left) =>
    RIGHT.flatMap((right) => [`left ${left} to right ${right}`, `right ${right} to left ${left}`]),
  );
  expect([...ways].sort()).toEqual([...wanted].sort());
  expect(ping.filter(({ lossPercent, rtt }) => lossPercent > 0 || rtt.avg <= 0)).toEqual([]);
  const text = result === undefined ? '' : provisionText(result);
  expect(text).toContain('VPN several stands, proven by pings both ways between 6 pairs of subnets');
  expect(text).toMatch(/ping left 10\.1\.2\.0\/24 → right 10\.7\.1\.0\/24 \(10\.7\.1\.\d+\): 5 of 5 answered/);
  // Each subnet is on its network, and known by its range.
  const rows = (table: 'subnet' | 'network') => bed.simulator.regions.get('dbl')?.rows(table) ?? [];
  const db = rows('network').find(({ name }) => name === 'left-db');
  const further = rows('subnet').find(({ description }) =>
    String(description).includes('vpn=several step=left/subnet:10.1.2.0-24 '),
  );
  expect(further).toMatchObject({ name: 'left-subnet3', cidr: '10.1.2.0/24', network_id: db?.id });
  const marks = marksIn(bed.simulator, 'several');
  expect(new Set(marks).size).toBe(marks.length);
  expect((await bed.end(await bed.destroy('several'))).messages).toEqual([]);
  expect(bed.simulator.snapshot()).toEqual(before);
}, 120_000);

const [a, b, c] = [{ cidr: '10.1.0.0/24' }, { cidr: '10.1.1.0/24' }, { cidr: '10.1.2.0/24' }];

/** Applies a set of left's subnets to the VPN `set`, and tells what was written. */
async function apply(left: readonly object[], changes: Record<string, unknown> = { check: 'none' }) {
  const mark = bed.simulator.log.length;
  const ended = await bed.end(await bed.provision('set', { ...small(...left), ...changes }));
  return { ...ended, text: ended.messages.join('\n'), writes: bed.writesSince(mark) };
}

const GROUPS = '/v2.0/vpn/endpoint-groups';
const SWAP = ['PUT cbk /v2.0/vpn/ipsec-site-connections/{id}', 'PUT dbl /v2.0/vpn/ipsec-site-connections/{id}'];
const NEW_GROUPS = [`POST cbk ${GROUPS}`, `POST dbl ${GROUPS}`];
const OLD_GROUPS = [`DELETE cbk ${GROUPS}/{id}`, `DELETE dbl ${GROUPS}/{id}`];

test('a set that stands changes in place: a further subnet comes and goes, and the groups change over', async () => {
  const before = bed.simulator.snapshot();
  expect((await apply([a, b])).messages).toEqual([]);
  // The names count them, so they change places; nothing else does.
  const reordered = await apply([b, a]);
  expect(reordered.messages).toEqual([]);
  expect(reordered.writes).toEqual(['PUT dbl /v2.0/subnets/{id}', 'PUT dbl /v2.0/subnets/{id}']);
  expect((await apply([a, b])).messages).toEqual([]);

  const more = await apply([a, b, c], { check: { via: 'console', pairs: 'all' } });
  expect(more.messages).toEqual([]);
  expect(more.result?.links[0]?.ping).toHaveLength(6);
  expect(more.result?.removed?.map(({ kind, region }) => `${kind} ${region}`).sort()).toEqual([
    'localEndpointGroup dbl',
    'peerEndpointGroup cbk',
  ]);
  const kept = (write: string) => !/ports|servers|security/.test(write);
  expect(more.writes.filter(kept).sort()).toEqual(
    [
      ...[...OLD_GROUPS, ...NEW_GROUPS, ...SWAP],
      ...['POST dbl /v2.0/subnets', 'PUT dbl /v2.0/routers/{id}/add_router_interface'],
    ].sort(),
  );
  expect((await apply([a, b, c])).writes).toEqual([]);

  const fewer = await apply([a, c]);
  expect(fewer.messages).toEqual([]);
  expect(fewer.result?.removed?.map(({ kind, region }) => `${kind} ${region}`).sort()).toEqual([
    'localEndpointGroup dbl',
    'peerEndpointGroup cbk',
    'routerInterface dbl',
    'subnet dbl',
  ]);
  expect((await apply([a, c])).writes).toEqual([]);
  const rows = bed.simulator.regions.get('dbl')?.rows('subnet') ?? [];
  const own = rows.filter(({ description }) => String(description).includes('vpn=set '));
  expect(own.map(({ cidr }) => cidr).sort()).toEqual([a.cidr, c.cidr]);
  expect((await bed.end(await bed.destroy('set'))).messages).toEqual([]);
  expect(bed.simulator.snapshot()).toEqual(before);
}, 120_000);

test('what cannot change is a conflict that names the field, and touches nothing; a change that fails half-way is set back', async () => {
  const before = bed.simulator.snapshot();
  expect((await apply([a, b])).messages).toEqual([]);
  const standing = bed.simulator.snapshot();
  for (const left of [[b], [c, b]]) {
    const { type, text, writes } = await apply(left);
    expect(type).toBe('SpecConflict');
    expect(text).toMatch(
      /sites\.left\.network\.subnets: 10\.1\.0\.0\/24 \(subnet left-subnet, \S+\) is the one that this site was made with/,
    );
    expect(writes).toEqual([]);
  }
  bed.simulator.faults.add({
    method: 'PUT',
    path: '^/v2.0/vpn/ipsec-site-connections/',
    region: 'cbk',
    fault: { kind: 'answer', status: 403, effect: false },
  });
  const failed = await apply([a, c]);
  expect(failed.status).toBe('FAILED');
  expect(failed.text).toContain('All that this run had made or changed is undone');
  expect(bed.simulator.snapshot()).toEqual(standing);
  expect((await bed.end(await bed.destroy('set'))).messages).toEqual([]);
  expect(bed.simulator.snapshot()).toEqual(before);
}, 120_000);

test('by SSH: one floating IP leads to all of them', async () => {
  const before = bed.simulator.snapshot();
  const spec = { ...small({ cidr: '10.1.0.0/24' }, { cidr: '10.1.1.0/24' }), check: { via: 'ssh', pairs: 'all' } };
  const mark = bed.simulator.log.length;
  const { messages, result } = await bed.end(await bed.provision('by-ssh', spec));
  expect(messages).toEqual([]);
  const ping = result?.links[0]?.ping ?? [];
  expect(ping.map(({ subnets }) => `${subnets?.from} ${subnets?.to}`).sort()).toEqual([
    '10.1.0.0/24 10.2.0.0/24',
    '10.1.1.0/24 10.2.0.0/24',
    '10.2.0.0/24 10.1.0.0/24',
    '10.2.0.0/24 10.1.1.0/24',
  ]);
  expect(
    bed.writesSince(mark).filter((write) => write.startsWith('POST') && write.includes('floatingips')),
  ).toHaveLength(1);
  expect((await bed.end(await bed.destroy('by-ssh'))).messages).toEqual([]);
  expect(bed.simulator.snapshot()).toEqual(before);
}, 120_000);

test('a pair that the tunnel does not carry fails the run with the reason, and all is as before', async () => {
  const before = bed.simulator.snapshot();
  const { type, messages } = await bed.end(
    await bed.provision('first-only', {
      ...small({ cidr: '10.1.0.0/24' }, { cidr: '10.1.1.0/24' }),
      ike: { version: 'v1' },
      check: { via: 'console', pairs: 'all' },
      tunnelTimeout: '3s',
    }),
  );
  expect(type).toBe('TunnelDown');
  const text = messages.join('\n');
  expect(text).toContain('no ping crossed left~right ');
  expect(text).toContain('IKEv1 joins one pair of networks a tunnel');
  expect(bed.simulator.snapshot()).toEqual(before);
}, 120_000);
