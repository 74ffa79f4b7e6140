/** Every command that a worker has to look for says so where none takes its tasks. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COMMAND } from '../support/terminal.js';
import { TestBed } from '../support/test-bed.js';

let bed: TestBed;

beforeAll(async () => {
  bed = await TestBed.start();
}, 120_000);

afterAll(() => bed.stop());

/** Until it has said so; it would wait for ever. Rejects with what it said where it ended. */
async function saysSo(args: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
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
    if (said.stderr.includes('start one with: regionlink worker')) child.kill();
  });
  const [code] = await once(child, 'close');
  if (code !== null) throw new Error(`${args.join(' ')} ended with ${code}: ${JSON.stringify(said)}`);
  return said;
}

test.each([
  ['plan', '-f', 'examples/tutorial.yaml'],
  ['apply', '-f', 'examples/tutorial.yaml'],
  ['sweep'],
  ['peer-config', 'left-right'],
])(
  '%s',
  async (...args) => {
    const waiting = 'no worker takes tasks: waiting for one … (start one with: regionlink worker)\n';
    expect(await saysSo(args)).toEqual({ stdout: '', stderr: waiting });
    expect(await saysSo([...args, '--json'])).toEqual({ stdout: '', stderr: waiting });
  },
  60_000,
);
