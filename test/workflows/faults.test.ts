/**
 * The promise, call by call: whatever write of a run fails, is cancelled or loses its answer, both regions end as they were or the VPN is whole.
 * The list of calls is taken from a real run, so a new step is in these tests by itself.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FaultPlan, isWrite } from '../../src/simulator/index.js';
import { marksIn, TestBed, withoutIds } from '../support/test-bed.js';

let bed: TestBed;
let cases: readonly Case[];

/** A call, and the check of the spec that makes it. */
interface Case {
  readonly check: 'console' | 'ssh';
  readonly plan: FaultPlan;
}

const STOP = {
  kind: 'answer',
  status: 403,
  body: { NeutronError: { type: 'PolicyNotAuthorized', message: 'ordered by the test', detail: '' } },
} as const;

beforeAll(async () => {
  bed = await TestBed.start();
  const byConsole = await casesOf('console');
  const known = new Set(byConsole.map(({ plan }) => inWords(plan)));
  // Of the other check, what only it calls.
  const bySsh = (await casesOf('ssh')).filter(({ plan }) => !known.has(inWords(plan)));
  expect(byConsole.length).toBeGreaterThanOrEqual(22);
  expect(bySsh.map(({ plan }) => inWords(plan)).sort()).toEqual([
    'POST ^/v2.0/floatingips$ in dbl, number 1',
    'POST ^/v2.0/security-group-rules$ in cbk, number 2',
    'POST ^/v2.0/security-group-rules$ in dbl, number 2',
  ]);
  cases = [...byConsole, ...bySsh];
}, 240_000);

async function casesOf(check: Case['check']): Promise<readonly Case[]> {
  const mark = bed.simulator.log.length;
  const ended = await bed.end(await bed.provision('left-right', { check }));
  expect(ended.messages).toEqual([]);
  const plans = plansOf(mark);
  await bed.end(await bed.destroy('left-right'));
  return plans.map((plan) => ({ check, plan }));
}

afterAll(() => bed.stop());

/** One plan a write of the run's forward steps, with how many equal ones come before it. */
function plansOf(mark: number): readonly FaultPlan[] {
  const seen = new Map<string, number>();
  const writes = bed.simulator.log.slice(mark).filter((call) => isWrite(call) && call.method !== 'DELETE');
  return writes.map((call) => {
    const path = `^${withoutIds(call.path).replaceAll('{id}', '[^/]+')}$`;
    const key = `${call.method} ${call.region} ${path}`;
    const skip = seen.get(key) ?? 0;
    seen.set(key, skip + 1);
    return { method: call.method, path, region: call.region, skip, fault: STOP_BEFORE };
  });
}

const STOP_BEFORE = { ...STOP, effect: false } as const;
const STOP_AFTER = { ...STOP, effect: true } as const;

function inWords(plan: FaultPlan): string {
  return `${plan.method} ${plan.path} in ${plan.region}, number ${(plan.skip ?? 0) + 1}`;
}

async function eachWrite(hold: (plan: FaultPlan, check: Case['check']) => Promise<void>): Promise<void> {
  for (const { plan, check } of cases) {
    bed.simulator.faults.clear();
    await hold(plan, check);
  }
  bed.simulator.faults.clear();
}

describe('every write of a run', () => {
  for (const [when, fault] of [
    ['before', STOP_BEFORE],
    ['after', STOP_AFTER],
  ] as const) {
    test(`refused ${when} its effect: the run fails with the cloud's words and both regions are as before`, async () => {
      await eachWrite(async (plan, check) => {
        const before = bed.simulator.snapshot();
        bed.simulator.faults.add({ ...plan, fault });
        const ended = await bed.end(await bed.provision('left-right', { check }));
        expect(ended.status, inWords(plan)).toBe('FAILED');
        // The outermost message is what lists and terminals show: resource, step, the cloud's words, and what became of the rest.
        expect(ended.messages[0], inWords(plan)).toMatch(
          /^[A-Za-z ]+ \S+ \((left|right)\S*\): \w+ \S+ in region \w+: 403 .*ordered by the test.*\n.*is undone/,
        );
        expect(bed.simulator.snapshot(), inWords(plan)).toEqual(before);
      });
    }, 300_000);
  }

  test('cancelled: the run ends CANCELLED and both regions are as before', async () => {
    await eachWrite(async (plan, check) => {
      const before = bed.simulator.snapshot();
      bed.simulator.faults.add({ ...plan, fault: { kind: 'delay', ms: 60 } });
      const handle = await bed.provision('left-right', { check });
      await bed.met(plan);
      await handle.cancel();
      const ended = await bed.end(handle);
      expect(ended.status, inWords(plan)).toBe('CANCELLED');
      expect(bed.simulator.snapshot(), inWords(plan)).toEqual(before);
    });
  }, 300_000);

  test('its answer lost after the effect: adopted, not repeated', async () => {
    await eachWrite(async (plan, check) => {
      const before = bed.simulator.snapshot();
      bed.simulator.faults.add({ ...plan, fault: { kind: 'reset', effect: true } });
      const ended = await bed.end(await bed.provision('left-right', { check }));
      expect(ended.messages, inWords(plan)).toEqual([]);
      expect(marksIn(bed.simulator, 'left-right'), inWords(plan)).toEqual([
        ...new Set(marksIn(bed.simulator, 'left-right')),
      ]);
      await bed.end(await bed.destroy('left-right'));
      expect(bed.simulator.snapshot(), inWords(plan)).toEqual(before);
    });
  }, 300_000);
});

describe('over a VPN that stands', () => {
  test('a failed apply, and a cancelled one, leave it as it was', async () => {
    const ended = await bed.end(await bed.provision('left-right', { check: 'none' }));
    expect(ended.messages).toEqual([]);
    const before = bed.simulator.snapshot();
    const ofTestVms = cases.filter(({ plan }) => /servers|security|ports|floatingips/.test(plan.path ?? ''));
    for (const { plan, check } of ofTestVms) {
      bed.simulator.faults.clear();
      bed.simulator.faults.add({ ...plan, fault: STOP_AFTER });
      const again = await bed.end(await bed.provision('left-right', { check }));
      expect(again.status, inWords(plan)).toBe('FAILED');
      expect(bed.simulator.snapshot(), inWords(plan)).toEqual(before);

      bed.simulator.faults.clear();
      bed.simulator.faults.add({ ...plan, fault: { kind: 'delay', ms: 60 } });
      const handle = await bed.provision('left-right', { check });
      await bed.met(plan);
      await handle.cancel();
      expect((await bed.end(handle)).status, inWords(plan)).toBe('CANCELLED');
      expect(bed.simulator.snapshot(), inWords(plan)).toEqual(before);
    }
    bed.simulator.faults.clear();
    await bed.end(await bed.destroy('left-right'));
  }, 300_000);
});
