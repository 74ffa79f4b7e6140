/**
 * What the attempts of a step failed with, for the audit: Temporal's history keeps the last failure alone, so each failure carries the ones before it.
 * The rule: it stays small. Temporal cuts off a failure of more than 4 KB with all its details, so the oldest go first.
 */
import type { PastFailure } from '../workflows/protocol.js';

/** Different failures that are kept, the latest ones, and characters of each. */
const MOST = 5;
const LONGEST = 200;

/** The failures with one more at their end. One that was said before is counted, whatever request it was. */
export function withFailure(past: readonly PastFailure[], message: string, at: number): readonly PastFailure[] {
  const said = message.replaceAll(/ \(request [^)]*\)/g, '').slice(0, LONGEST);
  const before = past.find((one) => one.said === said);
  const now = { said, times: (before?.times ?? 0) + 1, first: before?.first ?? at, last: at };
  return [...past.filter((one) => one !== before), now].slice(-MOST);
}
