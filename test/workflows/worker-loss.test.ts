/**
 * Workers that die or freeze in the middle: the run ends as if nothing had happened, and nothing is made twice.
 */
import { randomBytes } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type DevServer, startDevServer } from '../../src/cli/dev-server.js';
import { FAST_DELAYS, type FaultPlan, type Simulator, startSimulator } from '../../src/simulator/index.js';
import { PROVISION, type ProvisionResult, TASK_QUEUE } from '../../src/workflows/protocol.js';
import { MARKED_WHEN_WHOLE, marksIn, PASSWORD, REGIONS, tutorialSpec } from '../support/test-bed.js';
import { WorkerProcess } from '../support/worker-process.js';

const KEY = randomBytes(32).toString('base64');
let server: DevServer;
let simulator: Simulator;
let client: Client;

beforeAll(async () => {
  [server, simulator] = await Promise.all([
    startDevServer(),
    startSimulator({ regions: REGIONS, delays: FAST_DELAYS, password: PASSWORD }),
  ]);
  client = new Client({ connection: await Connection.connect({ address: server.address }) });
}, 120_000);

afterEach(() => simulator.faults.clear());

afterAll(async () => {
  await client.connection.close();
  await simulator.stop();
  await server.stop();
});

function start(name: string, changes: Record<string, unknown> = {}) {
  return client.workflow.start(PROVISION, {
    taskQueue: TASK_QUEUE,
    workflowId: `vpn/${name}`,
    args: [{ spec: tutorialSpec({ name, check: 'none', ...changes }) }],
  });
}

async function met(plan: FaultPlan): Promise<void> {
  while (!simulator.faults.list().some((one) => one.path === plan.path && one.acted > 0))
    await new Promise((resolve) => setImmediate(resolve));
}

function expectWhole(result: unknown, name: string): void {
  expect(Object.values((result as ProvisionResult).links[0]?.statuses ?? {})).toEqual(['ACTIVE', 'ACTIVE']);
  const marks = marksIn(simulator, name);
  expect(marks.length).toBe(MARKED_WHEN_WHOLE);
  expect(marks).toEqual([...new Set(marks)]);
}

test('killed inside a write: the next worker adopts what it made', async () => {
  const plan: FaultPlan = {
    method: 'POST',
    path: '^/v2.0/vpn/endpoint-groups$',
    region: 'cbk',
    fault: { kind: 'delay', ms: 300 },
  };
  simulator.faults.add(plan);
  const first = await WorkerProcess.start(server.address, simulator, KEY);
  const handle = await start('killed');
  await met(plan);
  await first.end('SIGKILL');
  const second = await WorkerProcess.start(server.address, simulator, KEY);
  expectWhole(await handle.result(), 'killed');
  await second.end('SIGTERM');
}, 120_000);

test('frozen between look-up and POST, and woken after its attempt was given up: it writes nothing', async () => {
  // The third list of networks in a region is that of the step itself; the first two are the resolve's.
  const plan: FaultPlan = {
    method: 'GET',
    path: '^/v2.0/networks$',
    region: 'dbl',
    skip: 2,
    fault: { kind: 'delay', ms: 100 },
  };
  simulator.faults.add(plan);
  const frozen = await WorkerProcess.start(server.address, simulator, KEY);
  const handle = await start('frozen');
  await met(plan);
  frozen.signal('SIGSTOP');
  const other = await WorkerProcess.start(server.address, simulator, KEY);
  expectWhole(await handle.result(), 'frozen');
  const mark = simulator.log.length;
  frozen.signal('SIGCONT');
  // It ends only once its attempt has: what it would write, it has written by then.
  await frozen.end('SIGTERM');
  expect(simulator.log.slice(mark).filter((call) => call.method !== 'GET' && call.service !== 'identity')).toEqual([]);
  expectWhole(await handle.result(), 'frozen');
  await other.end('SIGTERM');
}, 120_000);

describe('killed between the down and the up of a VPN service', () => {
  /** The agent of cbk forgets its connections, so that the service is restarted, and the worker is killed once it is down. */
  async function killedBetween() {
    const down: FaultPlan = {
      method: 'PUT',
      path: '^/v2.0/vpn/vpnservices/',
      region: 'cbk',
      fault: { kind: 'lag', ms: 4_000 },
    };
    simulator.faults.add({
      method: 'GET',
      path: '^/v2.0/vpn/ipsec-site-connections$',
      region: 'cbk',
      fault: { kind: 'stick', resource: 'ipsec_site_connection', status: 'DOWN', until: 'serviceUpdate' },
    });
    simulator.faults.add(down);
    const first = await WorkerProcess.start(server.address, simulator, KEY);
    const handle = await start('halved', { tunnelTimeout: '40s' });
    await met(down);
    await first.end('SIGKILL');
    expect(isUp()).toBe(false);
    return handle;
  }

  /** Whether the service of its right end is up. */
  function isUp(): unknown {
    const region = simulator.regions.get('cbk');
    const all = region?.rows('ipsec_site_connection') ?? [];
    const own = all.find((connection) => String(connection.description).includes(' vpn=halved '));
    return region?.get('vpnservice', own?.vpnservice_id)?.admin_state_up;
  }

  test('the next worker sets it up first, and the tunnel comes up', async () => {
    const handle = await killedBetween();
    const second = await WorkerProcess.start(server.address, simulator, KEY);
    expectWhole(await handle.result(), 'halved');
    expect(isUp()).toBe(true);
    await second.end('SIGTERM');
  }, 240_000);

  test('and cancelled before any worker is there: it is as before', async () => {
    const before = simulator.snapshot();
    const handle = await killedBetween();
    await handle.cancel();
    const second = await WorkerProcess.start(server.address, simulator, KEY);
    await expect(handle.result()).rejects.toThrow(/cancelled/i);
    expect(isUp()).toBe(true);
    expect(simulator.snapshot()).toEqual(before);
    await second.end('SIGTERM');
  }, 240_000);
});
