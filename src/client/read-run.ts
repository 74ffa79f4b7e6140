/**
 * Reads a run's record out of its history's events. Pure.
 * The rule: what is told of a step is what its events say, those of the workflow's inputs and results among them; nothing is inferred.
 */
import { KINDS } from '../graph/kinds.js';
import type { StepOutput } from '../graph/types.js';
import type { VpnSpec } from '../spec/types.js';
import {
  type EnsureInput,
  type Leftover,
  type LinkInput,
  lockedBy,
  MEMO,
  type RemoveInput,
  type RemoveOutput,
  type SettleInput,
  type SettleOutput,
} from '../workflows/protocol.js';
import {
  type Failure,
  failuresUpTo,
  firstOf,
  type HistoryEvent,
  plainOf,
  type RecordedFailure,
  timeOf,
} from './event-values.js';
import type { Effect, ResourceRecord, RunRecord, StepRecord } from './run-record.js';

/** What Temporal tells of an activity that has not ended, since its events do not. */
export interface OpenActivity {
  readonly activityId: string;
  readonly attempt: number;
  readonly failures: readonly RecordedFailure[];
}

const ENDS: Readonly<Partial<Record<keyof HistoryEvent, string>>> = {
  workflowExecutionCompletedEventAttributes: 'COMPLETED',
  workflowExecutionFailedEventAttributes: 'FAILED',
  workflowExecutionCanceledEventAttributes: 'CANCELLED',
  workflowExecutionTerminatedEventAttributes: 'TERMINATED',
  workflowExecutionTimedOutEventAttributes: 'TIMED_OUT',
};

/** Throws where the first event is not the start of a run. */
export function recordOf(
  runId: string,
  events: readonly HistoryEvent[],
  open: readonly OpenActivity[] = [],
): RunRecord {
  const [first] = events;
  const start = first?.workflowExecutionStartedEventAttributes;
  if (!first || !start) throw new Error(`the history of run ${runId} does not begin with its start`);
  const last = events.at(-1) ?? first;
  const [, state] = Object.entries(ENDS).find(([attributes]) => last[attributes as keyof HistoryEvent]) ?? [];
  const memo = start.memo?.fields ?? {};
  const digest = plainOf(memo[MEMO.specDigest]);
  const steps = events.flatMap((event) => stepOf(event, events, open) ?? []);
  const spec = specIn(events);
  const failure = last.workflowExecutionFailedEventAttributes?.failure;
  const { warnings = [] } = firstOf<{ warnings: readonly string[] }>(
    last.workflowExecutionCompletedEventAttributes?.result,
  );
  return {
    vpn: lockedBy(start.workflowId ?? ''),
    operation: start.workflowType?.name ?? '',
    workflowId: start.workflowId ?? '',
    runId,
    state: state ?? 'RUNNING',
    summary: String(plainOf(first.userMetadata?.summary) ?? ''),
    requestedBy: String(plainOf(memo[MEMO.requestedBy]) ?? ''),
    client: start.identity ?? '',
    startedAt: timeOf(first.eventTime),
    ...(state === undefined ? {} : { endedAt: timeOf(last.eventTime) }),
    ...(digest === undefined ? {} : { digest: String(digest) }),
    ...(spec === undefined ? {} : { spec }),
    stops: events.flatMap((event) => stopOf(event) ?? []),
    phases: events.flatMap((event) => phaseOf(event) ?? []),
    steps,
    warnings,
    ...(failure ? { failure: failureIn(failure) } : {}),
  };
}

function stopOf(event: HistoryEvent): RunRecord['stops'][number] | undefined {
  const at = timeOf(event.eventTime);
  const { workflowExecutionCancelRequestedEventAttributes: cancel, workflowExecutionTerminatedEventAttributes: end } =
    event;
  if (cancel) return { what: 'cancel', at, by: cancel.identity ?? '', reason: cancel.cause ?? '' };
  if (end) return { what: 'terminate', at, by: end.identity ?? '', reason: end.reason ?? '' };
  return undefined;
}

function phaseOf(event: HistoryEvent): RunRecord['phases'][number] | undefined {
  const fields = event.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes?.indexedFields;
  const phase = plainOf(fields?.VpnPhase);
  return phase === undefined ? undefined : { phase: String(phase), at: timeOf(event.eventTime) };
}

/** The type is the outermost failure's, and so are its words: they tell the whole story. */
function failureIn(failure: Failure): NonNullable<RunRecord['failure']> {
  const { type, details } = failure.applicationFailureInfo ?? {};
  const { leftovers = [] } = firstOf<{ leftovers: readonly Leftover[] }>(details);
  return { type: type || 'Unexpected', message: failure.message ?? '', leftovers };
}

