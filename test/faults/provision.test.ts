/** Single faults while a VPN is made. */
import { everyCallMeetsEveryFault } from './scenarios.js';

everyCallMeetsEveryFault([
  {
    name: 'a provision',
    ground: 'bare',
    operation: 'provision',
    start: (lane) => lane.bed.provision(lane.name, { check: 'none' }),
    ends: 'COMPLETED',
  },
]);
