/**
 * A new build of the worker while runs are open, as `docs/operations.md` tells to do it: two worker processes, each with its build's id, and Temporal's own
 * command between them. What they log and count meanwhile is looked at here as well, since these are workers as in production.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DevServer, freePort, startDevServer } from '../../src/cli/dev-server.js';
import { findTemporalCli } from '../../src/cli/temporal-cli.js';
import { FAST_DELAYS, type Simulator, startSimulator } from '../../src/simulator/index.js';
import { DESTROY, PROVISION, TASK_QUEUE, workflowIdOf } from '../../src/workflows/protocol.js';
import { PASSWORD, REGIONS, tutorialSpec } from '../support/test-bed.js';
import { WorkerProcess } from '../support/worker-process.js';

const NAMESPACE = 'default';

let server: DevServer;
let simulator: Simulator;
let client: Client;
let one: WorkerProcess;
let two: WorkerProcess;
let metricsAt: string;

beforeAll(async () => {
  [server, simulator, metricsAt] = await Promise.all([
    startDevServer(),
    startSimulator({ regions: REGIONS, delays: FAST_DELAYS, password: PASSWORD }),
    freePort().then((port) => `127.0.0.1:${port}`),
  ]);
  client = new Client({ connection: await Connection.connect({ address: server.address }) });
  const key = randomBytes(32).toString('base64');
  const start = (settings: Record<string, string>) =>
    WorkerProcess.start(server.address, simulator, key, { settings, httpTimeoutSeconds: 5 });
  [one, two] = await Promise.all([
    start({ REGIONLINK_BUILD_ID: '1', REGIONLINK_METRICS: metricsAt, REGIONLINK_LOG_LEVEL: 'debug' }),
    start({ REGIONLINK_BUILD_ID: '2' }),
  ]);
}, 120_000);

afterAll(async () => {
  await Promise.all([one, two].map((worker) => worker?.end('SIGTERM')));
  await client?.connection.close();
  await simulator?.stop();
  await server?.stop();
});

/** Makes a build the current one, by the command that operators use. */
async function setCurrent(buildId: string): Promise<void> {
  await known(buildId);
  const build = ['--deployment-name', 'regionlink', '--build-id', buildId];
  const args = ['worker', 'deployment', 'set-current-version', '--address', server.address, ...build, '--yes'];
  await promisify(execFile)(await findTemporalCli(), args);
}

/** Resolves when the server has heard of a build: its worker has asked for tasks. */
async function known(buildId: string): Promise<void> {
  for (;;) {
    const { workerDeploymentInfo } = await client.workflowService
      .describeWorkerDeployment({ namespace: NAMESPACE, deploymentName: 'regionlink' })
      .catch(() => ({ workerDeploymentInfo: undefined }));
    const builds = workerDeploymentInfo?.versionSummaries?.map((version) => version.deploymentVersion?.buildId);
    if (builds?.includes(buildId)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const provision = (name: string) =>
  client.workflow.start(PROVISION, {
    taskQueue: TASK_QUEUE,
    workflowId: workflowIdOf(name),
    args: [{ spec: tutorialSpec({ name, check: 'none' }) }],
  });

/** Builds that have worked on a run's workflow, in order and each once in a row. */
async function buildsOf(handle: WorkflowHandle): Promise<readonly string[]> {
  const { events } = await handle.fetchHistory();
  const builds = (events ?? []).flatMap(
    (event) => event.workflowTaskCompletedEventAttributes?.deploymentVersion?.buildId ?? [],
  );
  return builds.filter((build, index) => build !== builds[index - 1]);
}

/** What a worker has logged: each line of its log is one event. */
const logOf = ({ output }: WorkerProcess) =>
  output
    .join('')
    .split('\n')
    .filter((line) => line !== '' && !/^(ready: |its build |stopped$)/.test(line))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const vpnsOf = (worker: WorkerProcess) => [...new Set(logOf(worker).flatMap(({ vpn }) => vpn ?? []))];

test('an open provision stays with its build, a new one goes to the new build, and an open destroy moves on', async () => {
  await setCurrent('1');
  const plan = { method: 'GET', path: '^/v2.0/networks', times: 0 };
  simulator.faults.add({ ...plan, fault: { kind: 'answer', status: 503, effect: false } });
  const open = await provision('open');
  const destroy = await client.workflow.start(DESTROY, {
    taskQueue: TASK_QUEUE,
    workflowId: workflowIdOf('gone'),
    args: [{ vpn: 'gone' }],
  });
  for (const handle of [open, destroy])
    while ((await buildsOf(handle)).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await setCurrent('2');
  const later = await provision('later');
  while ((await buildsOf(later)).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  simulator.faults.clear();
  await Promise.all([open, destroy, later].map((handle) => handle.result()));

  expect(await buildsOf(open)).toEqual(['1']);
  expect(await buildsOf(later)).toEqual(['2']);
  expect(await buildsOf(destroy)).toEqual(['1', '2']);
  // Its steps as well, and no other's.
  expect(vpnsOf(one)).toContain('open');
  expect(vpnsOf(one)).not.toContain('later');
  expect(vpnsOf(two)).not.toContain('open');
});

test('each event is one line of log that names VPN, step, attempt and request', () => {
  const log = logOf(one);
  const step = { vpn: 'open', step: 'left/network', attempt: 1 };
  expect(log).toContainEqual(
    expect.objectContaining({ level: 'info', message: 'step done', ...step, action: 'created' }),
  );
  const requestId = expect.stringMatching(/^req-/);
  expect(log).toContainEqual(
    expect.objectContaining({ ...step, message: 'request', method: 'POST', status: 201, requestId }),
  );
  expect(log).toContainEqual(
    expect.objectContaining({
      level: 'warn',
      vpn: 'open',
      activityType: 'resolveSpec',
      error: expect.objectContaining({ type: 'CloudUnavailable', message: expect.stringContaining('503') }),
    }),
  );
  for (const line of log) expect(Object.keys(line).slice(0, 3)).toEqual(['time', 'level', 'message']);
});

test('one address tells our metrics and those of the SDK', async () => {
  const text = await (await fetch(`http://${metricsAt}/metrics`)).text();
  const value = (name: string, ...labels: readonly string[]) =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name}{`) && labels.every((label) => line.includes(label)))
        ?.split(' ')
        .at(-1),
    );
  expect(value('regionlink_runs_total', 'operation="provision"', 'phase="done"')).toBe(1);
  expect(value('regionlink_step_attempts_total', 'activity="ensureNetwork"', 'outcome="done"')).toBe(2);
  expect(value('regionlink_step_attempts_total', 'activity="resolveSpec"', 'outcome="retry"')).toBeGreaterThan(0);
  expect(value('regionlink_step_retries_total', 'activity="resolveSpec"')).toBeGreaterThan(0);
  expect(value('regionlink_api_request_duration_seconds_count', 'answer="503"')).toBeGreaterThan(0);
  expect(value('temporal_workflow_completed_total')).toBeGreaterThan(0);
});

test('a worker that is told to stop ends by itself', async () => {
  await two.end('SIGTERM');
  expect([two.exitCode, logOf(two).some(({ state }) => state === 'STOPPED')]).toEqual([0, true]);
});
