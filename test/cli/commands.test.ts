/** The command as a user runs it: a process, its output, its exit code. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServiceError } from '@temporalio/client';
import { expect, test } from 'vitest';
import { EXIT, errorReport, exitCodeOf, UsageError } from '../../src/cli/exit-codes.js';
import { InvalidSpecError } from '../../src/spec/index.js';
import { COMMAND, regionlink } from '../support/terminal.js';

const COMMANDS = [
  'plan',
  'apply',
  'destroy',
  'cancel',
  'status',
  'peer-config',
  'list',
  'history',
  'sweep',
  'validate',
  'graph',
  'doctor',
  'worker',
  'serve',
  'token',
  'simulator',
  'demo',
];

function specFile(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'spec-')), 'spec.yaml');
  writeFileSync(path, text);
  return path;
}

test('help names every command and the exit codes', async () => {
  const { status, stdout } = await regionlink(['--help']);
  expect(status).toBe(0);
  for (const name of [...COMMANDS, '130  interrupted']) expect(stdout).toContain(name);
});

test('a mistyped command is answered with the one that was meant', async () => {
  const { status, stderr } = await regionlink(['aply']);
  expect(status).toBe(2);
  expect(stderr).toContain('Did you mean apply?');
});

test('a spec with faults is refused with all of them before a server is asked, without a stack trace', async () => {
  const file = specFile(
    'name: Bad\nsites:\n  left:\n    region: a\n    network: { subnets: [{ cidr: 10.1.0.0/24, gateway: 10.9.0.1 }] }\n  right:\n    region: b\n    network: { subnets: [{ cidr: 10.1.0.0/16 }] }\npsk: hunter2-hunter2\nretryFor: soon\n',
  );
  const { status, stderr } = await regionlink(['apply', '-f', file]);
  expect(status).toBe(2);
  for (const path of ['name', 'gateway', 'overlaps', 'psk', 'retryFor']) expect(stderr).toContain(path);
  expect(stderr).not.toContain('hunter2');
  expect(stderr).not.toMatch(/\n\s+at /);
});

test('no Temporal server: said with its address and the cure', async () => {
  const { status, stderr } = await regionlink(['apply', '-f', 'examples/tutorial.yaml']);
  expect(status).toBe(4);
  expect(stderr).toContain('127.0.0.1:1');
  expect(stderr).toContain('temporal server start-dev');
}, 60_000);

test('a worker tells all that it lacks', async () => {
  const { status, stderr } = await regionlink(['worker'], { REGIONLINK_HTTP_TIMEOUT: 'soon' });
  expect(status).toBe(2);
  for (const name of ['REGIONLINK_OWNER', 'REGIONLINK_MASTER_KEY_FILE', 'REGIONLINK_HTTP_TIMEOUT'])
    expect(stderr).toContain(name);
}, 60_000);

test('destroy asks, and where nobody can be asked it does nothing without --yes', async () => {
  const { status, stderr } = await regionlink(['destroy', 'left-right']);
  expect(status).toBe(2);
  expect(stderr).toContain('--yes');
});

test('validate and graph answer in JSON', async () => {
  expect(JSON.parse((await regionlink(['validate', '-f', 'examples/tutorial.yaml', '--json'])).stdout)).toMatchObject({
    steps: 32,
  });
  expect(
    JSON.parse((await regionlink(['graph', '-f', 'examples/existing-networks.yaml', '--json'])).stdout).steps.length,
  ).toBe(27);
});

test('a spec may come by standard input', () => {
  const validate = (input: string) =>
    spawnSync(COMMAND[0] ?? '', [...COMMAND.slice(1), 'validate', '-f', '-'], { input });
  const spec = readFileSync('examples/tutorial.yaml', 'utf8');
  expect(validate(spec).stdout.toString()).toMatch(/^standard input is valid: VPN left-right, /);
  // From a program that is slower to write than we are to start.
  const [shell, ...late] = [
    'sh',
    '-c',
    `{ sleep 3; cat examples/tutorial.yaml; } | "$@" validate -f -`,
    'sh',
    ...COMMAND,
  ];
  expect(spawnSync(shell ?? '', late).stdout.toString()).toMatch(/^standard input is valid/);
  const wrong = validate('name: X');
  expect([wrong.status, wrong.stderr.toString()]).toEqual([
    2,
    expect.stringMatching(/standard input is not valid:\n {2}line 1: name/),
  ]);
});

test('--version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(await regionlink(['--version'])).toMatchObject({ status: 0, stdout: `${version}\n` });
});

test.each(COMMANDS)(
  'help of %s says what it does, its options, how it ends, what it reads, and an example',
  async (name) => {
    const { status, stdout } = await regionlink([name, '--help']);
    expect(status).toBe(0);
    for (const part of ['Options:', '--json', 'Exit codes:', '    2  ', 'Environment:', 'NO_COLOR', 'Example:'])
      expect(stdout).toContain(part);
    expect(stdout).toMatch(new RegExp(`Example:\\n .*regionlink ${name}`));
  },
);

test.each([
  ['-p', 'abc', /--port <port>.*'abc'.*0 to 65535/],
  ['-p', '99999', /--port <port>.*'99999'.*0 to 65535/],
  ['-p', '', /--port <port>.*''.*0 to 65535/],
  ['--regions', '', /--regions <names>.*''.*is no name of a region.*dbl,cbk/],
  ['--regions', 'a,,b', /--regions <names>.*'a,,b'.*is no name of a region/],
  ['--regions', 'a/b', /"a\/b" is no name of a region/],
  ['--regions', 'dbl, dbl', /"dbl" is named twice/],
])('simulator %s "%s" is refused with option, value and cure', async (option, value, message) => {
  const { status, stdout, stderr } = await regionlink(['simulator', option, value, '--json']);
  expect(status).toBe(EXIT.usage.code);
  expect(stderr).toMatch(message);
  expect(JSON.parse(stdout).error).toMatchObject({ type: 'UsageError', message: expect.stringMatching(message) });
});

test('a port that is in use is told with the cure', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as { port: number };
  const { status, stderr } = await regionlink(['simulator', '-p', String(port)]);
  other.close();
  expect(status).toBe(EXIT.usage.code);
  expect(stderr).toContain(`--port ${port} is in use: choose another one`);
});

test('no command ends with one code for two reasons: of plan, 2 is that there is something to do, so no error is', () => {
  const usage = [new UsageError('no'), new InvalidSpecError([])];
  expect(usage.map((error) => exitCodeOf(error, 'apply'))).toEqual([2, 2]);
  expect(usage.map((error) => exitCodeOf(error, 'plan'))).toEqual([1, 1]);
  expect(errorReport(usage[0], 'plan').error.exitCode).toBe(1);
});

test('a server that goes away in the midst of a command is none that answers; what it refuses is told in its own words', () => {
  const failed = (code: number, details: string) =>
    new ServiceError('Failed to list workflows', {
      cause: Object.assign(new Error(`${code}: ${details}`), { code, details, metadata: {} }),
    });
  const gone = failed(14, 'No connection established');
  expect([exitCodeOf(gone), exitCodeOf(failed(7, 'no right to list'))]).toEqual([4, 1]);
  expect(errorReport(failed(7, 'no right to list')).error.message).toBe('Failed to list workflows: no right to list');
});

test('with --json an error is one object on standard output, its prose on standard error', async () => {
  const file = specFile('name: Bad\nsites: {}\n');
  for (const [args, type, exitCode] of [
    [['aply'], 'UsageError', 2],
    [['apply'], 'UsageError', 2],
    [['destroy', 'left-right'], 'UsageError', 2],
    [['validate', '-f', file], 'InvalidSpecError', 2],
    [['apply', '-f', file], 'InvalidSpecError', 2],
    // Of plan 2 is no error.
    [['plan', '-f', file], 'InvalidSpecError', 1],
    [['status', 'Bad Name!'], 'InvalidNameError', 2],
    [['list'], 'TemporalUnavailableError', 4],
  ] as const) {
    const { status, stdout, stderr } = await regionlink([...args, '--json']);
    const { error } = JSON.parse(stdout);
    expect([args, status, error.type, error.exitCode]).toEqual([args, exitCode, type, exitCode]);
    expect(stderr.trim()).not.toBe('');
    if (type === 'InvalidSpecError')
      expect(error.problems[0]).toMatchObject({ path: 'name', line: 1, message: 'is not a VPN name' });
  }
}, 60_000);
