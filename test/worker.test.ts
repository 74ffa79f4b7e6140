/** What a worker says before it takes its first task, and when it goes: a process with its environment, as in production. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type DevServer, startDevServer } from '../src/cli/dev-server.js';
import { FAST_DELAYS, type Simulator, startSimulator } from '../src/simulator/index.js';
import { COMMAND, regionlink } from './support/terminal.js';
import { workerLogin } from './support/worker-login.js';

let server: DevServer;
let simulator: Simulator;

beforeAll(async () => {
  [server, simulator] = await Promise.all([
    startDevServer(),
    startSimulator({ regions: ['dbl', 'cbk'], delays: FAST_DELAYS }),
  ]);
}, 120_000);

afterAll(async () => {
  await server.stop();
  await simulator.stop();
});

const login = () => workerLogin(simulator);

const reported = (stdout: string) => JSON.parse(stdout.trim()).error;

test('all that is wrong is told in one message: configuration, Temporal, each cloud, each region', async () => {
  const auth = { auth_url: simulator.authUrl, username: 'demo', password: 'lab', project_name: 'demo' };
  const clouds = {
    refused: { auth: { ...auth, password: 'wrong-password-7c1' } },
    fine: { auth, region_name: 'dbl' },
    lacking: { auth, region_name: 'cbk' },
    elsewhere: { auth, region_name: 'mars' },
    incomplete: { auth: { auth_url: simulator.authUrl } },
  };
  const file = join(mkdtempSync(join(tmpdir(), 'clouds-')), 'clouds.yaml');
  writeFileSync(file, stringify({ clouds }), { mode: 0o600 });
  const fault = (path: string, body: unknown) =>
    simulator.faults.add({
      method: 'GET',
      path,
      region: 'cbk',
      fault: { kind: 'answer', status: 200, body, effect: false },
    });
  fault('^/v2.0/extensions', { extensions: [{ alias: 'router' }] });
  fault('^/v2.0/networks', { networks: [] });
  const { status, stdout, stderr } = await regionlink(['worker', '--json'], {
    OS_CLIENT_CONFIG_FILE: file,
    REGIONLINK_HTTP_TIMEOUT: 'soon',
    REGIONLINK_SSH_PROXY: 'http://user:proxy-password-4e8@proxy:3128',
  });
  simulator.faults.clear();
  expect(status).toBe(2);
  for (const part of [
    /REGIONLINK_OWNER must be set/,
    /REGIONLINK_MASTER_KEY_FILE .* must be set/,
    /REGIONLINK_HTTP_TIMEOUT .* not "soon"/,
    /REGIONLINK_SSH_PROXY must be http:\/\/host:port.* without user and password/,
    /no Temporal server answers at 127\.0\.0\.1:1 /,
    /cloud "?refused"? .*refuses the login/,
    /cloud lacking, region cbk: lacks the extension vpnaas and vpn-endpoint-groups/,
    /cloud lacking, region cbk: shows no external network/,
    /cloud elsewhere, region mars: .*mars/,
    /cloud incomplete: .*cannot be used/,
  ])
    expect(stderr).toMatch(part);
  expect(stderr).not.toMatch(/cloud fine|tonic|\n\s+at |wrong-password|proxy-password/);
  const { type, problems, exitCode } = reported(stdout);
  expect([type, problems.length, exitCode]).toEqual(['WorkerConfigError', 10, 2]);
}, 60_000);

test('files that are not there are told by the variable that names them, a login that nobody answers with what to look at', async () => {
  const more = { TEMPORAL_ADDRESS: server.address, OS_AUTH_URL: 'http://127.0.0.1:1/v3' };
  const away = await regionlink(['worker'], { ...login(), ...more });
  expect(away.status).toBe(2);
  expect(away.stderr).toMatch(
    / - cloud envvars: POST \/v3\/auth\/tokens: connect ECONNREFUSED 127\.0\.0\.1:1 \(request .*\); is its auth_url right/,
  );
  const { stderr } = await regionlink(['worker'], {
    REGIONLINK_OWNER: 'test',
    REGIONLINK_MASTER_KEY_FILE: '/no/key',
    TEMPORAL_ADDRESS: server.address,
    OS_CLIENT_CONFIG_FILE: '/no/clouds.yaml',
  });
  expect(stderr).toContain('- REGIONLINK_MASTER_KEY_FILE: there is no file /no/key\n');
  expect(stderr).toMatch(
    /no cloud is configured: .*\n +OS_CLIENT_CONFIG_FILE names \/no\/clouds\.yaml, which cannot be read/,
  );
}, 60_000);

test('Temporal down and nothing else: its own sentence and its own exit code', async () => {
  const { status, stdout, stderr } = await regionlink(['worker', '--json'], login());
  expect(status).toBe(4);
  expect(stderr.trim()).toMatch(/^no Temporal server answers at 127\.0\.0\.1:1 .*TEMPORAL_ADDRESS$/);
  expect(reported(stdout)).toMatchObject({ type: 'TemporalUnavailableError', exitCode: 4 });
}, 60_000);

test('a proxy for SSH that is not there is told', async () => {
  const { status, stderr } = await regionlink(['worker'], {
    ...login(),
    TEMPORAL_ADDRESS: server.address,
    REGIONLINK_SSH_PROXY: 'http://127.0.0.1:1',
  });
  expect(status).toBe(2);
  expect(stderr).toMatch(/the proxy of REGIONLINK_SSH_PROXY is not reachable: 127\.0\.0\.1:1: .*ECONNREFUSED/);
}, 60_000);

test('an address for metrics that is taken is told', async () => {
  const { status, stderr } = await regionlink(['worker'], {
    ...login(),
    TEMPORAL_ADDRESS: server.address,
    REGIONLINK_METRICS: new URL(simulator.url).host,
  });
  expect(status).toBe(2);
  expect(stderr).toMatch(/REGIONLINK_METRICS: 127\.0\.0\.1:\d+ cannot be used \(.*in use.*Give each its own port/);
  expect(stderr).not.toMatch(/\n\s+at /);
}, 60_000);

test('a namespace that is not there is told', async () => {
  const { status, stderr } = await regionlink(['worker'], {
    ...login(),
    TEMPORAL_ADDRESS: server.address,
    TEMPORAL_NAMESPACE: 'nowhere',
  });
  expect(status).toBe(2);
  expect(stderr).toMatch(/namespace nowhere of Temporal at .* cannot be used: .*not found/i);
}, 60_000);

test('without a worker doctor says so, with the cure, and ends', async () => {
  const { status, stdout } = await regionlink(['doctor', '--json'], { TEMPORAL_ADDRESS: server.address });
  expect([status, JSON.parse(stdout)]).toEqual([
    1,
    {
      workers: [],
      temporal: [expect.objectContaining({ verdict: 'problem', cure: 'start one: regionlink worker' })],
      configuration: [],
      places: [],
    },
  ]);
  const { stdout: text } = await regionlink(['doctor'], { TEMPORAL_ADDRESS: server.address });
  expect(text).toMatch(/✖ workers: none takes tasks[\s\S]*→ start one: regionlink worker/);
}, 60_000);

test('with --json its states are lines of standard output, and nothing else is; --check tells whether it works', async () => {
  const [program = '', ...args] = COMMAND;
  const worker = spawn(program, [...args, 'worker', '--json'], {
    env: { PATH: process.env.PATH, HOME: '/nonexistent', TEMPORAL_ADDRESS: server.address, ...login() },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let stdout = '';
  worker.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  const health = async () => (await regionlink(['worker', '--check'], { TEMPORAL_ADDRESS: server.address })).status;
  expect(await health()).toBe(1);
  await once(worker.stdout, 'data');
  while ((await health()) !== 0) expect(worker.exitCode).toBe(null);
  worker.kill('SIGTERM');
  const [code] = await once(worker, 'close');
  expect(code).toBe(0);
  const [ready, stopped, ...more] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(ready).toEqual({
    state: 'ready',
    address: server.address,
    namespace: 'default',
    taskQueue: 'regionlink',
    owner: 'test',
    clouds: ['envvars'],
  });
  expect([stopped, more]).toEqual([{ state: 'stopped' }, []]);
}, 60_000);
