/**
 * The promise under single faults: every call of a scenario meets every fault. After each run the VPN is whole and proven, or both regions are
 * as they were; nothing is double, nothing of a check is left, and nothing of anyone else is touched.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CallCase, callsOf, FAULTS, type FaultCase, inWords, mayStayAway, plansOf, runsOf } from './cases.js';
import { wrongWith } from './ends.js';
import { type Lane, Lanes, type Setting } from './lanes.js';
import { callsBeyond, type Recorded, record } from './other-calls.js';
import type { Picture } from './place.js';
import type { Scenario } from './scenarios.js';

/** A scenario whose calls meet the faults elsewhere, but those that another run does not make, or with which it does something else. */
export interface OtherScenario extends Scenario {
  readonly beyond: (lane: Lane) => Promise<Recorded>;
}

/** A scenario with its calls, and the clouds as it leaves them, without any fault. */
export interface Prepared {
  readonly scenario: Scenario;
  readonly calls: readonly CallCase[];
  readonly whole: Picture;
}

/** Runs a scenario without any fault, and keeps what it called. */
export async function prepare(lane: Lane, scenario: Scenario | OtherScenario): Promise<Prepared> {
  lane.reset(scenario.ground);
  if (scenario.fault !== undefined) lane.bed.simulator.faults.add(scenario.fault);
  const run = await record(lane, (place) => scenario.start(place));
  const all = 'beyond' in scenario ? callsBeyond(run, await scenario.beyond(lane)) : callsOf(run.log);
  const asked = all.filter((call) => call.service !== 'identity');
  const calls = scenario.calls?.(asked) ?? asked;
  expect(calls.length).toBeGreaterThan(0);
  return { scenario, calls, whole: run.after };
}

/** Runs a scenario in which some calls meet a fault, and tells what is wrong with its end. */
export async function judge(
  lane: Lane,
  { scenario, whole }: Prepared,
  calls: readonly CallCase[],
  one: FaultCase,
): Promise<readonly string[]> {
  const { ground, operation, ends, fault } = scenario;
  const { faults } = lane.bed.simulator;
  lane.reset(ground);
  for (const plan of plansOf(calls, one)) faults.add(plan);
  if (fault !== undefined) faults.add(fault);
  const ended = await lane.bed.end(await scenario.start(lane));
  const plans = faults.list();
  const unmet = calls.filter((call, index) => plans[index]?.acted === 0 && !mayStayAway(call));
  const early = one.outcome === 'passes' && (ended.status !== ends || ended.type === 'Leftovers');
  const [said = ''] = ended.messages;
  const isOfStep = operation === 'provision' && ends === 'COMPLETED' && calls.some(makesOrChanges);
  const unclear = isOfStep && one.said !== undefined && !one.said.test(said);
  const missed = isOfStep && one.outcome === 'stops' && ended.status !== 'FAILED';
  const met = new Set(calls.map(({ region }) => region));
  const elsewhere = ended.leftovers.filter(({ region }) => !met.has(region));
  return [
    ...(missed ? [`${ended.status}, though no retry mends this`] : []),
    ...elsewhere.map(({ kind, name, region }) => `${kind} ${name} is left in ${region}, which nothing has met`),
    ...(early ? [`${ended.status} ${ended.type}, though this passes: ${ended.messages.join(' / ')}`] : []),
    ...unmet.map((call) => `it was not met: ${inWords(call)}`),
    ...(unclear ? [`says too little: ${said}`] : []),
    ...(ended.status === 'COMPLETED' ? (scenario.also?.(lane.bed.simulator.snapshot()) ?? []) : []),
    ...(await wrongWith(lane, ended, ground, operation, whole)),
  ];
}

function makesOrChanges({ writes, method }: CallCase): boolean {
  return writes && method !== 'DELETE';
}

/** The tests of some scenarios, a test a fault. */
export function everyCallMeetsEveryFault(scenarios: readonly (Scenario | OtherScenario)[], setting?: Setting): void {
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
      let prepared: Prepared;

      beforeAll(async () => {
        prepared = await prepare(lanes.first, scenario);
      });

      for (const one of FAULTS) {
        test(`${one.name}`, async () => {
          const runs = runsOf(prepared.calls, one);
          cases += runs.flat().length;
          const wrong = await lanes.judge(
            runs,
            (lane, met) => judge(lane, prepared, met, one),
            (met) => met.map(inWords).join(', '),
          );
          expect(wrong.join('\n')).toBe('');
        }, 900_000);
      }
    });
  }
}