function specIn(events: readonly HistoryEvent[]): VpnSpec | undefined {
  const resolve = events.find(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'resolveSpec',
  );
  const end = endOf(resolve?.eventId, events);
  return firstOf<{ spec: VpnSpec }>(end?.activityTaskCompletedEventAttributes?.result).spec;
}

type Scheduled = HistoryEvent['eventId'] | undefined;

/** The event of an activity's end. */
function endOf(scheduled: Scheduled, events: readonly HistoryEvent[]): HistoryEvent | undefined {
  return events.find((event) => {
    const end =
      event.activityTaskCompletedEventAttributes ??
      event.activityTaskFailedEventAttributes ??
      event.activityTaskTimedOutEventAttributes ??
      event.activityTaskCanceledEventAttributes;
    return end && String(end.scheduledEventId) === String(scheduled);
  });
}

function stepOf(
  event: HistoryEvent,
  events: readonly HistoryEvent[],
  open: readonly OpenActivity[],
): StepRecord | undefined {
  const scheduled = event.activityTaskScheduledEventAttributes;
  if (!scheduled) return undefined;
  const started = events
    .map((other) => other.activityTaskStartedEventAttributes)
    .find((other) => other && String(other.scheduledEventId) === String(event.eventId));
  const end = endOf(event.eventId, events);
  const pending = end === undefined ? open.find(({ activityId }) => activityId === scheduled.activityId) : undefined;
  const earlier = pending?.failures ?? failuresUpTo(started?.lastFailure, []);
  const ending = end?.activityTaskFailedEventAttributes ?? end?.activityTaskTimedOutEventAttributes;
  const failures = failuresUpTo(ending?.failure, earlier);
  const step = stepIn(event);
  return {
    activity: scheduled.activityType?.name ?? '',
    activityId: scheduled.activityId ?? '',
    ...(step === undefined ? {} : { step }),
    summary: String(plainOf(event.userMetadata?.summary) ?? ''),
    requestedAt: timeOf(event.eventTime),
    ...(end === undefined ? {} : { endedAt: timeOf(end.eventTime) }),
    outcome: outcomeOf(end),
    // One that was reset by hand counts from one again.
    attempts: Math.max(
      pending?.attempt ?? started?.attempt ?? 0,
      failures.reduce((sum, { times }) => sum + times, 0),
    ),
    failures,
    ...(started?.identity ? { worker: started.identity } : {}),
    resources: end === undefined ? [] : resourcesIn(event, end),
  };
}

function outcomeOf(end: HistoryEvent | undefined): StepRecord['outcome'] {
  if (end === undefined) return 'open';
  if (end.activityTaskCompletedEventAttributes) return 'done';
  if (end.activityTaskCanceledEventAttributes) return 'cancelled';
  return end.activityTaskTimedOutEventAttributes ? 'timed out' : 'failed';
}

/** Acts name their step, the others bring it. */
function stepIn({ activityTaskScheduledEventAttributes: scheduled }: HistoryEvent): string | undefined {
  const { step } = firstOf<{ step: EnsureInput['step'] | LinkInput['step'] }>(scheduled?.input);
  return typeof step === 'object' ? step.key : step;
}

function resourcesIn(
  { activityTaskScheduledEventAttributes: scheduled }: HistoryEvent,
  end: HistoryEvent,
): readonly ResourceRecord[] {
  const result = end.activityTaskCompletedEventAttributes?.result;
  const { step, site } = firstOf<EnsureInput>(scheduled?.input);
  const at = timeOf(end.eventTime);
  if (scheduled?.activityType?.name === 'settle') {
    const { steps = [] } = firstOf<SettleInput>(scheduled.input);
    return (firstOf<SettleOutput>(result).removed ?? []).flatMap(({ step: key, id }) => {
      const one = steps.find((other) => other.step.key === key);
      if (one === undefined) return [];
      return [
        { effect: 'removed' as const, kind: one.step.kind, name: one.step.name, id, region: one.site.region, at },
      ];
    });
  }
  if (step === undefined || !(step.kind in KINDS) || site === undefined) return [];
  const output = firstOf<Omit<StepOutput & RemoveOutput, 'action'> & { action: Effect }>(result);
  const { action: effect, name = step.name } = output;
  if (effect === undefined) return [];
  const { before, made } = firstOf<RemoveInput>(scheduled?.input);
  const ids = [
    output.id ?? output.ids ?? [],
    effect === 'restored' ? (before?.id ?? []) : [],
    effect === 'kept' ? (made?.id ?? []) : [],
  ];
  return ids.flat(2).map((id) => ({ effect, kind: step.kind, name, id, region: site.region, at }));
}
