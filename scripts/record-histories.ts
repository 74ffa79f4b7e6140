/**
 * Records the histories that `test/workflows/replay.test.ts` replays, one of every way through the workflows, by the name of the version.
 * Run by `npm run record:histories` at every release that changes a workflow. What is stored already stays as it was recorded.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { WorkflowHandle } from '@temporalio/client';
import { findTemporalCli } from '../src/cli/temporal-cli.js';
import type { FaultPlan } from '../src/simulator/index.js';
import { sitesWithFurtherSubnet, TestBed } from '../test/support/test-bed.js';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const temporal = await findTemporalCli();
const bed = await TestBed.start();

async function record(name: string, handle: WorkflowHandle): Promise<void> {
  const { status } = await bed.end(handle);
  const file = `test/histories/${version}-${name}.json`;
  if (existsSync(file)) return;
  const shown = execFileSync(
    temporal,
    ['workflow', 'show', '--address', bed.server.address, '-w', handle.workflowId, '-o', 'json'],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  // Stack traces and identities name the machine that recorded them.
  const text = JSON.stringify(JSON.parse(shown.toString())).replaceAll(`${process.cwd()}/`, '');
  writeFileSync(file, text.replaceAll(/"\d+@[^"]*"/g, '"worker"'));
  console.log(`${name}: ${status}`);
}

await record('proven', await bed.provision('left-right'));
await record('destroyed', await bed.destroy('left-right'));
const refused = {
  kind: 'answer',
  status: 403,
  effect: false,
  body: { NeutronError: { type: 'PolicyNotAuthorized', message: 'not allowed', detail: '' } },
} as const;
const refusedConnection = { method: 'POST', path: 'ipsec-site-connections$', fault: refused };
bed.simulator.faults.add(refusedConnection);
await record('failed', await bed.provision('left-right'));
const slow = {
  method: 'POST',
  path: '^/v2.0/vpn/vpnservices$',
  region: 'cbk',
  fault: { kind: 'delay', ms: 100 },
} as const;
bed.simulator.faults.add(slow);
const cancelled = await bed.provision('left-right');
await bed.met(slow);
await cancelled.cancel();
await record('cancelled', cancelled);
// A write in doubt: the run settles, and undoes once more what a late effect may have kept.
const lost: FaultPlan = {
  method: 'POST',
  path: '^/v2.0/vpn/ikepolicies$',
  region: 'dbl',
  fault: { kind: 'hang', lateMs: 300 },
};
bed.simulator.faults.add(lost);
await record('settled', await bed.provision('left-right', { check: 'none' }));
const more = { connection: { mtu: 1_400 }, sites: sitesWithFurtherSubnet() };
await record('changed', await bed.provision('left-right', { check: 'none', ...more }));
await record('logged-in', await bed.provision('left-right', { check: 'ssh', ...more }));
await bed.end(await bed.destroy('left-right'));
bed.simulator.faults.add(refusedConnection);
bed.simulator.faults.add(lost);
await record('failed-in-doubt', await bed.provision('left-right', { check: 'none' }));
bed.simulator.faults.add(refusedConnection);
bed.simulator.faults.add({ method: 'DELETE', path: '^/v2.0/networks/', region: 'cbk', fault: refused });
await record('left', await bed.provision('left-right', { check: 'none' }));
bed.simulator.faults.add({ method: 'DELETE', path: '^/v2.0/networks/', region: 'cbk', fault: refused });
await record('destroyed-in-part', await bed.destroy('left-right'));
await bed.end(await bed.destroy('left-right'));
bed.simulator.faults.add(refusedConnection);
await record('kept', await bed.provision('left-right', { check: 'none', onFailure: 'keep' }));
await bed.end(await bed.destroy('left-right'));
const stray = bed.simulator.seed('dbl', 'ikepolicy', {
  name: 'ikepolicy',
  description: 'regionlink owner=test@default vpn=left-right step=left/ikePolicy run=gone',
});
await record('swept', await bed.sweep({ vpn: 'left-right' }, [stray.id]));
await bed.stop();
