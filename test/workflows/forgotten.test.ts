/** Temporal's database lost: everything is still found by its marks, removed by name, and adopted by an apply that knows nothing of it. */
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DevServer, startDevServer } from '../../src/cli/dev-server.js';
import { type RunningWorker, startWorker } from '../../src/worker.js';
import { DESTROY, PROVISION, type ProvisionResult, TASK_QUEUE, workflowIdOf } from '../../src/workflows/protocol.js';
import { TestBed, tutorialSpec, WORKFLOWS, workerConfig } from '../support/test-bed.js';

let bed: TestBed;
let fresh: DevServer;
let worker: RunningWorker;
let client: Client;

beforeAll(async () => {
  bed = await TestBed.start();
  fresh = await startDevServer();
  worker = await startWorker(
    workerConfig(bed.simulator, { keys: bed.keys }),
    { address: fresh.address, namespace: 'default' },
    WORKFLOWS,
  );
  client = new Client({ connection: await Connection.connect({ address: fresh.address }) });
});

afterAll(async () => {
  await worker.stop();
  await client.connection.close();
  await fresh.stop();
  await bed.stop();
});

const run = (type: string, argument: unknown) =>
  client.workflow.execute(type, {
    taskQueue: TASK_QUEUE,
    workflowId: workflowIdOf('left-right'),
    args: [argument],
  });

test('an apply on a server that has forgotten it changes nothing, and a destroy by name removes it all', async () => {
  const before = bed.simulator.snapshot();
  expect((await bed.end(await bed.provision('left-right', { check: 'none' }))).messages).toEqual([]);
  const standing = bed.simulator.snapshot();
  const mark = bed.simulator.log.length;
  const again = (await run(PROVISION, { spec: tutorialSpec({ check: 'none' }) })) as ProvisionResult;
  expect(new Set(again.sites.flatMap((site) => site.resources.map((one) => one.action)))).toEqual(new Set(['adopted']));
  expect(bed.writesSince(mark)).toEqual([]);
  expect(bed.simulator.snapshot()).toEqual(standing);
  await run(DESTROY, { vpn: 'left-right' });
  expect(bed.simulator.snapshot()).toEqual(before);
}, 120_000);

test('a half that was left by a run nobody remembers is removed by name', async () => {
  const before = bed.simulator.snapshot();
  const held = {
    method: 'POST',
    path: '^/v2.0/vpn/vpnservices$',
    region: 'cbk',
    fault: { kind: 'delay', ms: 300 },
  } as const;
  bed.simulator.faults.add(held);
  const handle = await bed.provision('left-right', { check: 'none' });
  await bed.met(held);
  await handle.terminate();
  // What is under way lands all the same: nothing is, once the worker has ended.
  await bed.worker.stop();
  await run(DESTROY, { vpn: 'left-right' });
  expect(bed.simulator.snapshot()).toEqual(before);
}, 120_000);
