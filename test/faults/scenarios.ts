/**
 * The promise under single faults: every call of a scenario meets every fault, one at a time. After each, the VPN is whole and proven, or both regions are
 * as they were; nothing is double, nothing of a check is left, and nothing of anyone else is touched.
 */
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CallCase, callsOf, FAULTS, type FaultCase, inWords, isCase, planOf } from './cases.js';
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
  readonly calls?: (call: CallCase) => boolean;
  /** A run whose calls meet the faults elsewhere: judged here are only calls that it does not make, or with which it does something else. */
  readonly beyond?: (lane: Lane) => Promise<Recorded>;
  /** What else must hold once it has completed. */
  readonly also?: (lane: Lane) => readonly string[];
}

/** Runs a scenario with a fault, and tells what is wrong with its end. */
async function judge(
  lane: Lane,
  scenario: Scenario,
  whole: Picture,
  call: CallCase,
  one: FaultCase,
): Promise<readonly string[]> {
  lane.reset(scenario.ground);
  lane.bed.simulator.faults.add(planOf(call, one));
  const ended = await lane.bed.end(await scenario.start(lane));
  const early =
    one.outcome === 'passes' && (ended.status !== scenario.ends || ended.type === 'Leftovers')
      ? [`${ended.status} ${ended.type}, though this passes: ${ended.messages.join(' / ')}`]
      : [];
  const [said = ''] = ended.messages;
  const isStep =
    call.writes && call.method !== 'DELETE' && scenario.operation === 'provision' && scenario.ends === 'COMPLETED';
  const unclear = isStep && one.said !== undefined && !one.said.test(said) ? [`says too little: ${said}`] : [];
  const more = ended.status === 'COMPLETED' ? (scenario.also?.(lane) ?? []) : [];
  return [...early, ...unclear, ...more, ...(await wrongWith(lane, ended, scenario.ground, scenario.operation, whole))];
}

/** The tests of some scenarios, a test a fault. */
export function everyCallMeetsEveryFault(scenarios: readonly Scenario[], setting?: Setting): void {
  let lanes: Lanes;

  beforeAll(async () => {
    lanes = await Lanes.start(setting);
  }, 300_000);

  afterAll(async () => {
    console.log(
      `single faults in ${scenarios.map((one) => one.name).join(', ')}: ${lanes.runs} runs, each whole or as before`,
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
        calls = all.filter((call) => call.service !== 'identity' && (scenario.calls?.(call) ?? true));
        expect(calls.length).toBeGreaterThan(0);
      });

      for (const one of FAULTS) {
        test(`${one.name}`, async () => {
          const cases = calls.filter((call) => isCase(call, one));
          const wrong = await lanes.judge(cases, (lane, call) => judge(lane, scenario, whole, call, one), inWords);
          expect(wrong.join('\n')).toBe('');
        }, 900_000);
      }
    });
  }
}
