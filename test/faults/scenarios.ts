/**
 * What is done to the tutorial's VPN while faults meet its calls: each operation, from bare clouds or over a VPN that stands.
 * Declared once for whatever meets them: single faults, and kills of the worker.
 */
import type { WorkflowHandle } from '@temporalio/client';
import type { FaultPlan } from '../../src/simulator/index.js';
import { sitesWithFurtherSubnet } from '../support/test-bed.js';
import { type CallCase, LAST_CREATE_REFUSED } from './cases.js';
import type { Operation } from './ends.js';
import type { Ground, Picture, Place } from './place.js';

export interface Scenario {
  readonly name: string;
  readonly ground: Ground;
  readonly operation: Operation;
  start(place: Place): Promise<WorkflowHandle>;
  /** How it ends without any further fault. */
  readonly ends: 'COMPLETED' | 'FAILED';
  /** What its run meets in any case. */
  readonly fault?: FaultPlan;
  /** Which of its calls are judged: the rest are another scenario's. @default all */
  readonly calls?: (calls: readonly CallCase[]) => readonly CallCase[];
  /** What must hold as well, in the clouds that it leaves once it has completed. Tells what does not. */
  readonly also?: (clouds: Picture) => readonly string[];
}

export const PROVISION: Scenario = {
  name: 'a provision',
  ground: 'bare',
  operation: 'provision',
  start: (place) => place.provision({ check: 'none' }),
  ends: 'COMPLETED',
};

export const DESTROY: Scenario = {
  name: 'a destroy',
  ground: 'standing',
  operation: 'destroy',
  start: (place) => place.destroy(),
  ends: 'COMPLETED',
};

export const ROLLBACK: Scenario = {
  name: 'a rollback',
  ground: 'bare',
  operation: 'provision',
  fault: LAST_CREATE_REFUSED,
  start: (place) => place.provision({ check: 'none' }),
  ends: 'FAILED',
  // The way back: after the last create.
  calls: (calls) => calls.slice(calls.findLastIndex(({ method }) => method === 'POST') + 1),
};

export const CHECK_BY_PING: Scenario = {
  name: 'a check by ping',
  ground: 'standing',
  operation: 'provision',
  start: (place) => place.provision({ check: 'console' }),
  ends: 'COMPLETED',
  // Only a check makes them: the rest is looked at as in any provision.
  calls: (calls) =>
    calls.filter(
      ({ path, writes }) =>
        /servers|images|flavors|security-group|floatingips/.test(path) || (writes && /ports/.test(path)),
    ),
};

export const CHECK_BY_SSH: Scenario = {
  name: 'a check by SSH',
  ground: 'standing',
  operation: 'provision',
  start: (place) => place.provision({ check: 'ssh' }),
  ends: 'COMPLETED',
  // What a check by ping does not call: the floating IP, and a second rule.
  calls: (calls) =>
    calls.filter(
      ({ path, writes, skip }) =>
        /floatingips/.test(path) || (writes && /security-group-rules/.test(path) && skip === 1),
    ),
};

const MTU = 1_400;

export const CHANGED_SPEC: Scenario = {
  name: 'an apply of a changed spec',
  ground: 'standing',
  operation: 'provision',
  start: (place) => place.provision(changed()),
  ends: 'COMPLETED',
  calls: (calls) => calls.filter(({ writes }) => writes),
  also: (clouds) =>
    Object.values(clouds)
      .flatMap((tables) => tables.ipsec_site_connection ?? [])
      .flatMap((row) => {
        const { name, mtu } = row as { name?: unknown; mtu?: unknown };
        return mtu === MTU ? [] : [`mtu of ${name} is ${mtu}`];
      }),
};

/** What the API can change in place, so that rollback has something to set back; and a further subnet, so that endpoint groups change over. */
function changed(): Record<string, unknown> {
  return { check: 'none', connection: { mtu: MTU }, sites: sitesWithFurtherSubnet() };
}
