/**
 * Single faults that share a run elsewhere, each alone in one: that sharing hides nothing. A sample drawn by a seed; `npm run test:soak` goes through all of
 * them, in an order drawn by the seed, for as many minutes as `SOAK_MINUTES` says.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CallCase, FAULTS, type FaultCase, inWords, mayShare } from './cases.js';
import { Lanes } from './lanes.js';
import { CHANGED_SPEC, CHECK_BY_PING, CHECK_BY_SSH, DESTROY, PROVISION, ROLLBACK } from './scenarios.js';
import { judge, type Prepared, prepare } from './single-faults.js';
import { minutes, seed } from './soak.js';

/** Where no time is set. */
const RUNS = 24;

interface Single {
  readonly prepared: Prepared;
  readonly call: CallCase;
  readonly fault: FaultCase;
}

let lanes: Lanes;
const singles: Single[] = [];

beforeAll(async () => {
  lanes = await Lanes.start();
  for (const scenario of [PROVISION, DESTROY, ROLLBACK, CHECK_BY_PING, CHECK_BY_SSH, CHANGED_SPEC]) {
    const prepared = await prepare(lanes.first, scenario);
    for (const fault of FAULTS)
      for (const call of prepared.calls)
        if ((fault.on?.(call) ?? true) && mayShare(call, fault)) singles.push({ prepared, call, fault });
  }
}, 300_000);

afterAll(async () => {
  console.log(`single faults alone: ${lanes.runs} of ${singles.length}, from seed ${seed}, each whole or as before`);
  await lanes.stop();
});

/** All in an order of the seed: with a prime that is larger than their number, its multiples meet each once. */
function* drawn(): Generator<Single> {
  for (let n = 0; n < singles.length; n++) {
    const single = singles[(seed + n * 1_000_003) % singles.length];
    if (single !== undefined) yield single;
  }
}

test('a single fault that shares a run elsewhere ends as well alone', async () => {
  expect(singles.length).toBeGreaterThan(1_000);
  const until = Date.now() + minutes * 60_000;
  const all = drawn();
  const wrong: string[] = [];
  await Promise.all(
    lanes.all.map(async (lane) => {
      while (minutes > 0 ? Date.now() < until : lanes.runs < RUNS) {
        const { value, done } = all.next();
        if (done) return;
        lanes.runs++;
        const { prepared, call, fault } = value;
        const problems = await judge(lane, prepared, [call], fault);
        const told = `seed ${seed}: ${fault.name} in ${prepared.scenario.name} at ${inWords(call)}`;
        if (problems.length > 0) wrong.push(`${told}\n    ${problems.join('\n    ')}`);
      }
    }),
  );
  expect(wrong.join('\n')).toBe('');
});
