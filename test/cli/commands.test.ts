/** The command as a user runs it: a process, its output, its exit code. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

function regionlink(args: readonly string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['node_modules/tsx/dist/cli.mjs', 'src/cli/main.ts', ...args],
    {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: '/nonexistent', TEMPORAL_ADDRESS: '127.0.0.1:1', ...env },
    },
  );
  return { status, stdout, stderr };
}

function specFile(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'spec-')), 'spec.yaml');
  writeFileSync(path, text);
  return path;
}

test('help names every command and the exit codes', () => {
  const { status, stdout } = regionlink(['--help']);
  expect(status).toBe(0);
  for (const name of [
    'apply',
    'destroy',
    'cancel',
    'status',
    'list',
    'sweep',
    'validate',
    'graph',
    'worker',
    'simulator',
    'demo',
    '130  interrupted',
  ])
    expect(stdout).toContain(name);
});

test('a mistyped command is answered with the one that was meant', () => {
  const { status, stderr } = regionlink(['aply']);
  expect(status).toBe(2);
  expect(stderr).toContain('Did you mean apply?');
});

test('a spec with faults is refused with all of them before a server is asked, without a stack trace', () => {
  const file = specFile(
    'name: Bad\nsites:\n  left:\n    region: a\n    network: { subnets: [{ cidr: 10.1.0.0/24, gateway: 10.9.0.1 }] }\n  right:\n    region: b\n    network: { subnets: [{ cidr: 10.1.0.0/16 }] }\npsk: hunter2-hunter2\nretryFor: soon\n',
  );
  const { status, stderr } = regionlink(['apply', '-f', file]);
  expect(status).toBe(2);
  for (const path of ['name', 'gateway', 'overlaps', 'psk', 'retryFor']) expect(stderr).toContain(path);
  expect(stderr).not.toContain('hunter2');
  expect(stderr).not.toMatch(/\n\s+at /);
});

test('no Temporal server: said with its address and the cure', () => {
  const { status, stderr } = regionlink(['apply', '-f', 'examples/tutorial.yaml']);
  expect(status).toBe(4);
  expect(stderr).toContain('127.0.0.1:1');
  expect(stderr).toContain('temporal server start-dev');
}, 60_000);

test('a worker tells all that it lacks', () => {
  const { status, stderr } = regionlink(['worker'], { REGIONLINK_HTTP_TIMEOUT: 'soon' });
  expect(status).toBe(2);
  for (const name of ['REGIONLINK_OWNER', 'REGIONLINK_MASTER_KEY_FILE', 'REGIONLINK_HTTP_TIMEOUT'])
    expect(stderr).toContain(name);
}, 60_000);

test('destroy asks, and where nobody can be asked it does nothing without --yes', () => {
  const { status, stderr } = regionlink(['destroy', 'left-right']);
  expect(status).toBe(2);
  expect(stderr).toContain('--yes');
});

test('validate and graph answer in JSON', () => {
  expect(JSON.parse(regionlink(['validate', '-f', 'examples/tutorial.yaml', '--json']).stdout)).toMatchObject({
    steps: 32,
  });
  expect(JSON.parse(regionlink(['graph', '-f', 'examples/existing-networks.yaml', '--json']).stdout).steps.length).toBe(
    27,
  );
});
