/**
 * The spec that a VPN stands by: the argument of the last run that built it, from that run's history.
 * The rule: only a run that has succeeded tells. A failed one has set back what it changed, so the one before it still holds.
 */
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { DESTROY, PROVISION, type ProvisionInput, workflowIdOf } from '../workflows/protocol.js';
import { VpnNotFoundError } from './errors.js';

type Known = Pick<WorkflowExecutionInfo, 'type' | 'runId' | 'status'>;

/** `newest`: the newest run of the VPN, which lists may not show yet. Throws VpnNotFoundError where no run built it, or a later one removed it. */
export async function standingSpec(client: Client, vpn: string, newest: Known | undefined): Promise<unknown> {
  const last = newest !== undefined && tells(newest) ? newest : await lastThatTells(client, vpn);
  if (last === undefined)
    throw new VpnNotFoundError(vpn, `Temporal remembers no run that has built ${vpn}; provision its spec again`);
  if (last.type === DESTROY) throw new VpnNotFoundError(vpn, `${vpn} was removed (run ${last.runId})`);
  return specOf(client, vpn, last.runId);
}

function tells({ type, status }: Known): boolean {
  return status.name === 'COMPLETED' && (type === PROVISION || type === DESTROY);
}

async function lastThatTells(client: Client, vpn: string): Promise<Known | undefined> {
  const query = `WorkflowId = '${workflowIdOf(vpn)}' AND ExecutionStatus = 'Completed' AND WorkflowType IN ('${PROVISION}', '${DESTROY}')`;
  for await (const run of client.workflow.list({ query, pageSize: 1 })) return run;
  return undefined;
}

async function specOf(client: Client, vpn: string, runId: string): Promise<unknown> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId: workflowIdOf(vpn), runId },
    maximumPageSize: 1,
  });
  const [argument] = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  if (argument == null) throw new VpnNotFoundError(vpn, `the run that built ${vpn} (${runId}) is without its spec`);
  return defaultPayloadConverter.fromPayload<ProvisionInput>(argument).spec;
}
