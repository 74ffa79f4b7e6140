/**
 * Workers killed at moments drawn by a seed, over and over, while several VPNs are being made under faults drawn by the same seed: every VPN is whole in the
 * end or gone without a trace. A failing case prints its seed.
 */
import { randomBytes } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DevServer, startDevServer } from '../../src/cli/dev-server.js';
import { FAST_DELAYS, type FaultPlan, type Simulator, startSimulator } from '../../src/simulator/index.js';
import { DESTROY, PROVISION, TASK_QUEUE, workflowIdOf } from '../../src/workflows/protocol.js';
import { addDecoys, MARKED_WHEN_WHOLE, marksIn, PASSWORD, REGIONS, tutorialSpec } from '../support/test-bed.js';
import { WorkerProcess } from '../support/worker-process.js';
import { withoutRun } from './place.js';
import { minutes, seed } from './soak.js';

const KEY = randomBytes(32).toString('base64');
const VPNS = 4;

/** Where no time is set. */
const ROUNDS = 2;

let server: DevServer;
let simulator: Simulator;
let client: Client;
let round = 0;

beforeAll(async () => {
  [server, simulator] = await Promise.all([
    startDevServer(),
    startSimulator({ regions: REGIONS, delays: FAST_DELAYS, password: PASSWORD }),
  ]);
  addDecoys(simulator);
  client = new Client({ connection: await Connection.connect({ address: server.address }) });
});

afterAll(async () => {
  console.log(`random kills: ${round} rounds of ${VPNS} VPNs from seed ${seed}, each whole or gone`);
  await client.connection.close();
  await simulator.stop();
  await server.stop();
});

/** After how many further calls the worker is killed, once and again. */
const KILLS = fc.array(fc.integer({ min: 5, max: 150 }), { minLength: 1, maxLength: 3 });

const FAULTS: fc.Arbitrary<FaultPlan[]> = fc.array(
  fc.record({
    method: fc.constantFrom('POST', 'PUT', 'GET'),
    region: fc.constantFrom(...REGIONS),
    skip: fc.nat(40),
    fault: fc.constantFrom<FaultPlan['fault']>(
      { kind: 'reset', effect: true },
      { kind: 'reset', effect: false },
      { kind: 'answer', status: 500, body: {}, effect: true },
      { kind: 'answer', status: 403, body: {}, effect: false },
      { kind: 'hang', lateMs: 300 },
      { kind: 'duplicate' },
      { kind: 'expireTokens' },
    ),
  }),
  { maxLength: 3 },
);

async function run(kills: readonly number[], faults: readonly FaultPlan[]): Promise<void> {
  round++;
  const before = simulator.snapshot();
  const names = Array.from({ length: VPNS }, (_, index) => `round-${round}-${index}`);
  let worker = await WorkerProcess.start(server.address, simulator, KEY);
  simulator.faults.clear();
  for (const plan of faults) simulator.faults.add(plan);
  const ends = names.map(async (name) => {
    const spec = tutorialSpec({ name, check: 'none', settleTime: '3s', retryFor: '10m', rollbackFor: '10m' });
    const options = { taskQueue: TASK_QUEUE, workflowId: workflowIdOf(name), args: [{ spec }] };
    const handle = await client.workflow.start(PROVISION, options);
    return handle.result().then(
      () => 'whole',
      (error: Error) => String((error.cause as Error | undefined)?.message ?? error.message),
    );
  });
  let over = false;
  const all = Promise.all(ends).then((results) => {
    over = true;
    return results;
  });
  for (const calls of kills) {
    const at = simulator.log.length + calls;
    // Where the runs end before that many calls, the kill finds an idle worker.
    while (!over && simulator.log.length < at) await new Promise((resolve) => setTimeout(resolve, 5));
    await worker.end('SIGKILL');
    worker = await WorkerProcess.start(server.address, simulator, KEY);
  }
  for (const [index, end] of (await all).entries()) {
    const name = names[index] ?? '';
    const marks = marksIn(simulator, name).map(withoutRun);
    const counts = [marks.length, new Set(marks).size];
    expect(counts, `${name}: ${end}`).toEqual(end === 'whole' ? [MARKED_WHEN_WHOLE, MARKED_WHEN_WHOLE] : [0, 0]);
  }
  simulator.faults.clear();
  for (const name of names) {
    const options = { taskQueue: TASK_QUEUE, workflowId: workflowIdOf(name), args: [{ vpn: name }] };
    await client.workflow.execute(DESTROY, options);
  }
  expect(simulator.snapshot()).toEqual(before);
  await worker.end('SIGTERM');
}

test('whenever it is killed, and whatever the cloud does meanwhile', async () => {
  const until = Date.now() + minutes * 60_000;
  for (let n = 0; minutes > 0 ? Date.now() < until : n < ROUNDS; n++) {
    const [drawn] = fc.sample(fc.tuple(KILLS, FAULTS), { seed: seed + n, numRuns: 1 });
    if (drawn === undefined) continue;
    const [kills, faults] = drawn;
    await run(kills, faults).catch((error: Error) => {
      const told = `seed ${seed + n}, kills after ${kills.join(', ')} calls, faults ${JSON.stringify(faults)}`;
      throw new Error(`${told}: ${error.message}`);
    });
  }
});
