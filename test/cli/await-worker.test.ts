/** Every command that a worker has to look for says so where none takes its tasks; Ctrl-C ends the wait, with a word. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COMMAND, regionlink } from '../support/terminal.js';
import { TestBed } from '../support/test-bed.js';

let bed: TestBed;

beforeAll(async () => {
  bed = await TestBed.start();
}, 120_000);

afterAll(() => bed.stop());

/** Runs it until it has said so, when Ctrl-C comes; it would wait for ever. */
async function saysSo(args: readonly string[]) {
  const [file = '', ...command] = COMMAND;
  const child = spawn(file, [...command, ...args], {
    env: { PATH: process.env.PATH, TEMPORAL_ADDRESS: bed.server.address, REGIONLINK_TASK_QUEUE: 'nobody-takes-it' },
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => {
    said.stdout += data;
  });
  child.stderr.on('data', (data) => {
    said.stderr += data;
    if (said.stderr.endsWith('start one with: regionlink worker)\n')) child.kill('SIGINT');
  });
  const [code] = await once(child, 'close');
  return { ...said, code: code as number };
}

const STDERR = `no worker takes tasks: waiting for one … (start one with: regionlink worker)

interrupted; nothing was changed, since a look only reads
`;

test.each([
  ['plan', '-f', 'examples/tutorial.yaml'],
  ['apply', '-f', 'examples/tutorial.yaml'],
  ['sweep'],
  ['peer-config', 'left-right'],
])(
  '%s',
  async (...args) => {
    expect(await saysSo(args)).toEqual({ code: 130, stdout: '', stderr: STDERR });
    const json = await saysSo([...args, '--json']);
    expect(json).toMatchObject({ code: 130, stderr: STDERR });
    expect(JSON.parse(json.stdout)).toMatchObject({ error: { type: 'InterruptedError', exitCode: 130 } });
  },
  60_000,
);

// Last: its run stays open.
test('status of a run that nobody takes: how a worker is started, and where its steps are told without one', async () => {
  const env = { TEMPORAL_ADDRESS: bed.server.address, REGIONLINK_TASK_QUEUE: 'nobody-takes-it' };
  expect(await regionlink(['apply', '-f', 'examples/tutorial.yaml', '--yes', '--detach'], env)).toMatchObject({
    status: 0,
  });
  const { stdout } = await regionlink(['status', 'left-right'], env);
  expect(stdout.split('\n').slice(1)).toEqual([
    '  no worker answers: start one with: regionlink worker',
    'its steps so far: regionlink history left-right',
    '',
  ]);
}, 60_000);
