/**
 * Durations as people write them: a number and one unit.
 * The rule: no bare numbers. Whoever writes `retryFor: 24` has hours in mind as often as seconds.
 */
import type { Fault } from './problems.js';

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** As in the JSON Schema. */
export const DURATION_PATTERN = '^[1-9][0-9]{0,6}[smhd]$';

const LONGEST_DAYS = 365;

/** What is wrong with a duration, if anything. */
export function durationFault(text: string): Fault | undefined {
  if (!new RegExp(DURATION_PATTERN).test(text))
    return { message: 'is not a duration', cure: 'write a whole number and s, m, h or d, such as 90s, 10m, 24h, 2d' };
  if (secondsOf(text) > LONGEST_DAYS * SECONDS.d) return { message: `is more than ${LONGEST_DAYS} days` };
  return undefined;
}

/** Seconds of a duration that has no fault. */
export function secondsOf(text: string): number {
  return Number(text.slice(0, -1)) * SECONDS[text.slice(-1) as keyof typeof SECONDS];
}
