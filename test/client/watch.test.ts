/** A watch over a long time leaves no trace in its process, and a signal ends it at once. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { InvalidNameError, RegionLink } from '../../src/client/index.js';
import { TestBed, tutorialSpec } from '../support/test-bed.js';

let bed: TestBed;
let link: RegionLink;

beforeAll(async () => {
  bed = await TestBed.start();
  link = await RegionLink.connect({ address: bed.server.address, namespace: 'default' });
}, 120_000);

afterAll(async () => {
  await link.close();
  await bed.stop();
});

test('more polls than a signal may have listeners: no warning of the process, and an abort ends it within its pause', async () => {
  const warnings: Error[] = [];
  const heard = (warning: Error) => warnings.push(warning);
  process.on('warning', heard);
  bed.simulator.faults.add({
    method: 'POST',
    path: '^/v2.0/routers$',
    region: 'dbl',
    times: 1_000,
    fault: { kind: 'answer', status: 503, effect: false },
  });
  const run = await link.provision(tutorialSpec({ check: 'none' }));
  const stop = new AbortController();
  let polls = 0;
  let aborted = 0;
  for await (const _ of run.watch(stop.signal)) {
    polls += 1;
    // In the midst of the pause after this status.
    if (polls === 14)
      setTimeout(() => {
        aborted = performance.now();
        stop.abort();
      }, 50);
  }
  const after = performance.now() - aborted;
  process.off('warning', heard);
  bed.simulator.faults.clear();
  expect(warnings).toEqual([]);
  expect(polls).toBe(14);
  expect(after).toBeLessThan(200);
  await run.cancel();
  await run.result().catch(() => undefined);
}, 60_000);

test('a name that is none is refused before Temporal is asked', async () => {
  const before = (await link.list()).length;
  for (const name of ['Bad Name!', '', '-a', 'a'.repeat(49), 'ä']) {
    expect(() => link.get(name)).toThrow(InvalidNameError);
    await expect(link.destroy(name)).rejects.toThrow(InvalidNameError);
  }
  expect(await link.list()).toHaveLength(before);
}, 60_000);
