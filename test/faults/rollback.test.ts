/** Single faults while a run is rolled back. */
import { LAST_CREATE_REFUSED } from './cases.js';
import { everyCallMeetsEveryFault } from './scenarios.js';

everyCallMeetsEveryFault([
  {
    name: 'a rollback',
    ground: 'bare',
    operation: 'provision',
    start: (lane) => {
      lane.bed.simulator.faults.add(LAST_CREATE_REFUSED);
      return lane.bed.provision(lane.name, { check: 'none' });
    },
    ends: 'FAILED',
    // The way back: after the last create.
    calls: (calls) => calls.slice(calls.findLastIndex(({ method }) => method === 'POST') + 1),
  },
]);
