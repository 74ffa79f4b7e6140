/**
 * What a failed step says: its cause in words, what it left behind, and when its last write may still take effect. Read from the failures that
 * activities throw.
 * The rule: a run's own failure tells the whole story in its outermost message, since that is what lists and terminals show.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  TemporalFailure,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { ResourceStep } from '../graph/types.js';
import type { Leftover, RemoveInput, SitePins } from './protocol.js';

/**
 * When the last write of a failed step may still take effect: as the step itself says, or now, where the step was lost (worker killed, attempt
 * timed out), failed by hand, or cancelled between two attempts, and nobody can say. A step that was cancelled before it was sent to any worker has
 * written nothing.
 */
export function doubtOf(error: unknown): number | undefined {
  if (!(error instanceof ActivityFailure)) return undefined;
  const { cause } = error;
  if (cause instanceof TimeoutFailure || isByHand(cause)) return Date.now();
  if (cause instanceof ApplicationFailure) return (cause.details?.[0] as { doubtAt?: number } | undefined)?.doubtAt;
  if (!isCancellation(error)) return undefined;
  const details = (cause as { details?: unknown[] } | undefined)?.details?.[0] as
    | { doubtAt?: number; certain?: boolean }
    | undefined;
  return details?.certain ? details.doubtAt : Date.now();
}

export function leftoversOf(error: unknown): readonly Leftover[] {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (!(cause instanceof ApplicationFailure)) return [];
  return (cause.details?.[0] as { leftovers?: readonly Leftover[] } | undefined)?.leftovers ?? [];
}

/** What a failed removal left: as it says itself, or what is known of the step where it could not say. */
export function leftoversOrUnknown(input: RemoveInput, error: unknown): readonly Leftover[] {
  const said = leftoversOf(error);
  if (said.length > 0) return said;
  const { step, site, made } = input;
  const id = made?.id ?? 'id unknown, look for its mark';
  return [{ kind: step.kind, name: step.name, id, region: site.region, reason: oneLine(error) }];
}

/** What a write may have left late, where that could not be looked for. */
export function lookedInVain(step: ResourceStep, site: SitePins, error: unknown): Leftover {
  const reason = `a write of it may have taken effect late, which could not be looked for: ${oneLine(error)}`;
  return { kind: step.kind, name: step.name, id: 'id unknown, look for its mark', region: site.region, reason };
}

/** Leftovers as text, one a line. */
export function listOf(leftovers: readonly Leftover[]): string {
  return leftovers.map((left) => `${left.kind} ${left.name} (${left.id}) in ${left.region}: ${left.reason}`).join('\n');
}

/** Whether `temporal activity fail` made it: every failure of ours has a type. */
function isByHand(error: unknown): error is ApplicationFailure {
  return error instanceof ApplicationFailure && !error.type;
}

/** By these a destroy finds a VPN service whichever VPN it was made for. */
const LEAD_TO_SERVICE: readonly string[] = ['router', 'siteConnection'];

/**
 * The command that finishes a job once nothing stands in its way any more. A VPN service that is left alone on an existing router bears the name of the
 * VPN that it was made for, which may have been another one: then nothing of this one leads to it, and a sweep does.
 */
export function toFinish(leftovers: readonly Leftover[], command: string): string {
  const isAlone = ({ kind, region }: Leftover) =>
    kind === 'vpnService' && !leftovers.some((one) => one.region === region && LEAD_TO_SERVICE.includes(one.kind));
  const sweep = leftovers.some(isAlone) && command !== 'regionlink sweep';
  return `Remove what stands in the way, then run: ${command}${sweep ? '; and regionlink sweep, where the VPN service was made for another VPN' : ''}`;
}

/** The innermost failure, which is the one that says what happened. */
function rootOf(error: unknown): unknown {
  let innermost = error;
  while (innermost instanceof Error && innermost.cause instanceof Error) innermost = innermost.cause;
  return innermost;
}

/** Its message, in one line for a table. */
export function oneLine(error: unknown): string {
  return messageOf(error).split('\n')[0]?.slice(0, 200) ?? '';
}

/** Its whole message. */
function messageOf(error: unknown): string {
  const root = rootOf(error);
  if (isByHand(root)) return `stopped by hand: ${root.message || 'no reason was given'}`;
  return root instanceof Error ? root.message : String(root);
}

/** Its published type. A timeout of Temporal's own means that nobody has answered in time. */
function typeOf(error: unknown): string {
  const root = rootOf(error);
  if (isByHand(root)) return 'StoppedByHand';
  if (root instanceof ApplicationFailure) return root.type ?? 'Unexpected';
  return root instanceof TimeoutFailure ? 'CloudUnavailable' : 'Unexpected';
}

/**
 * The failure that a run ends with, the step's own words outermost and what became of the rest after them. Undefined for a cancel, and for an
 * error of ours, which must fail the workflow task and not the run.
 */
export function failureOf(error: unknown, then = ''): ApplicationFailure | undefined {
  if (isCancellation(error) || !(error instanceof TemporalFailure)) return undefined;
  const message = [messageOf(error), then].filter((part) => part !== '').join('\n');
  return ApplicationFailure.create({ message, type: typeOf(error), nonRetryable: true, cause: error });
}
