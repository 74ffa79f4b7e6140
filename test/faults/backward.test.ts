/** Single faults on the way back: a rollback, and a destroy. */
import { everyCallMeetsEveryFault } from './scenarios.js';

/** What begins the rollback: the last create of a run. */
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

everyCallMeetsEveryFault([
  {
    name: 'a rollback',
    ground: 'bare',
    operation: 'provision',
    start: (lane) => {
      lane.bed.simulator.faults.add(REFUSED);
      return lane.bed.provision(lane.name, { check: 'none' });
    },
    ends: 'FAILED',
    calls: (call) => call.writes && call.method !== 'POST',
  },
  {
    name: 'a destroy',
    ground: 'standing',
    operation: 'destroy',
    start: (lane) => lane.bed.destroy(lane.name),
    ends: 'COMPLETED',
  },
]);
