/** Single faults while a VPN is destroyed. */
import { everyCallMeetsEveryFault } from './scenarios.js';

everyCallMeetsEveryFault([
  {
    name: 'a destroy',
    ground: 'standing',
    operation: 'destroy',
    start: (lane) => lane.bed.destroy(lane.name),
    ends: 'COMPLETED',
  },
]);
