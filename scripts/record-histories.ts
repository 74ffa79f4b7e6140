/**
 * Records the histories that `test/workflows/replay.test.ts` replays: a proven, a failed, a cancelled, a destroying and a sweeping run, by the name of the version.
 * Run by `npm run record:histories` at every release that changes a workflow.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import type { WorkflowHandle } from '@temporalio/client';
import { findTemporalCli } from '../src/cli/temporal-cli.js';
import { TestBed } from '../test/support/test-bed.js';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const temporal = await findTemporalCli();
const bed = await TestBed.start();

async function record(name: string, handle: WorkflowHandle): Promise<void> {
  const { status } = await bed.end(handle);
  const shown = execFileSync(
    temporal,
    ['workflow', 'show', '--address', bed.server.address, '-w', handle.workflowId, '-o', 'json'],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  // Stack traces and identities name the machine that recorded them.
  const text = JSON.stringify(JSON.parse(shown.toString())).replaceAll(`${process.cwd()}/`, '');
  writeFileSync(`test/histories/${version}-${name}.json`, text.replaceAll(/"\d+@[^"]*"/g, '"worker"'));
  console.log(`${name}: ${status}`);
}

await record('proven', await bed.provision('left-right'));
await record('destroyed', await bed.destroy('left-right'));
bed.simulator.faults.add({
  method: 'POST',
  path: 'ipsec-site-connections$',
  fault: {
    kind: 'answer',
    status: 403,
    effect: false,
    body: { NeutronError: { type: 'PolicyNotAuthorized', message: 'not allowed', detail: '' } },
  },
});
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
const stray = bed.simulator.seed('dbl', 'ikepolicy', {
  name: 'ikepolicy',
  description: 'regionlink owner=test@default vpn=left-right step=left/ikePolicy run=gone',
});
await record('swept', await bed.sweep({ vpn: 'left-right' }, [stray.id]));
await bed.stop();
