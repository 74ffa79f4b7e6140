/**
 * Values of Temporal's events as plain ones: payloads, times, failures.
 * The rule: what another release or another program wrote is passed over, never an error: an audit tells all that it can read.
 */
import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import type { PastFailure } from '../workflows/protocol.js';

export type HistoryEvent = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];
export type Failure = NonNullable<NonNullable<HistoryEvent['activityTaskFailedEventAttributes']>['failure']>;
type Timestamp = NonNullable<HistoryEvent['eventTime']>;
type Payloads = { readonly payloads?: readonly Payload[] | null } | null | undefined;

/** What attempts failed with, as far as it was recorded: an attempt that was lost, and one of release 0.1.0, tells the last one, without its time. */
export type RecordedFailure = Pick<PastFailure, 'said' | 'times'> & Partial<PastFailure>;

/** The value of a payload; undefined where there is none, or it is not ours. */
export function plainOf(payload: Payload | null | undefined): unknown {
  if (!payload) return undefined;
  try {
    return defaultPayloadConverter.fromPayload(payload);
  } catch {
    return undefined;
  }
}

/** The one value of what takes or gives one, as fields that may be there. */
export function firstOf<T extends object>(payloads: Payloads): Partial<T> {
  const value = plainOf(payloads?.payloads?.[0]);
  return typeof value === 'object' && value !== null ? (value as Partial<T>) : {};
}

/** Epoch milliseconds. */
export function timeOf(time: Timestamp | null | undefined): number {
  return Number(time?.seconds ?? 0) * 1000 + Math.floor((time?.nanos ?? 0) / 1e6);
}

/** All that the attempts up to a failure failed with. The ledger of a failure of ours has itself at its end; any other stands after what was said before it. */
export function failuresUpTo(
  failure: Failure | null | undefined,
  before: readonly RecordedFailure[],
): readonly RecordedFailure[] {
  const innermost = rootOf(failure);
  if (innermost === undefined || innermost.canceledFailureInfo) return before;
  const { applicationFailureInfo: own, timeoutFailureInfo: timeout } = innermost;
  const { failures } = firstOf<{ failures: readonly PastFailure[] }>(own?.details ?? timeout?.lastHeartbeatDetails);
  if (own && failures !== undefined) return failures;
  return [...(failures ?? before), { said: saidBy(innermost), times: 1 }];
}

/** The innermost failure, which says what happened. */
function rootOf(failure: Failure | null | undefined): Failure | undefined {
  let innermost = failure ?? undefined;
  while (innermost?.cause) innermost = innermost.cause;
  return innermost;
}

function saidBy({ message, applicationFailureInfo }: Failure): string {
  const byHand = applicationFailureInfo && !applicationFailureInfo.type;
  return `${byHand ? 'stopped by hand: ' : ''}${message || 'no reason was given'}`;
}
