/**
 * `npm run bench:load [-- VPNS]`: so many VPNs at once (200), each proven by its ping, on one worker process as in production. The simulated cloud takes next to
 * no time, so that what is measured is the worker and Temporal. Fails unless all are whole and none is doubled; prints what it took.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { freePort, startDevServer } from '../src/cli/dev-server.js';
import { FAST_DELAYS, type Simulator, startSimulator } from '../src/simulator/index.js';
import { PROVISION, type ProvisionResult, TASK_QUEUE, workflowIdOf } from '../src/workflows/protocol.js';
import { marksIn, PASSWORD, REGIONS, tutorialSpec } from '../test/support/test-bed.js';
import { WorkerProcess } from '../test/support/worker-process.js';

const count = Number(process.argv[2] ?? 200);
if (!(count >= 1)) throw new Error('VPNS must be a number from 1');

/** Its VMs are slow: two for each VPN that ping without a pause would be the load, and are not the worker's. */
const DELAYS = { ...FAST_DELAYS, guestSecondMs: 2_000 };

const [server, simulator, port] = await Promise.all([
  startDevServer(),
  startSimulator({ regions: REGIONS, delays: DELAYS, password: PASSWORD, tellEffects: false }),
  freePort(),
]);
makeRoom(simulator);
const metricsAt = `127.0.0.1:${port}`;
const worker = await WorkerProcess.start(server.address, simulator, randomBytes(32).toString('base64'), {
  httpTimeoutSeconds: 30,
  settings: { REGIONLINK_METRICS: metricsAt },
});
const client = new Client({ connection: await Connection.connect({ address: server.address }) });
const rssMb = () => Number(execFileSync('ps', ['-o', 'rss=', '-p', String(worker.pid)])) / 1024;
const idleMb = rssMb();
let peakMb = idleMb;
const sampling = setInterval(() => {
  peakMb = Math.max(peakMb, rssMb());
}, 1_000);

try {
  await measure();
} finally {
  clearInterval(sampling);
  await worker.end('SIGTERM');
  await client.connection.close();
  await simulator.stop();
  await server.stop();
}

async function measure(): Promise<void> {
  const names = Array.from({ length: count }, (_, index) => `load-${index + 1}`);
  const began = performance.now();
  const ended = await Promise.all(
    names.map(async (name) => {
      const handle = await client.workflow.start(PROVISION, {
        taskQueue: TASK_QUEUE,
        workflowId: workflowIdOf(name),
        args: [
          { spec: tutorialSpec({ name, check: 'console', tunnelTimeout: '30m', retryFor: '2h', settleTime: '1m' }) },
        ],
      });
      const result = (await handle.result().catch((error: Error) => error.cause ?? error)) as ProvisionResult | Error;
      return { name, result, tookMs: performance.now() - began };
    }),
  );
  const tookMs = performance.now() - began;
  // One after the other, once the server has nothing else to do.
  const descriptions = [];
  for (const name of names) descriptions.push(await client.workflow.getHandle(workflowIdOf(name)).describe());
  const waits = await averageWaitMs();

  const calls = simulator.log.filter((call) => call.service !== 'identity');
  const broken = ended.flatMap(({ name, result }) => {
    if (result instanceof Error) return [`${name}: ${result.message}`];
    return result.proof === 'proven' ? [] : [`${name}: ${result.proof}`];
  });
  const marks = names.map((name) => marksIn(simulator, name));
  const doubled = names.filter((_, index) => new Set(marks[index]).size !== marks[index]?.length);
  const uneven = names.filter((_, index) => marks[index]?.length !== marks[0]?.length);
  const times = ended.map((one) => one.tookMs);

  console.log(`${count} VPNs at once, one worker`);
  console.log(`  whole and proven                   ${count - broken.length}   (doubled ${doubled.length})`);
  console.log(
    `  all, wall time                     ${seconds(tookMs)}   (${((count * 60_000) / tookMs).toFixed(1)} VPNs a minute)`,
  );
  console.log(`  first and last VPN                 ${seconds(Math.min(...times))}, ${seconds(Math.max(...times))}`);
  console.log(
    `  requests                           ${calls.length}   (${((calls.length * 1000) / tookMs).toFixed(0)} a second, ${(calls.length / count).toFixed(0)} a VPN, each waited ${waits.toFixed(0)} ms for its turn on average)`,
  );
  console.log(`  worker's memory, idle and highest  ${idleMb.toFixed(0)} MB, ${peakMb.toFixed(0)} MB`);
  console.log(
    `  largest history                    ${Math.max(...descriptions.map(({ historyLength }) => historyLength))} events, ${(Math.max(...descriptions.map(({ historySize = 0 }) => historySize)) / 1024).toFixed(0)} KB`,
  );
  for (const line of [
    ...broken,
    ...doubled.map((name) => `${name}: something of it stands twice`),
    ...uneven.map(
      (name) => `${name}: has ${marksIn(simulator, name).length} resources, ${names[0]} ${marks[0]?.length}`,
    ),
  ]) {
    console.log(`  ✖ ${line}`);
    process.exitCode = 1;
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(0)} s`;
}

/** As an administrator does for a project of that size: quotas, and addresses for its routers. */
function makeRoom({ regions, projectId }: Simulator): void {
  const resources = ['network', 'subnet', 'router', 'port', 'security_group', 'security_group_rule'];
  const limits = [...resources, 'instances', 'cores', 'ram'].map((name) => [name, -1] as const);
  for (const [index, region] of [...regions.values()].entries()) {
    region.quotas.set(projectId('demo'), new Map(limits));
    for (const subnet of region.rows('subnet').filter(({ name }) => name === 'ext-subnet')) {
      // Two ranges that nothing else has; a router and its VPN service may take an address each.
      const prefix = `172.${28 + index}`;
      subnet.cidr = `${prefix}.0.0/16`;
      subnet.gateway_ip = `${prefix}.0.1`;
      subnet.allocation_pools = [{ start: `${prefix}.1.0`, end: `${prefix}.255.254` }];
    }
  }
}

async function averageWaitMs(): Promise<number> {
  const text = await (await fetch(`http://${metricsAt}/metrics`)).text();
  const total = (suffix: string) =>
    text
      .split('\n')
      .filter((line) => line.startsWith(`regionlink_api_wait_duration_seconds_${suffix}{`))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  return (total('sum') * 1000) / total('count');
}
