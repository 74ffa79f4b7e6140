/**
 * The audit of a VPN: records of its runs, each from its own event history.
 * The rule: Temporal forgets a run some time after its end, so each record says when.
 */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { type AttemptLedger, workflowIdOf } from '../workflows/protocol.js';
import { VpnNotFoundError } from './errors.js';
import { failuresUpTo, firstOf } from './event-values.js';
import { GRPC, grpcErrorOf } from './grpc-status.js';
import { type OpenActivity, recordOf } from './read-run.js';
import type { RunRecord } from './run-record.js';

export interface HistoryOptions {
  /** Temporal's id of a run. @default the newest */
  readonly run?: string;
  /** Every run that Temporal remembers, oldest first. */
  readonly all?: boolean;
}

/** Throws VpnNotFoundError. */
export async function historyOf(
  client: Client,
  vpn: string,
  { run, all }: HistoryOptions,
): Promise<readonly RunRecord[]> {
  const runIds = all ? await runsOf(client, vpn) : [run];
  if (runIds.length === 0) throw new VpnNotFoundError(vpn);
  const retentionMs = await retentionOf(client);
  const records: RunRecord[] = [];
  for (const runId of runIds) records.push(await one(client, vpn, runId, retentionMs));
  return records;
}

async function runsOf(client: Client, vpn: string): Promise<readonly string[]> {
  const runIds: string[] = [];
  for await (const { runId } of client.workflow.list({ query: `WorkflowId = '${workflowIdOf(vpn)}'` }))
    runIds.push(runId);
  return runIds.reverse();
}

async function one(client: Client, vpn: string, run: string | undefined, retentionMs: number): Promise<RunRecord> {
  const handle = client.workflow.getHandle(workflowIdOf(vpn), run);
  try {
    const { raw, runId, closeTime } = await handle.describe();
    const { events } = await client.workflow.getHandle(workflowIdOf(vpn), runId).fetchHistory();
    const record = recordOf(runId, events ?? [], (raw.pendingActivities ?? []).map(openActivity));
    return closeTime === undefined ? record : { ...record, keptUntil: closeTime.getTime() + retentionMs };
  } catch (error) {
    // The second, where a run id is none.
    const unknown = error instanceof WorkflowNotFoundError || grpcErrorOf(error)?.code === GRPC.invalidArgument;
    if (!unknown) throw error;
    throw run === undefined
      ? new VpnNotFoundError(vpn)
      : new VpnNotFoundError(
          vpn,
          `Temporal knows no run ${run} of ${vpn}; see all with: regionlink history ${vpn} --all`,
        );
  }
}

type Pending = NonNullable<
  Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['describe']>>['raw']['pendingActivities']
>[number];

function openActivity({ activityId, attempt, lastFailure, heartbeatDetails }: Pending): OpenActivity {
  const { failures } = firstOf<AttemptLedger>(heartbeatDetails);
  return {
    activityId: activityId ?? '',
    attempt: attempt ?? 1,
    failures: failures ?? (lastFailure ? failuresUpTo(lastFailure, []) : []),
  };
}

/** How long the namespace keeps a run after its end, in milliseconds. */
async function retentionOf(client: Client): Promise<number> {
  const { config } = await client.workflowService.describeNamespace({ namespace: client.options.namespace });
  return Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) * 1000;
}
