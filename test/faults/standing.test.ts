/** Single faults over a VPN that stands: while it is proven, and while it is changed. */
import { CHANGED_SPEC, CHECK_BY_PING, CHECK_BY_SSH } from './scenarios.js';
import { everyCallMeetsEveryFault } from './single-faults.js';

everyCallMeetsEveryFault([CHECK_BY_PING, CHECK_BY_SSH, CHANGED_SPEC]);
