/**
 * Runs that Temporal remembers, open and closed, found by their search attributes.
 * The rule: what is asked for goes into the query, so that Temporal's index filters and a page of it is all that is read.
 */
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { DESTROY, lockedBy, MEMO, type Phase, PROVISION, SWEEP } from '../workflows/protocol.js';
import { orMissing } from './missing-attributes.js';
import type { Operation, RunState } from './run.js';
import { VPN_PHASE, VPN_REGIONS } from './search-attributes.js';

/** Which runs; all where nothing is said. */
export interface ListFilter {
  /** `failed`: ended without what was asked for, and not by a cancel. */
  readonly state?: 'open' | 'closed' | 'failed';
  readonly vpn?: string;
  /** The phase that a run is in, or has ended in. */
  readonly phase?: Phase;
  /** A region that it has a site in. */
  readonly region?: string;
  /** At most so many, the newest. @default all */
  readonly limit?: number;
}

/** A VPN operation that Temporal still remembers. Times in epoch milliseconds. */
export interface ListedRun {
  readonly vpn: string;
  readonly operation: Operation;
  readonly state: RunState;
  readonly runId: string;
  readonly startedAt: number;
  readonly endedAt?: number;
  /** Absent until a worker has taken it up. */
  readonly phase?: string;
  readonly regions: readonly string[];
  /** Empty where the caller did not say. */
  readonly requestedBy: string;
}

const STATES: Readonly<Record<NonNullable<ListFilter['state']>, string>> = {
  open: "ExecutionStatus = 'Running'",
  closed: "ExecutionStatus != 'Running'",
  failed: "ExecutionStatus IN ('Failed', 'Terminated', 'TimedOut')",
};

/** Throws SearchAttributesMissingError. */
export async function listRuns(client: Client, filter: ListFilter): Promise<readonly ListedRun[]> {
  const runs: ListedRun[] = [];
  if (filter.limit === 0) return runs;
  try {
    for await (const run of client.workflow.list({ query: queryOf(filter) })) {
      runs.push(listed(run));
      if (runs.length === filter.limit) break;
    }
  } catch (error) {
    throw orMissing(error, client.options.namespace);
  }
  return runs;
}

/** Temporal's list filter (https://docs.temporal.io/list-filter). */
export function queryOf({ state, vpn, phase, region }: ListFilter): string {
  return [
    `WorkflowType IN ('${PROVISION}', '${DESTROY}', '${SWEEP}')`,
    state === undefined ? [] : STATES[state],
    vpn === undefined ? [] : `VpnName = ${quoted(vpn)}`,
    phase === undefined ? [] : `VpnPhase = ${quoted(phase)}`,
    region === undefined ? [] : `VpnRegions = ${quoted(region)}`,
  ]
    .flat()
    .join(' AND ');
}

function quoted(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function listed(run: WorkflowExecutionInfo): ListedRun {
  const phase = run.typedSearchAttributes.get(VPN_PHASE);
  return {
    vpn: lockedBy(run.workflowId),
    // The query asks for no other.
    operation: run.type as Operation,
    state: run.status.name,
    runId: run.runId,
    startedAt: run.startTime.getTime(),
    ...(run.closeTime === undefined ? {} : { endedAt: run.closeTime.getTime() }),
    ...(phase === undefined ? {} : { phase }),
    regions: run.typedSearchAttributes.get(VPN_REGIONS) ?? [],
    requestedBy: String(run.memo?.[MEMO.requestedBy] ?? ''),
  };
}
