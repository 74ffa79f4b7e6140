/**
 * `npm run bench`: what a run costs, side by side in one run and as ratios: its wall time against the longest path of its own graph, its history events, its
 * API calls against the least possible. Asserts nothing.
 */
import { Client, Connection } from '@temporalio/client';
import { startDevServer } from '../src/cli/dev-server.js';
import { longestPath } from '../src/graph/walk.js';
import { FAST_DELAYS, startSimulator } from '../src/simulator/index.js';
import { startWorker } from '../src/worker.js';
import { PROVISION, type Progress, TASK_QUEUE } from '../src/workflows/protocol.js';
import { PASSWORD, REGIONS, tutorialSpec, workerConfig } from '../test/support/test-bed.js';

/** 300 ms a call, and statuses at a tenth of a real cloud's pace in the same order. */
const DELAYS = {
  ...FAST_DELAYS,
  callMs: 300,
  agentMs: 1_400,
  negotiationMs: 300,
  reportMs: 500,
  buildMs: 1_200,
  bootMs: 1_000,
  deleteMs: 300,
  guestSecondMs: 100,
};

const [server, simulator] = await Promise.all([
  startDevServer(),
  startSimulator({ regions: REGIONS, delays: DELAYS, password: PASSWORD }),
]);
const worker = await startWorker(workerConfig(simulator), { address: server.address, namespace: 'default' });
const connection = await Connection.connect({ address: server.address });
const client = new Client({ connection });

for (const check of ['none', 'console']) {
  const mark = simulator.log.length;
  const name = `bench-${check}`;
  const handle = await client.workflow.start(PROVISION, {
    taskQueue: TASK_QUEUE,
    workflowId: `vpn/${name}`,
    args: [{ spec: tutorialSpec({ name, check }) }],
  });
  await handle.result();
  const { steps } = await handle.query<Progress>('progress');
  const description = await handle.describe();
  const calls = simulator.log.slice(mark).filter((call) => call.service !== 'identity');
  const forward = steps.filter((step) => step.state === 'done' && step.startedAt !== undefined);
  const began = Math.min(...forward.map((step) => step.startedAt ?? Number.POSITIVE_INFINITY));
  const ended = Math.max(...forward.map((step) => step.endedAt ?? 0));
  const took = new Map(steps.map((step) => [step.key, (step.endedAt ?? 0) - (step.startedAt ?? 0)]));
  // A test VM's own time ends with its clean-up, so its forward part is taken from the first step that needed it.
  const forwardMs = (key: string) => (steps.find((step) => step.key === key)?.temporary ? 0 : (took.get(key) ?? 0));
  const longest = longestPath(
    forward.map((step) => ({ ...step, link: '', sites: ['', ''] }) as never),
    (step) => forwardMs(step.key),
  );
  // At least one look before each write, and the write.
  const writes = calls.filter((call) => call.method !== 'GET' && !call.path.endsWith('/action')).length;
  console.log(`check ${check}`);
  console.log(
    `  steps, wall time : longest path    ${((ended - began) / longest.totalMs).toFixed(2)}   (${longest.path.length} steps: ${longest.path.join(' → ')})`,
  );
  console.log(`  history events                     ${description.historyLength}`);
  console.log(
    `  API calls : one look and one write ${(calls.length / (2 * writes)).toFixed(2)}   (${calls.length} calls, ${writes} of them writes)`,
  );
}
await worker.stop();
await connection.close();
await simulator.stop();
await server.stop();
