/**
 * The promise under single faults: every call of a scenario meets every fault. After each run the VPN is whole and proven, or both regions are
 * as they were; nothing is double, nothing of a check is left, and nothing of anyone else is touched.
 */
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CallCase, callsOf, FAULTS, type FaultCase, inWords, planOf, runsOf } from './cases.js';
import { type Operation, wrongWith } from './ends.js';
import { type Ground, type Lane, Lanes, type Picture, type Setting } from './lanes.js';
import { callsBeyond, type Recorded, record } from './other-calls.js';

export interface Scenario {
  readonly name: string;
  readonly ground: Ground;
  readonly operation: Operation;
  start(lane: Lane): Promise<WorkflowHandle>;
  /** How it ends without any fault. */
  readonly ends: 'COMPLETED' | 'FAILED';
  /** Which of its calls are judged here. @default all */
  readonly calls?: (calls: readonly CallCase[]) => readonly CallCase[];
  /** A run whose calls meet the faults elsewhere: judged here are only calls that it does not make, or with which it does something else. */
  readonly beyond?: (lane: Lane) => Promise<Recorded>;
  /** What else must hold once it has completed. */
  readonly also?: (lane: Lane) => readonly string[];
}

/** Runs a scenario in which some calls meet a fault, and tells what is wrong with its end. */
async function judge(
  lane: Lane,
  scenario: Scenario,
  whole: Picture,
  calls: readonly CallCase[],
  one: FaultCase,
): Promise<readonly string[]> {
  const { ground, operation, ends } = scenario;
  const { faults } = lane.bed.simulator;
  lane.reset(ground);
  for (const call of calls) faults.add(planOf(call, one));
  const ended = await lane.bed.end(await scenario.start(lane));
  const plans = faults.list();
  const unmet = calls.filter((call, index) => plans[index]?.acted === 0 && !mayStayAway(call));
  const early = one.outcome === 'passes' && (ended.status !== ends || ended.type === 'Leftovers');
  const [said = ''] = ended.messages;
  const isOfStep = operation === 'provision' && ends === 'COMPLETED' && calls.some(makesOrChanges);
  const unclear = isOfStep && one.said !== undefined && !one.said.test(said);
  return [
    ...(early ? [`${ended.status} ${ended.type}, though this passes: ${ended.messages.join(' / ')}`] : []),
    ...unmet.map((call) => `it was not met: ${inWords(call)}`),
    ...(unclear ? [`says too little: ${said}`] : []),
    ...(ended.status === 'COMPLETED' ? (scenario.also?.(lane) ?? []) : []),
    ...(await wrongWith(lane, ended, ground, operation, whole)),
  ];
}

/** A run looks as often as it has to wait. */
function mayStayAway({ writes, skip }: CallCase): boolean {
  return !writes && skip > 0;
}

function makesOrChanges({ writes, method }: CallCase): boolean {
  return writes && method !== 'DELETE';
}

/** The tests of some scenarios, a test a fault. */
export function everyCallMeetsEveryFault(scenarios: readonly Scenario[], setting?: Setting): void {
  let lanes: Lanes;
  /** Calls that were to meet a fault so far. */
  let cases = 0;

  beforeAll(async () => {
    lanes = await Lanes.start(setting);
  }, 300_000);

  afterAll(async () => {
    console.log(
      `single faults in ${scenarios.map((one) => one.name).join(', ')}: ${cases} in ${lanes.runs} runs, each whole or as before`,
    );
    await lanes.stop();
  });

  for (const scenario of scenarios) {
    describe(`every call of ${scenario.name}`, () => {
      let calls: readonly CallCase[];
      /** As the scenario leaves the clouds without any fault. */
      let whole: Picture;

      beforeAll(async () => {
        const lane = lanes.first;
        lane.reset(scenario.ground);
        const run = await record(lane, scenario.start);
        whole = run.after;
        const all = scenario.beyond === undefined ? callsOf(run.log) : callsBeyond(run, await scenario.beyond(lane));
        const asked = all.filter((call) => call.service !== 'identity');
        calls = scenario.calls?.(asked) ?? asked;
        expect(calls.length).toBeGreaterThan(0);
      });

      for (const one of FAULTS) {
        test(`${one.name}`, async () => {
          const runs = runsOf(calls, one);
          cases += runs.flat().length;
          const wrong = await lanes.judge(
            runs,
            (lane, met) => judge(lane, scenario, whole, met, one),
            (met) => met.map(inWords).join(', '),
          );
          expect(wrong.join('\n')).toBe('');
        }, 900_000);
      }
    });
  }
}
