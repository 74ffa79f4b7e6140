/** Several subnets behind one tunnel, created on several networks or existing: every pair is proven, and a set that stands is never changed by halves. */
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

test('a set that stands may change its order and its names; another set is a conflict that names the field, and touches nothing', async () => {
  const [a, b, c] = [{ cidr: '10.1.0.0/24' }, { cidr: '10.1.1.0/24' }, { cidr: '10.1.2.0/24' }];
  const before = bed.simulator.snapshot();
  const apply = async (...left: readonly object[]) => {
    const mark = bed.simulator.log.length;
    const ended = await bed.end(await bed.provision('set', { ...small(...left), check: 'none' }));
    return { ...ended, text: ended.messages.join('\n'), writes: bed.writesSince(mark) };
  };
  expect((await apply(a, b)).messages).toEqual([]);
  // The names count them, so they change places; nothing else does.
  const reordered = await apply(b, a);
  expect(reordered.messages).toEqual([]);
  expect(reordered.writes).toEqual(['PUT dbl /v2.0/subnets/{id}', 'PUT dbl /v2.0/subnets/{id}']);
  for (const [left, said] of [
    [[a, b, c], '10.1.0.0/24, 10.1.1.0/24, 10.1.2.0/24'],
    [[b], '10.1.1.0/24'],
    [[c, b], '10.1.2.0/24, 10.1.1.0/24'],
  ] as const) {
    const { type, text, writes } = await apply(...left);
    expect(type).toBe('SpecConflict');
    expect(text).toMatch(
      /sites\.left\.network\.subnets: the VPN that stands joins 10\.1\.[01]\.0\/24, 10\.1\.[01]\.0\/24 /,
    );
    expect(text).toContain(`the spec says ${said}, and an endpoint group cannot be given other subnets`);
    expect(writes).toEqual([]);
  }
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
