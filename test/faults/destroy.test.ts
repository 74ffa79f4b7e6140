/** Single faults while a VPN is destroyed. */
import { DESTROY } from './scenarios.js';
import { everyCallMeetsEveryFault } from './single-faults.js';

everyCallMeetsEveryFault([DESTROY]);
