/**
 * The promise under faults: every call of a provision, a check, a rollback and a destroy meets every single fault. After each, the VPN is whole and
 * proven, or both regions are as they were; nothing is double, nothing of a check is left, and nothing of anyone else is touched.
 */
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CallCase, callsOf, FAULTS, type FaultCase, inWords, planOf } from './cases.js';
import { wrongWith } from './ends.js';
import { type Ground, type Lane, Lanes } from './lanes.js';

let lanes: Lanes;

beforeAll(async () => {
  lanes = await Lanes.start();
}, 300_000);

afterAll(async () => {
  console.log(`single faults: ${lanes.runs} runs, each whole or as before`);
  await lanes.stop();
});

interface Scenario {
  readonly name: string;
  readonly ground: Ground;
  start(lane: Lane): Promise<WorkflowHandle>;
  /** What it is without any fault. */
  readonly end: 'whole' | 'asBefore' | 'gone';
  /** Which of its calls are judged here. @default all */
  readonly calls?: (call: CallCase) => boolean;
}

const CHECK_CALLS = /servers|ports|security-group/;
const REFUSED = {
  method: 'POST',
  path: '^/v2.0/vpn/ipsec-site-connections$',
  region: 'cbk',
  fault: {
    kind: 'answer',
    status: 400,
    body: { NeutronError: { type: 'X', message: 'no', detail: '' } },
    effect: false,
  },
} as const;

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'a provision',
    ground: 'bare',
    start: (lane) => lane.bed.provision(lane.name, { check: 'none' }),
    end: 'whole',
  },
  {
    name: 'a check by ping',
    ground: 'standing',
    start: (lane) => lane.bed.provision(lane.name, { check: 'console' }),
    end: 'whole',
    calls: (call) => call.writes && CHECK_CALLS.test(call.path),
  },
  {
    name: 'a rollback',
    ground: 'bare',
    start: (lane) => {
      lane.bed.simulator.faults.add(REFUSED);
      return lane.bed.provision(lane.name, { check: 'none' });
    },
    end: 'asBefore',
    calls: (call) => call.writes && call.method !== 'POST',
  },
  {
    name: 'a destroy',
    ground: 'standing',
    start: (lane) => lane.bed.destroy(lane.name),
    end: 'gone',
  },
];

/** Runs a scenario with a fault, and tells what is wrong with its end. */
async function judge(lane: Lane, scenario: Scenario, call: CallCase, one: FaultCase): Promise<readonly string[]> {
  lane.reset(scenario.ground);
  lane.bed.simulator.faults.add(planOf(call, one));
  const ended = await lane.bed.end(await scenario.start(lane));
  const wanted = scenario.end === 'asBefore' ? 'FAILED' : 'COMPLETED';
  const early =
    one.outcome === 'passes' && (ended.status !== wanted || ended.type === 'Leftovers')
      ? [`${ended.status} ${ended.type}, though this passes: ${ended.messages.join(' / ')}`]
      : [];
  const operation = scenario.end === 'gone' ? 'destroy' : 'provision';
  return [...early, ...(await wrongWith(lane, ended, scenario.ground, operation))];
}

for (const scenario of SCENARIOS) {
  describe(`every call of ${scenario.name}`, () => {
    let calls: readonly CallCase[];

    beforeAll(async () => {
      const lane = lanes.first;
      lane.reset(scenario.ground);
      await lane.bed.end(await scenario.start(lane));
      calls = callsOf(lane.bed.simulator.log).filter(
        (call) => call.service !== 'identity' && (scenario.calls?.(call) ?? true),
      );
      expect(calls.length).toBeGreaterThan(8);
    });

    for (const one of FAULTS) {
      test(`${one.name}`, async () => {
        const cases = calls.filter((call) => one.on?.(call) ?? true);
        const wrong = await lanes.judge(cases, (lane, call) => judge(lane, scenario, call, one), inWords);
        expect(wrong.join('\n')).toBe('');
      }, 900_000);
    }
  });
}
