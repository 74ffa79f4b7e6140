/** Single faults while a run is rolled back. */
import { ROLLBACK } from './scenarios.js';
import { everyCallMeetsEveryFault } from './single-faults.js';

everyCallMeetsEveryFault([ROLLBACK]);
