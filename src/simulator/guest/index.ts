/** What the rest of the simulator may use of a guest. */
export type { ConfigDrive } from './boot.js';
export { type Clock, scaledClock } from './clock.js';
export { ConsoleLog } from './console-log.js';
export { type ExecResult, Guest, type GuestOptions } from './guest.js';
export type { GuestInterface, GuestNetwork, UserSpace } from './machine.js';
