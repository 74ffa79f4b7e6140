/**
 * What the "Common Errors" list of the Temporal UI shows of a run, by the numbers of its checks (temporalio/ui, `common-error-detection.ts`, as of 2.54), and
 * what drives its list of runs with reported problems.
 * The rule: as the UI decides it, from what the API says.
 */
import type { WorkflowHandle } from '@temporalio/client';

const SENSITIVE = /ssn|passw|secret|credit_?card|card_?number|api_?key|private_?key|access_?token/i;

type Duration = { readonly seconds?: unknown; readonly nanos?: number | null } | null | undefined;

const secondsOf = (duration: Duration): number => Number(duration?.seconds ?? 0) + (duration?.nanos ?? 0) / 1e9;

export async function commonErrors(handle: WorkflowHandle): Promise<readonly (number | string)[]> {
  const [{ raw, memo, searchAttributes }, { events }] = await Promise.all([handle.describe(), handle.fetchHistory()]);
  const { executionConfig, pendingActivities, workflowExecutionInfo } = raw;
  const start = events?.[0]?.workflowExecutionStartedEventAttributes;
  const scheduled = (events ?? []).flatMap((event) => event.activityTaskScheduledEventAttributes ?? []);
  const taskTimeout = secondsOf(executionConfig?.defaultWorkflowTaskTimeout);
  const checks: Readonly<Record<number | string, boolean>> = {
    1: secondsOf(executionConfig?.workflowExecutionTimeout) > 0,
    2: secondsOf(start?.workflowRunTimeout) > 0,
    4: taskTimeout !== 10,
    10: start?.retryPolicy !== null && start?.retryPolicy !== undefined,
    11: (start?.attempt ?? 1) > 1,
    13: scheduled.some(({ retryPolicy }) => !retryPolicy?.maximumAttempts),
    14: scheduled.some(({ retryPolicy }) => retryPolicy?.maximumAttempts === 1),
    15: (pendingActivities ?? []).some(({ attempt }) => (attempt ?? 1) > 3),
    16: scheduled.some(({ startToCloseTimeout }) => secondsOf(startToCloseTimeout) <= 1),
    18: scheduled.some((one) => secondsOf(one.scheduleToCloseTimeout) < 2 * secondsOf(one.startToCloseTimeout)),
    22: scheduled.some((one) => secondsOf(one.heartbeatTimeout) > 0.8 * secondsOf(one.startToCloseTimeout)),
    23: (pendingActivities ?? []).some(({ lastHeartbeatTime, attempt }) => (attempt ?? 1) > 1 && !lastHeartbeatTime),
    26: (events ?? []).some((event) => event.markerRecordedEventAttributes?.markerName === 'core_local_activity'),
    31: Number(workflowExecutionInfo?.historyLength ?? 0) > 10_000,
    32: (start?.input?.payloads?.length ?? 0) > 1,
    35: Object.keys(memo ?? {}).some((key) => SENSITIVE.test(key)),
    TemporalReportedProblems: searchAttributes.TemporalReportedProblems !== undefined,
    'workflow task failed': (events ?? []).some(
      (event) => event.workflowTaskFailedEventAttributes || event.workflowTaskTimedOutEventAttributes,
    ),
    'no summary': (events ?? []).some(
      (event) => event.activityTaskScheduledEventAttributes && !event.userMetadata?.summary,
    ),
  };
  return Object.keys(checks).filter((name) => checks[name]);
}
