/** The worker image's own command, from a folder that is made as the Dockerfile says, on a namespace that our script has set up. */
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type DevServer, startDevServer } from '../../src/cli/dev-server.js';
import { findTemporalCli } from '../../src/cli/temporal-cli.js';
import { FAST_DELAYS, type Simulator, startSimulator } from '../../src/simulator/index.js';
import { SEARCH_ATTRIBUTES } from '../../src/workflows/protocol.js';
import { buildImage, type Image } from '../support/image.js';

const run = promisify(execFile);
const NAMESPACE = 'vpns';
const COMPOSE = 'docker-compose.yml';
/** Of the simulator in the compose file. */
const TRY_URL = 'http://127.0.0.1:35357';

let server: DevServer;
let simulator: Simulator;
let image: Image;
let tools: string;

beforeAll(async () => {
  [server, simulator, tools] = await Promise.all([
    startDevServer(),
    startSimulator({ regions: ['dbl'], delays: FAST_DELAYS }),
    findTemporalCli().then(dirname),
  ]);
});

afterAll(async () => {
  await server.stop();
  await simulator.stop();
  image?.remove();
});

const setUp = (retention: string) =>
  run('sh', ['deploy/set-up-namespace.sh'], {
    env: {
      PATH: `${tools}${delimiter}${process.env.PATH}`,
      TEMPORAL_ADDRESS: server.address,
      TEMPORAL_NAMESPACE: NAMESPACE,
      RETENTION: retention,
    },
  });

const services = () => parse(readFileSync(COMPOSE, 'utf8'), { merge: true }).services;

/** The clouds of the compose file's simulator, at the port of ours. */
function cloudsForTrying(): string {
  const file = join(image.folder, 'clouds.yaml');
  const text = readFileSync('deploy/try/clouds.yaml', 'utf8').replaceAll(TRY_URL, simulator.url);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

/** `KEYWORD` and the like, of Temporal's `IndexedValueType`. */
const TYPES = ['UNSPECIFIED', 'TEXT', 'KEYWORD', 'INT', 'DOUBLE', 'BOOL', 'DATETIME', 'KEYWORD_LIST'];

test('the script makes the namespace with its retention and our search attributes, and run again sets what has changed', async () => {
  await setUp('24h');
  const { stdout } = await setUp('720h');
  expect(stdout).toMatch(/namespace vpns is ready: retention 720h\n$/);
  const connection = await Connection.connect({ address: server.address });
  const { config } = await connection.workflowService.describeNamespace({ namespace: NAMESPACE });
  expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(30 * 24 * 3600);
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: NAMESPACE });
  expect(customAttributes).toEqual(
    Object.fromEntries(Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) => [name, TYPES.indexOf(type)])),
  );
  await connection.close();
}, 120_000);

test('the health check of the compose file’s simulator is answered by one', async () => {
  const [, url = ''] = /fetch\('([^']+)'\)/.exec(services().simulator.healthcheck.test.at(-1)) ?? [];
  expect(url.startsWith(TRY_URL)).toBe(true);
  expect((await fetch(url.replace(TRY_URL, simulator.url))).ok).toBe(true);
});

test('built from a clean folder the image runs a worker, without compilers and packages of development, as a user that owns nothing', async () => {
  image = buildImage();
  expect(image.user).toBe('node');
  expect(existsSync(join(image.folder, 'dist/workflow-bundle.js'))).toBe(true);
  for (const one of ['typescript', 'vitest', 'tsx'])
    expect(existsSync(join(image.folder, 'node_modules', one))).toBe(false);
  const env = {
    ...image.env,
    PATH: process.env.PATH,
    HOME: '/nonexistent',
    TEMPORAL_ADDRESS: server.address,
    TEMPORAL_NAMESPACE: NAMESPACE,
    REGIONLINK_OWNER: 'image',
    REGIONLINK_MASTER_KEY: randomBytes(32).toString('base64'),
    OS_CLIENT_CONFIG_FILE: cloudsForTrying(),
  };
  const [program = '', ...before] = image.entrypoint;
  const worker = spawn(program, [...before, ...image.command, '--json'], {
    cwd: image.folder,
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [ready] = await once(worker.stdout, 'data');
  expect(JSON.parse(String(ready))).toMatchObject({ state: 'ready', namespace: NAMESPACE, owner: 'image' });
  // As the compose file's health check has it.
  const healthy = () =>
    run(program, [...before, 'worker', '--check'], { cwd: image.folder, env }).then(
      () => true,
      () => false,
    );
  while (!(await healthy())) expect(worker.exitCode).toBe(null);
  worker.kill('SIGTERM');
  expect(await once(worker, 'close')).toEqual([0, null]);
}, 120_000);

test('and the HTTP API of the compose file, which its health check finds and a token made as its head says opens', async () => {
  const { command, environment, healthcheck } = services().api;
  const [program = '', ...before] = image.entrypoint;
  const made = join(image.folder, 'made');
  mkdirSync(made);
  // From the head: what stands after the service's name, up to where its output goes.
  const [, args = ''] = /worker (token .*) > /.exec(readFileSync(COMPOSE, 'utf8')) ?? [];
  const { stdout: token } = await run(program, [...before, ...args.replaceAll('/made', made).split(' ')], {
    cwd: image.folder,
  });
  const api = spawn(program, [...before, ...command, '--port', '0', '--json'], {
    cwd: image.folder,
    env: {
      ...image.env,
      ...environment,
      PATH: process.env.PATH,
      HOME: '/nonexistent',
      TEMPORAL_ADDRESS: server.address,
      REGIONLINK_TOKENS_FILE: join(made, 'tokens'),
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const { url } = JSON.parse(String((await once(api.stdout, 'data'))[0]));
  const here = url.replace('0.0.0.0', '127.0.0.1');
  const check = healthcheck.test.at(-1).replace('http://127.0.0.1:8745', here);
  await run(process.execPath, ['-e', check]);
  const ask = (bearer: string) => fetch(`${here}/v1/vpns`, { headers: { Authorization: `Bearer ${bearer}` } });
  expect((await ask(token.trim())).status).toBe(200);
  expect((await ask('another')).status).toBe(401);
  api.kill('SIGTERM');
  expect(await once(api, 'close')).toEqual([0, null]);
}, 60_000);
