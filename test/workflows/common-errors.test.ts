/** The Temporal UI's own list of what looks wrong in a run: empty for every ending, and with one entry, which is no fault, while a step is tried again and again. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { commonErrors } from '../support/common-errors.js';
import { TestBed } from '../support/test-bed.js';

/** "Activity is retrying", an info: a pending step is at its fourth try or later. */
const RETRYING = ['15'];

let bed: TestBed;

beforeAll(async () => {
  bed = await TestBed.start();
}, 120_000);

afterAll(() => bed.stop());

beforeEach(() => bed.simulator.faults.clear());

/** What a region answers to each try to make its router. */
const answer = (status: number) =>
  ({
    method: 'POST',
    path: '^/v2.0/routers$',
    region: 'cbk',
    times: 0,
    fault: { kind: 'answer', status, effect: false },
  }) as const;

test.each(['console', 'ssh', 'none'])('a run that is whole, checked by: %s, and its destroy', async (check) => {
  const whole = await bed.provision(check, { check });
  expect((await bed.end(whole)).status).toBe('COMPLETED');
  expect(await commonErrors(whole)).toEqual([]);
  const gone = await bed.destroy(check);
  expect((await bed.end(gone)).status).toBe('COMPLETED');
  expect(await commonErrors(gone)).toEqual([]);
});

test('a run that fails and is undone', async () => {
  bed.simulator.faults.add(answer(403));
  const failed = await bed.provision('failed');
  expect((await bed.end(failed)).status).toBe('FAILED');
  expect(await commonErrors(failed)).toEqual([]);
});

test('a run that is cancelled and undone', async () => {
  const away = answer(503);
  bed.simulator.faults.add(away);
  const cancelled = await bed.provision('cancelled');
  expect(await bed.cancelAt(away, cancelled)).toBe(true);
  expect((await bed.end(cancelled)).status).toBe('CANCELLED');
  expect(await commonErrors(cancelled)).toEqual([]);
});

test('a run whose step is tried for long: that it is, as long as it is', async () => {
  const away = answer(503);
  bed.simulator.faults.add(away);
  const retried = await bed.provision('retried');
  await bed.met(away, 4);
  expect(await commonErrors(retried)).toEqual(RETRYING);
  bed.simulator.faults.clear();
  expect((await bed.end(retried)).status).toBe('COMPLETED');
  expect(await commonErrors(retried)).toEqual([]);
});
