/** What a phase waits for, in words, where its name alone does not tell. The terminal and the Temporal UI say the same. */
import type { Progress } from './protocol.js';

/** To go behind the phase's name; empty where that says all. */
export function phaseRemark({ settlesUntil }: Pick<Progress, 'settlesUntil'>): string {
  if (settlesUntil === undefined) return '';
  const until = `${new Date(settlesUntil).toISOString().slice(0, 19)}Z`;
  return ` (at least until ${until}: looks for late effects of writes whose answers never came)`;
}
