/**
 * What an operator does to a run with Temporal's own means, as docs/temporal-ui.md tells: try a waiting step now, stop its tries, and see in the UI and in
 * `history` what happened. The command lines are the documented ones, run with the real `temporal`.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { findTemporalCli } from '../../src/cli/temporal-cli.js';
import { RegionLink, VpnFailedError } from '../../src/client/index.js';
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

/** Runs a documented command on a step. */
async function byHand(vpn: string, id: string, recipe: string): Promise<void> {
  const page = readFileSync('docs/temporal-ui.md', 'utf8');
  const documented = [...page.matchAll(new RegExp(`^    temporal (activity .*${recipe}.*)$`, 'gm'))];
  expect(documented).toHaveLength(1);
  const given: Readonly<Record<string, string>> = { NAME: vpn, ID: id, REASON: 'quota stays' };
  const words = (documented[0]?.[1] ?? '')
    .split(' ')
    .map((word) => word.replace(/NAME|ID|REASON/, (name) => given[name] ?? ''));
  await run(temporal, [...words, '--address', bed.server.address]);
}

/** The run and its one step that has failed, and waits for its next try, an hour away. */
async function waiting(vpn: string) {
  const handle = bed.client.workflow.getHandle(`vpn/${vpn}`);
  for (;;) {
    const { raw } = await handle.describe();
    const found = (raw.pendingActivities ?? []).find(({ lastFailure }) => lastFailure);
    if (found !== undefined) return { handle, id: found.activityId ?? '' };
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const start = (name: string) =>
  link.provision(tutorialSpec({ name, check: 'none', retryFor: '1d', rollbackFor: '1d' }), { requestedBy: 'alice' });

test('a step that waits for an hour is tried at once when it is reset, and the run is whole', async () => {
  bed.simulator.faults.add(AWAY);
  const started = await start('reset');
  const { handle, id } = await waiting('reset');
  expect(await commonErrors(handle)).toEqual([]);
  const [open] = await link.history('reset');
  expect(open?.steps.find(({ activityId }) => activityId === id)).toMatchObject({
    step: 'right/vpnService',
    outcome: 'open',
    failures: [{ said: expect.stringContaining('503'), times: 1, first: expect.any(Number) }],
  });
  bed.simulator.faults.clear();
  await byHand('reset', id, 'reset');
  expect((await started.result()).vpn).toBe('reset');
  expect(await commonErrors(handle)).toEqual([]);
  const marks = marksIn(bed.simulator, 'reset');
  expect(new Set(marks).size).toBe(marks.length);
  expect(await link.history('reset')).toMatchObject([
    { requestedBy: 'alice', state: 'COMPLETED', keptUntil: expect.any(Number) },
  ]);
});

test('with one last try a waiting step fails of its own words, and all is undone', async () => {
  const before = bed.simulator.snapshot();
  bed.simulator.faults.add(AWAY);
  const started = await start('last-try');
  const { handle, id } = await waiting('last-try');
  await byHand('last-try', id, '--retry-maximum-attempts');
  await byHand('last-try', id, 'reset');
  const failed = await started.result().catch((error: unknown) => error);
  expect(failed).toMatchObject({ type: 'CloudUnavailable', message: expect.stringMatching(/503.*\n.*undone/) });
  expect(bed.simulator.snapshot()).toEqual(before);
  expect(await commonErrors(handle)).toEqual([]);
});

test('a waiting step whose time is taken away ends the run at once, without another try', async () => {
  const before = bed.simulator.snapshot();
  bed.simulator.faults.add(AWAY);
  const started = await start('no-time');
  const { id } = await waiting('no-time');
  const tries = bed.simulator.log.length;
  await byHand('no-time', id, '--schedule-to-close-timeout');
  expect(await started.result().catch((error: unknown) => error)).toBeInstanceOf(VpnFailedError);
  expect(bed.writesSince(tries)).not.toContain('POST cbk /v2.0/vpn/vpnservices');
  expect(bed.simulator.snapshot()).toEqual(before);
});

test('a try that runs is failed by hand: the run tells the reason, and what its write does late is undone as well', async () => {
  const before = bed.simulator.snapshot();
  const slow = {
    method: 'POST',
    path: '^/v2.0/vpn/vpnservices$',
    region: 'cbk',
    fault: { kind: 'delay', ms: 1_500 },
  } as const;
  bed.simulator.faults.add(slow);
  const started = await start('stopped');
  await bed.met(slow);
  const [open] = await link.history('stopped');
  const id =
    open?.steps.find(({ step, outcome }) => step === 'right/vpnService' && outcome === 'open')?.activityId ?? '';
  await byHand('stopped', id, 'fail');
  const failed = await started.result().catch((error: unknown) => error);
  expect(failed).toMatchObject({
    type: 'StoppedByHand',
    message: expect.stringMatching(/^stopped by hand: quota stays\n.*undone/),
  });
  expect(bed.simulator.snapshot()).toEqual(before);
  expect(await commonErrors(bed.client.workflow.getHandle('vpn/stopped'))).toEqual([]);
  const [record] = await link.history('stopped');
  expect(record?.phases.map(({ phase }) => phase)).toContain('settling');
  expect(record?.steps).toContainEqual(
    expect.objectContaining({ outcome: 'failed', failures: [{ said: 'stopped by hand: quota stays', times: 1 }] }),
  );
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
  await expect.poll(() => names({ state: 'failed' }), { timeout: 30_000 }).toEqual(['last-try', 'no-time', 'stopped']);
  expect(await names({ state: 'open' })).toEqual([]);
  expect(await names({ phase: 'cancelled', region: 'cbk' })).toEqual(['cancelled']);
  expect(await names({ region: "o'clock" })).toEqual([]);
  expect(await link.list({ vpn: 'reset', limit: 1 })).toMatchObject([
    { phase: 'done', regions: ['dbl', 'cbk'], requestedBy: 'alice' },
  ]);
});
