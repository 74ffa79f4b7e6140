/**
 * Processes that end in the middle: a worker told to stop, the Temporal server. All VPNs under way are whole in the end, and nothing is double.
 * Workers that are killed: `kills.test.ts`.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type DevServer, freePort, startDevServer } from '../../src/cli/dev-server.js';
import { FAST_DELAYS, type Simulator, startSimulator } from '../../src/simulator/index.js';
import {
  DESTROY,
  type EnsureInput,
  PROVISION,
  type ProvisionResult,
  TASK_QUEUE,
  workflowIdOf,
} from '../../src/workflows/protocol.js';
import { addDecoys, MARKED_WHEN_WHOLE, marksIn, PASSWORD, REGIONS, tutorialSpec } from '../support/test-bed.js';
import { WorkerProcess } from '../support/worker-process.js';
import { withoutRun } from './place.js';

const KEY = randomBytes(32).toString('base64');
const folder = mkdtempSync(join(tmpdir(), 'regionlink-loss-'));
let server: DevServer;
let simulator: Simulator;
let client: Client;

/** Under way at once. */
const VPNS = 12;

beforeEach(() => simulator?.faults.clear());

beforeAll(async () => {
  const [port, uiPort] = [await freePort(), await freePort()];
  [server, simulator] = await Promise.all([
    startDevServer({ port, uiPort, databaseFile: join(folder, 'temporal.db') }),
    startSimulator({ regions: REGIONS, delays: FAST_DELAYS, password: PASSWORD }),
  ]);
  addDecoys(simulator);
  // As an administrator would, for as many VPNs at once.
  for (const state of simulator.regions.values())
    state.quotas.set(simulator.projectId('demo'), new Map([['router', 100]]));
  client = new Client({ connection: await Connection.connect({ address: server.address }) });
});

afterAll(async () => {
  await client.connection.close();
  await simulator.stop();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

function provision(name: string): Promise<WorkflowHandle> {
  return client.workflow.start(PROVISION, {
    taskQueue: TASK_QUEUE,
    workflowId: workflowIdOf(name),
    args: [{ spec: tutorialSpec({ name, check: 'none', settleTime: '3s', retryFor: '10m' }) }],
  });
}

function destroy(name: string): Promise<WorkflowHandle> {
  return client.workflow.start(DESTROY, {
    taskQueue: TASK_QUEUE,
    workflowId: workflowIdOf(name),
    args: [{ vpn: name }],
  });
}

const names = (round: string) => Array.from({ length: VPNS }, (_, index) => `${round}-${index}`);
const held = () => simulator.faults.list().filter((plan) => plan.acted > 0).length;

/** Nothing lost, nothing double: the VPN's marks are those of a whole one, each once. */
function expectWhole(name: string, result: unknown): void {
  expect(Object.values((result as ProvisionResult).links[0]?.statuses ?? {}), name).toEqual(['ACTIVE', 'ACTIVE']);
  const marks = marksIn(simulator, name).map(withoutRun);
  expect(marks.length, name).toBe(MARKED_WHEN_WHOLE);
  expect(new Set(marks).size, name).toBe(MARKED_WHEN_WHOLE);
}

async function destroyAll(all: readonly string[]): Promise<void> {
  for (const run of await Promise.all(all.map(destroy))) await run.result();
}

/** Of a step's activity in a region: in which try it ended, for every time that the run called it. */
async function triesOf(run: WorkflowHandle, activity: string, region: string): Promise<readonly number[]> {
  const { events } = await run.fetchHistory();
  const calls = (events ?? []).filter(({ activityTaskScheduledEventAttributes: call }) => {
    if (call?.activityType?.name !== activity) return false;
    const input = JSON.parse(Buffer.from(call.input?.payloads?.[0]?.data ?? []).toString()) as EnsureInput;
    return input.site.region === region;
  });
  return (events ?? []).flatMap(({ activityTaskStartedEventAttributes: started }) =>
    calls.some(({ eventId }) => String(eventId) === String(started?.scheduledEventId)) ? [started?.attempt ?? 0] : [],
  );
}

// A step that the server hands to it in this very moment it never begins. Nobody can tell that, so such a step is in doubt and settled.
test('told to stop, it ends the writes that are under way and takes no more: they are not tried again', async () => {
  const before = simulator.snapshot();
  simulator.faults.add({
    method: 'POST',
    path: '^/v2.0/vpn/endpoint-groups$',
    region: 'cbk',
    fault: { kind: 'hold' },
  });
  // No call is given up because the machine is busy: that would be a doubt of its own.
  const patient = { httpTimeoutSeconds: 20 };
  const first = await WorkerProcess.start(server.address, simulator, KEY, patient);
  const run = await provision('drained');
  await expect.poll(held, { timeout: 60_000, interval: 20 }).toBe(1);
  const ended = first.end('SIGTERM');
  await first.is('STOPPING');
  simulator.faults.clear();
  await ended;
  expect(first.exitCode).toBe(0);
  expect(simulator.log.find((call) => call.fault === 'hold')?.status).toBe(201);
  const second = await WorkerProcess.start(server.address, simulator, KEY, patient);
  expectWhole('drained', await run.result());
  expect(await triesOf(run, 'ensurePeerEndpointGroup', 'cbk')).toEqual([1]);
  await destroyAll(['drained']);
  expect(simulator.snapshot()).toEqual(before);
  await second.end('SIGTERM');
});

test('the Temporal server killed in the middle and started again on its database: every run goes on', async () => {
  const before = simulator.snapshot();
  const all = names('outlived');
  simulator.faults.add({ method: 'POST', path: 'vpnservices$', times: 0, fault: { kind: 'delay', ms: 200 } });
  const worker = await WorkerProcess.start(server.address, simulator, KEY);
  await Promise.all(all.map(provision));
  await expect.poll(() => simulator.faults.list()[0]?.acted, { timeout: 60_000, interval: 20 }).toBeGreaterThan(3);
  const { address, uiUrl } = server;
  await server.kill();
  simulator.faults.clear();
  server = await startDevServer({
    port: Number(address.split(':')[1]),
    uiPort: Number(new URL(uiUrl).port),
    databaseFile: join(folder, 'temporal.db'),
  });
  for (const name of all) expectWhole(name, await client.workflow.getHandle(workflowIdOf(name)).result());
  await destroyAll(all);
  expect(simulator.snapshot()).toEqual(before);
  await worker.end('SIGTERM');
});
