/** Single faults while a VPN is made. */
import { PROVISION } from './scenarios.js';
import { everyCallMeetsEveryFault } from './single-faults.js';

everyCallMeetsEveryFault([PROVISION]);
