/**
 * What an operator does to a run with Temporal's own means, as docs/temporal-ui.md tells: try a waiting step now, stop its tries, and see in the UI and in
 * `history` what happened. The command lines are the documented ones, run with the real `temporal`.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { findTemporalCli } from '../../src/cli/temporal-cli.js';
import { RegionLink } from '../../src/client/index.js';
import { commonErrors } from '../support/common-errors.js';
import { marksIn, TestBed, tutorialSpec } from '../support/test-bed.js';

const run = promisify(execFile);
let bed: TestBed;
let link: RegionLink;
let temporal: string;

beforeAll(async () => {
  [bed, temporal] = await Promise.all([TestBed.start({ retryMs: 3_600_000 }), findTemporalCli()]);
  link = await RegionLink.connect({ address: bed.server.address, namespace: 'default' });
}, 120_000);

afterAll(async () => {
  await link.close();
  await bed.stop();
});

beforeEach(() => bed.simulator.faults.clear());

const AWAY = {
  method: 'POST',
  path: '^/v2.0/vpn/vpnservices$',
  region: 'cbk',
  times: 0,
  fault: { kind: 'answer', status: 503, effect: false, body: { message: 'maintenance' } },
} as const;

/** Runs a documented command on the step that waits, of which there is one. */
async function byHand(vpn: string, recipe: string): Promise<void> {
  const documented = [
    ...readFileSync('docs/temporal-ui.md', 'utf8').matchAll(new RegExp(`^    (temporal activity ${recipe} .*)$`, 'gm')),
  ];
  expect(documented).toHaveLength(1);
  const { pending } = await waiting(vpn);
  const words = (documented[0]?.[1] ?? '').split(' ').slice(1);
  const given: Record<string, string> = { NAME: vpn, ID: pending.activityId, REASON: 'quota stays' };
  const filled = words.map((word) => word.replace(/NAME|ID|REASON/, (name) => given[name] ?? name));
  await run(temporal, [...filled, '--address', bed.server.address]);
}

/** Resolves once a step has failed and waits for its next try, an hour away. */
async function waiting(vpn: string) {
  const handle = bed.client.workflow.getHandle(`vpn/${vpn}`);
  for (;;) {
    const { raw } = await handle.describe();
    const [one] = (raw.pendingActivities ?? []).filter(({ lastFailure, state }) => lastFailure && state === 1);
    if (one !== undefined) return { handle, pending: { activityId: one.activityId ?? '' } };
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const start = (name: string) => link.provision(tutorialSpec({ name, check: 'none', retryFor: '1d', rollbackFor: '1d' }), { requestedBy: 'alice' });

test('a step that waits for an hour is tried at once when it is reset, and the run is whole', async () => {
  bed.simulator.faults.add(AWAY);
  const started = await start('reset');
  const { handle } = await waiting('reset');
  expect(await commonErrors(handle)).toEqual([]);
  bed.simulator.faults.clear();
  await byHand('reset', 'reset');
  expect((await started.result()).vpn).toBe('reset');
  expect(await commonErrors(handle)).toEqual([]);
  const marks = marksIn(bed.simulator, 'reset');
  expect(new Set(marks).size).toBe(marks.length);

  const [record] = await link.history('reset');
  expect(record).toMatchObject({ requestedBy: 'alice', state: 'COMPLETED', keptUntil: expect.any(Number) });
  const service = record?.steps.find(
    ({ activity, failures }) => activity === 'ensureVpnService' && failures.length > 0,
  );
  // Its failed try is told though it succeeded in the end.
  expect(service).toMatchObject({
    step: 'right/vpnService',
    outcome: 'done',
    failures: [{ said: expect.stringContaining('503'), times: 1, first: expect.any(Number) }],
    resources: [{ effect: 'created', kind: 'vpnService', region: 'cbk' }],
  });
});

test('a step that is failed by hand ends the run with the reason, and all is undone', async () => {
  const before = bed.simulator.snapshot();
  bed.simulator.faults.add(AWAY);
  const started = await start('stopped');
  const { handle } = await waiting('stopped');
  await byHand('stopped', 'fail');
  const failed = await started.result().catch((error: unknown) => error);
  expect(failed).toMatchObject({
    type: 'StoppedByHand',
    message: expect.stringMatching(/stopped by hand: quota.stays\n.*undone/),
  });
  expect(bed.simulator.snapshot()).toEqual(before);
  expect(await commonErrors(handle)).toEqual([]);
  // Nobody knows whether a try was under way, so what may come late is looked for.
  const [record] = await link.history('stopped');
  expect(record?.phases.map(({ phase }) => phase)).toContain('settling');
});

test('with one last try a step fails of its own words', async () => {
  bed.simulator.faults.add(AWAY);
  const started = await start('last-try');
  await waiting('last-try');
  await byHand('last-try', 'update-options');
  await byHand('last-try', 'reset');
  const failed = await started.result().catch((error: unknown) => error);
  expect(failed).toMatchObject({ type: 'CloudUnavailable', message: expect.stringContaining('503') });
});

test('a cancelled run shows no common error, and its audit tells who asked for the end', async () => {
  bed.simulator.faults.add(AWAY);
  const started = await start('cancelled');
  const { handle } = await waiting('cancelled');
  await started.cancel();
  await expect(started.result()).rejects.toThrow('cancelled');
  expect(await commonErrors(handle)).toEqual([]);
  expect(await link.history('cancelled')).toMatchObject([
    { stops: [{ what: 'cancel', by: expect.stringMatching(/@/) }] },
  ]);
});

test('runs are listed by state, name, phase and region', async () => {
  const names = async (filter: Parameters<typeof link.list>[0]) =>
    (await link.list(filter)).map(({ vpn }) => vpn).sort();
  // What is listed follows a moment after what has happened.
  await expect.poll(() => names({ state: 'failed' }), { timeout: 30_000 }).toEqual(['last-try', 'stopped']);
  expect(await names({ state: 'open' })).toEqual([]);
  expect(await names({ phase: 'cancelled', region: 'cbk' })).toEqual(['cancelled']);
  expect(await names({ region: "o'clock" })).toEqual([]);
  expect(await link.list({ vpn: 'reset', limit: 1 })).toMatchObject([
    { phase: 'done', regions: ['dbl', 'cbk'], requestedBy: 'alice' },
  ]);
});
