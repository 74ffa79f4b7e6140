/** `regionlink history` and `list` as a user runs them, against a real server, worker and simulator. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findTemporalCli } from '../../src/cli/temporal-cli.js';
import { SEARCH_ATTRIBUTES } from '../../src/workflows/protocol.js';
import { regionlink } from '../support/terminal.js';
import { TestBed } from '../support/test-bed.js';

let bed: TestBed;

beforeAll(async () => {
  bed = await TestBed.start();
  await bed.end(await bed.provision('audited', { check: 'none' }));
  await bed.end(await bed.destroy('audited'));
}, 120_000);

afterAll(() => bed.stop());

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  regionlink(args, { TEMPORAL_ADDRESS: bed.server.address, ...env });

test('the newest run, or all of them: as text, Markdown and JSON', async () => {
  const text = await run(['history', 'audited', '--all']);
  expect(text.status).toBe(0);
  expect(text.stdout).toMatch(/provision[\s\S]*created[\s\S]*destroy[\s\S]*removed/);
  expect((await run(['history', 'audited', '--markdown'])).stdout).toMatch(/^#+ .*[\s\S]*\n\| .* \|\n/);
  const { stdout } = await run(['history', 'audited', '--json']);
  expect(JSON.parse(stdout)).toMatchObject([{ vpn: 'audited', operation: 'destroyVpn' }]);
}, 60_000);

test.each([
  ['is none', 'yesterday'],
  ['nobody has', '00000000-0000-4000-8000-000000000000'],
])(
  'a run id that %s: no such run, and where they are listed',
  async (_, id) => {
    const { status, stderr } = await run(['history', 'audited', '--run', id]);
    expect(status).toBe(6);
    expect(stderr).toContain(`no run ${id} of audited; see all with: regionlink history audited --all`);
  },
  60_000,
);

test('what Temporal refuses is told in its own words', async () => {
  const { status, stderr } = await run(['history', 'audited'], { TEMPORAL_NAMESPACE: 'nowhere' });
  expect(status).toBe(1);
  expect(stderr).toMatch(/[Nn]amespace nowhere is not found/);
}, 60_000);

test('--export keeps the same in a new file that only its owner reads, and overwrites none', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'history-')), 'audited.json');
  const args = ['history', 'audited', '--all', '--export', file];
  const made = await run([...args, '--json']);
  expect(made).toMatchObject({ status: 0, stderr: expect.stringContaining(`2 runs are in ${file}`) });
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(made.stdout));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const again = await run(args);
  expect(again).toMatchObject({ status: 2, stderr: expect.stringMatching(/--export: .* exists already/) });
}, 60_000);

test('a namespace without our search attributes: each command that needs them says which commands add them', async () => {
  const temporal = await findTemporalCli();
  const of = ['--address', bed.server.address, '--namespace', 'bare'];
  await promisify(execFile)(temporal, ['operator', 'namespace', 'create', ...of]);
  for (const args of [
    ['list', '--name', 'audited'],
    ['destroy', 'audited', '--yes'],
    ['apply', '-f', 'examples/tutorial.yaml', '--yes', '--detach'],
  ]) {
    const { status, stderr } = await run(args, { TEMPORAL_NAMESPACE: 'bare' });
    expect(status).toBe(2);
    for (const name of Object.keys(SEARCH_ATTRIBUTES))
      expect(stderr).toContain(`temporal operator search-attribute create --namespace bare --name ${name} `);
  }
}, 60_000);
