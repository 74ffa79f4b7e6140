/** `regionlink sweep` as a user runs it, against a real server, worker and simulator; on a real terminal where one can be had. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { COMMAND } from '../support/terminal.js';
import { REGIONS, TestBed } from '../support/test-bed.js';

const NODE = [...COMMAND, 'sweep'];
let bed: TestBed;
let before: ReturnType<TestBed['simulator']['snapshot']>;

beforeAll(async () => {
  bed = await TestBed.start();
  // The decoys of our own owner are strays; here none but the test's own are wanted.
  for (const name of REGIONS) {
    for (const row of bed.simulator.regions.get(name)?.rows('network') ?? [])
      if (String(row.description).includes('vpn=left-right2')) row.description = '';
  }
}, 120_000);

afterAll(() => bed.stop());

/** Runs it; `answers` are typed one after the other, each when the question about its VPN has come. */
async function run(command: readonly string[], answers: readonly (readonly [vpn: string, answer: string])[] = []) {
  const [file = '', ...args] = command;
  const env = { PATH: process.env.PATH, HOME: '/nonexistent', TEMPORAL_ADDRESS: bed.server.address, TERM: 'dumb' };
  const child = spawn(file, args, { env });
  let [stdout, stderr] = ['', ''];
  const due = [...answers];
  child.stdout.on('data', (data) => {
    stdout += data;
    const [next] = due;
    if (next === undefined || !new RegExp(`VPN ${next[0]}:[^]*\\[y/N\\]`).test(stdout)) return;
    child.stdin.write(`${next[1]}\n`);
    due.shift();
  });
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  if (answers.length === 0) child.stdin.end();
  const [code] = await once(child, 'close');
  return { code: code as number, stdout, stderr };
}

let ids: readonly string[];

beforeEach(() => {
  const clean = bed.simulator.snapshot();
  if (before === undefined) before = clean;
  expect(clean).toEqual(before);
  const seed = (vpn: string, kind: 'ikepolicy' | 'ipsecpolicy', step: string) =>
    bed.simulator.seed('dbl', kind, {
      name: `${vpn}-policy`,
      description: `regionlink owner=test@default vpn=${vpn} step=left/${step} run=gone`,
    }).id;
  ids = [seed('lost', 'ikepolicy', 'ikePolicy'), seed('strayed', 'ipsecpolicy', 'ipsecPolicy')];
});

async function removeAll(): Promise<void> {
  expect((await run([...NODE, '--yes', '--json'])).code).toBe(0);
}

test('where nobody can be asked it lists why, what and where, removes nothing, and says so', async () => {
  const seeded = bed.simulator.snapshot();
  const { code, stdout, stderr } = await run(NODE);
  expect(code).toBe(7);
  for (const [index, id] of ids.entries())
    expect(stdout).toMatch(new RegExp(`incomplete +${['IKE', 'IPsec'][index]} policy .*${id} +dbl`));
  expect(stderr).toContain('with --yes');
  const json = await run([...NODE, '--json']);
  expect(json.code).toBe(7);
  expect(JSON.parse(json.stdout)).toMatchObject({
    sets: [{ of: { vpn: 'lost' } }, { of: { vpn: 'strayed' } }],
    results: [],
  });
  expect(bed.simulator.snapshot()).toEqual(seeded);
  await removeAll();
}, 90_000);

test('--yes removes all, and then nothing is stray', async () => {
  const { code, stdout } = await run([...NODE, '--yes']);
  expect(code).toBe(0);
  expect(stdout.match(/removed 1 of 1/g)).toHaveLength(2);
  expect(bed.simulator.snapshot()).toEqual(before);
  const again = await run(NODE);
  expect([again.code, again.stdout]).toEqual([0, 'nothing is stray\n']);
}, 90_000);

const TERMINAL = spawnSync('script', ['--version']).status === 0;

test.skipIf(!TERMINAL)(
  'on a terminal it asks per VPN: a no leaves that one, a yes removes the other',
  async () => {
    const onTerminal = ['script', '-qec', NODE.join(' '), '/dev/null'];
    const answered = await run(onTerminal, [
      ['lost', 'n'],
      ['strayed', 'y'],
    ]);
    expect(answered.code).toBe(7);
    const rows = JSON.stringify(bed.simulator.snapshot());
    expect(ids.map((id) => rows.includes(id))).toEqual([true, false]);
    expect((await run(onTerminal, [['lost', 'y']])).code).toBe(0);
    expect(bed.simulator.snapshot()).toEqual(before);
  },
  90_000,
);
