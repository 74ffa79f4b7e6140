/** A cancel at every call: on the way forward, on the way back, and on both. The run ends as it should, and both regions are as before. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FaultPlan } from '../../src/simulator/index.js';
import { type CallCase, callsOf, inWords, LAST_CREATE_REFUSED } from './cases.js';
import { type Lane, Lanes } from './lanes.js';
import { CHANGED_SPEC, CHECK_BY_SSH, PROVISION, type Scenario } from './scenarios.js';

/** Time for a cancel to arrive while the call waits. */
const HELD_MS = 60;

let lanes: Lanes;
let forward: readonly CallCase[];
let backward: readonly CallCase[];

beforeAll(async () => {
  lanes = await Lanes.start();
  forward = await callsWithout([]);
  const failing = await callsWithout([LAST_CREATE_REFUSED]);
  const firstRemoval = failing.findIndex((call) => call.method === 'DELETE');
  backward = failing.slice(firstRemoval);
  expect(forward.length).toBeGreaterThan(50);
  expect(backward.length).toBeGreaterThan(20);
}, 300_000);

afterAll(async () => {
  console.log(`cancels: ${lanes.runs} runs, each whole or as before`);
  await lanes.stop();
});

async function callsWithout(
  faults: readonly FaultPlan[],
  scenario: Scenario = PROVISION,
): Promise<readonly CallCase[]> {
  const lane = reset(lanes.first, faults, scenario);
  await lane.bed.end(await scenario.start(lane));
  return callsOf(lane.simulator.log).filter((call) => call.service !== 'identity');
}

function reset(lane: Lane, faults: readonly FaultPlan[], { ground }: Scenario = PROVISION): Lane {
  lane.reset(ground);
  for (const fault of faults) lane.bed.simulator.faults.add(fault);
  return lane;
}

function held({ method, region, service, path, skip }: CallCase): FaultPlan {
  return { method, region, service, path, skip, fault: { kind: 'delay', ms: HELD_MS } };
}

/** Runs to the call, cancels there, and tells what is wrong with the end. A call that did not come this time ends the run uncancelled. */
async function judge(
  lane: Lane,
  call: CallCase,
  more: readonly FaultPlan[],
  ends: string,
  scenario: Scenario = PROVISION,
) {
  const plan = held(call);
  const { bed } = reset(lane, [plan, ...more], scenario);
  const handle = await scenario.start(lane);
  const met = await bed.cancelAt(plan, handle);
  const ended = await bed.end(handle);
  if (!met && ended.status === 'COMPLETED') return lane.faultsOfVpn(ended);
  const wrong = ended.status === ends ? [] : [`ended ${ended.status}: ${ended.messages.join(' / ')}`];
  return [...wrong, ...lane.changesSince(scenario.ground)];
}

describe('a cancel', () => {
  test('at every call forward: CANCELLED, and as before', async () => {
    const wrong = await lanes.judge(forward, (lane, call) => judge(lane, call, [], 'CANCELLED'), inWords);
    expect(wrong.join('\n')).toBe('');
  });

  test.each([
    [CHECK_BY_SSH.name, CHECK_BY_SSH, 8],
    [CHANGED_SPEC.name, CHANGED_SPEC, 4],
  ] as const)(
    'at every write of %s, over a VPN that stands: CANCELLED, and it stands as before',
    async (_, scenario, atLeast) => {
      // Once it has begun to remove it is past being undone.
      const calls = (await callsWithout([], scenario)).filter((call) => call.writes && call.method !== 'DELETE');
      expect(calls.length).toBeGreaterThan(atLeast);
      const wrong = await lanes.judge(calls, (lane, call) => judge(lane, call, [], 'CANCELLED', scenario), inWords);
      expect(wrong.join('\n')).toBe('');
    },
  );

  test('at every call of a rollback: the failure stays what it was, and all is undone', async () => {
    const wrong = await lanes.judge(
      backward,
      (lane, call) => judge(lane, call, [LAST_CREATE_REFUSED], 'FAILED'),
      inWords,
    );
    expect(wrong.join('\n')).toBe('');
  });

  test('at a call forward, and again at every call of the rollback that it began', async () => {
    const first: FaultPlan = {
      method: 'POST',
      path: '^/v2.0/vpn/endpoint-groups$',
      region: 'cbk',
      fault: { kind: 'delay', ms: HELD_MS },
    };
    const twice = async (lane: Lane, call: CallCase) => {
      const plan = held(call);
      const { bed } = reset(lane, [first, plan]);
      const handle = await PROVISION.start(lane);
      await bed.met(first);
      await handle.cancel();
      await bed.cancelAt(plan, handle);
      const ended = await bed.end(handle);
      const wrong = ended.status === 'CANCELLED' ? [] : [`ended ${ended.status}: ${ended.messages.join(' / ')}`];
      return [...wrong, ...lane.changesSince('bare')];
    };
    const wrong = await lanes.judge(
      backward.filter((call) => call.writes),
      twice,
      inWords,
    );
    expect(wrong.join('\n')).toBe('');
  });
});
