/**
 * Regions that are away for days, on a server whose time jumps: a run is delayed and nothing else; `retryFor` is the deadline, then comes rollback, which
 * waits for the region as well.
 */
import { randomBytes } from 'node:crypto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { KeyRing } from '../../src/activities/key-ring.js';
import { FAST_DELAYS, type Simulator, startSimulator } from '../../src/simulator/index.js';
import { type RunningWorker, startWorker } from '../../src/worker.js';
import { timingOf } from '../../src/worker-config.js';
import { DESTROY, PROVISION, TASK_QUEUE, workflowIdOf } from '../../src/workflows/protocol.js';
import { scan } from '../support/secret-scan.js';
import {
  addDecoys,
  keptLogs,
  MARKED_WHEN_WHOLE,
  marksIn,
  PASSWORD,
  REGIONS,
  tutorialSpec,
  WORKFLOWS,
  workerConfig,
} from '../support/test-bed.js';
import { startTimeSkipping } from '../support/time-skipping.js';

const DAY_MS = 24 * 3600 * 1000;
let environment: TestWorkflowEnvironment;
let simulator: Simulator;
let worker: RunningWorker;
let logs: readonly string[];

beforeAll(async () => {
  // Some thousand tries fail, as they should, and each says so.
  logs = keptLogs();
  environment = await startTimeSkipping();
  simulator = await startSimulator({ regions: REGIONS, delays: FAST_DELAYS, password: PASSWORD });
  addDecoys(simulator);
  const config = workerConfig(simulator, { keys: KeyRing.parse(randomBytes(32).toString('base64')) });
  worker = await startWorker(
    // A try an hour at the last, so that two days are some fifty tries of each step.
    { ...config, timing: timingOf(2_000, { pollMs: 25, retryInitialMs: 1_000, retryMaximumMs: 3_600_000 }) },
    { address: environment.address, namespace: 'default' },
    WORKFLOWS,
  );
}, 480_000);

afterAll(async () => {
  await worker.stop();
  await simulator.stop();
  await environment.teardown();
  expect(scan(logs, simulator.secrets)).toEqual([]);
});

beforeEach(() => simulator.faults.clear());

/** The region answers nobody: at all, or from the moment when its VPN service is to be made. */
function away(from: 'now' | 'vpnService'): void {
  const call = from === 'now' ? {} : { method: 'POST', path: '^/v2.0/vpn/vpnservices$', wholeRegion: true };
  simulator.faults.add({ region: 'cbk', ...call, times: 0, fault: { kind: 'reset', effect: false } });
}

/** The region comes back when so many days have passed for the server. */
async function backAfter(days: number, since: number): Promise<void> {
  while ((await environment.currentTimeMs()) < since + days * DAY_MS)
    await new Promise((resolve) => setTimeout(resolve, 20));
  simulator.faults.clear();
}

const started = (spec: Record<string, unknown>) =>
  environment.client.workflow.start(PROVISION, {
    taskQueue: TASK_QUEUE,
    workflowId: workflowIdOf(String(spec.name)),
    args: [{ spec }],
  });
const destroyed = (vpn: string) =>
  environment.client.workflow.execute(DESTROY, {
    taskQueue: TASK_QUEUE,
    workflowId: workflowIdOf(vpn),
    args: [{ vpn }],
  });

test('two days away in the middle: the run is delayed, and whole in the end', async () => {
  const before = simulator.snapshot();
  const since = await environment.currentTimeMs();
  away('vpnService');
  const run = await started(tutorialSpec({ name: 'patient', check: 'none', retryFor: '4d' }));
  const result = run.result();
  await backAfter(2, since);
  expect(await result).toMatchObject({ links: [{ statuses: { left: 'ACTIVE', right: 'ACTIVE' } }] });
  expect((await environment.currentTimeMs()) - since).toBeGreaterThan(2 * DAY_MS);
  const marks = marksIn(simulator, 'patient');
  expect(marks).toHaveLength(MARKED_WHEN_WHOLE);
  expect(new Set(marks).size).toBe(MARKED_WHEN_WHOLE);
  // Tries that failed are no events: two days cost a few.
  expect((await run.fetchHistory()).events?.length).toBeLessThan(300);
  await destroyed('patient');
  expect(simulator.snapshot()).toEqual(before);
}, 480_000);

test('away before the first look, for longer than a day: the look-ups wait as well', async () => {
  const before = simulator.snapshot();
  const since = await environment.currentTimeMs();
  away('now');
  const run = await started(tutorialSpec({ name: 'early', check: 'none', retryFor: '4d' }));
  const result = run.result();
  // The look-ups are tried every other minute, so that a day is some seven hundred tries.
  await backAfter(1.1, since);
  expect(await result).toMatchObject({ vpn: 'early' });
  away('now');
  const removal = destroyed('early');
  await backAfter(1.1, await environment.currentTimeMs());
  await removal;
  expect(simulator.snapshot()).toEqual(before);
}, 480_000);

test('away for longer than retryFor: the run fails with what the region said last, and rollback waits for it', async () => {
  const before = simulator.snapshot();
  const since = await environment.currentTimeMs();
  away('vpnService');
  const run = await started(tutorialSpec({ name: 'late', check: 'none', retryFor: '1d', rollbackFor: '30d' }));
  const end = run.result().catch((error: Error) => error);
  await backAfter(3, since);
  const error = (await end) as Error;
  const causes: string[] = [];
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) causes.push(cause.message);
  expect(causes.join('\n')).toMatch(/in region cbk: read ECONNRESET/);
  expect(simulator.snapshot()).toEqual(before);
}, 480_000);
