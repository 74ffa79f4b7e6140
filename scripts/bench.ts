/**
 * `npm run bench`: what a run costs, side by side in one run and as ratios: its wall time against the longest path of its own graph under the
 * simulator's delays, its history events, its API calls against the least possible. Asserts nothing.
 *
 * A step's price is what the cloud makes it cost and nothing of ours: its least calls (one look before it, the write, and what its kind cannot do without)
 * times the delay of a call, plus the time that the cloud itself takes (a VM that builds and boots, a tunnel that is negotiated and reported).
 */
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { startDevServer } from '../src/cli/dev-server.js';
import { buildGraph } from '../src/graph/build-graph.js';
import { isResourceStep, type Step } from '../src/graph/types.js';
import { longestPath } from '../src/graph/walk.js';
import { type Delays, REAL_DELAYS, startSimulator } from '../src/simulator/index.js';
import { parseSpec } from '../src/spec/index.js';
import { startWorker } from '../src/worker.js';
import { timingOf } from '../src/worker-config.js';
import { PROVISION, TASK_QUEUE } from '../src/workflows/protocol.js';
import { PASSWORD, REGIONS, tutorialSpec, workerConfig } from '../test/support/test-bed.js';

/** Statuses as measured on a real cloud, and 300 ms a call. */
const DELAYS: Delays = { ...REAL_DELAYS, callMs: 300 };

/** Looks that a run begins with: the lists of all it may adopt, at once, and then the images that fit. */
const RESOLVE_CALLS = 2;

/** Calls of a forward step beyond the look and the write, or instead of them. */
const CALLS: Readonly<Record<string, number>> = {
  // Two may race for one router, so it looks after its write as well.
  vpnService: 3,
  // Looks its service up again, which another VPN may have taken away meanwhile.
  siteConnection: 3,
  // A last look that finds what it waits for.
  server: 3,
  ping: 1,
  awaitTunnel: 1,
};

function forwardMs(step: Step): number {
  const calls = (CALLS[step.kind] ?? 2) * DELAYS.callMs;
  // Until it can answer a ping, and until its tunnel carries one.
  if (step.kind === 'server') return calls + DELAYS.buildMs + DELAYS.bootMs;
  if (step.kind === 'siteConnection') return calls + DELAYS.agentMs + DELAYS.negotiationMs;
  if (step.kind === 'ping') return calls + PING_SECONDS * DELAYS.guestSecondMs;
  if (step.kind === 'awaitTunnel') return calls + DELAYS.reportMs;
  return calls;
}

/** The measured sequence: five pings, a second between each. */
const PING_SECONDS = 4;

function cleanUpMs(step: Step): number {
  if (!isResourceStep(step) || !step.temporary) return 0;
  return 2 * DELAYS.callMs + (step.kind === 'server' ? DELAYS.deleteMs + DELAYS.callMs : 0);
}

Runtime.install({ logger: new DefaultLogger('ERROR') });
const [server, simulator] = await Promise.all([
  startDevServer(),
  startSimulator({ regions: REGIONS, delays: DELAYS, password: PASSWORD }),
]);
const config = { ...workerConfig(simulator), timing: timingOf(30_000, { pollMs: 1_000 }) };
const worker = await startWorker(config, { address: server.address, namespace: 'default' });
const connection = await Connection.connect({ address: server.address });
const client = new Client({ connection });

for (const check of ['none', 'console']) {
  const mark = simulator.log.length;
  const spec = tutorialSpec({ name: `bench-${check}`, check, tunnelTimeout: '10m', retryFor: '1h' });
  const handle = await client.workflow.start(PROVISION, {
    taskQueue: TASK_QUEUE,
    workflowId: `vpn/bench-${check}`,
    args: [{ spec }],
  });
  await handle.result();
  const { historyLength, startTime, closeTime } = await handle.describe();
  const wallMs = (closeTime ?? startTime).getTime() - startTime.getTime();
  const { steps } = buildGraph(parseSpec(spec).spec);
  const forward = longestPath(steps, forwardMs);
  const cleanUp = longestPath(steps, cleanUpMs);
  const longestMs = RESOLVE_CALLS * DELAYS.callMs + forward.totalMs + cleanUp.totalMs;
  const calls = simulator.log.slice(mark).filter((call) => call.service !== 'identity');
  // At least one look before each write, and the write.
  const writes = calls.filter((call) => call.method !== 'GET' && !call.path.endsWith('/action')).length;
  console.log(`check ${check}`);
  console.log(`  run, wall time : longest path      ${(wallMs / longestMs).toFixed(2)}   (goal ≤ 1.15)`);
  console.log(`    ${forward.path.length} steps forward: ${forward.path.join(' → ')}`);
  if (cleanUp.totalMs > 0) console.log(`    then cleaned up: ${[...cleanUp.path].reverse().slice(-3).join(' → ')}`);
  console.log(`  history events                     ${historyLength}   (limit 300)`);
  console.log(
    `  API calls : one look and one write ${(calls.length / (2 * writes)).toFixed(2)}   (${calls.length} calls, ${writes} of them writes)`,
  );
}
await worker.stop();
await connection.close();
await simulator.stop();
await server.stop();
