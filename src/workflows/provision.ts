/**
 * `provisionVpn`: the whole tutorial as one durable, idempotent run. Run it again to converge or to repair.
 * The rule: it ends in one of two ways, a working VPN or the clouds as they were at its start. Anything else is listed by name in its failure.
 */
import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  isCancellation,
  workflowInfo,
} from '@temporalio/workflow';
import { isResourceStep } from '../graph/types.js';
import type { VpnSpec } from '../spec/types.js';
import { resolveSpec } from './activities.js';
import { checkedArgument, PROVISION_FORM } from './argument.js';
import { failureOf, listOf, toFinish } from './failures.js';
import {
  type InventoryOutput,
  type Leftover,
  lockedBy,
  type ProvisionInput,
  type ProvisionResult,
  type RemovedResource,
  type ResolvedVpn,
} from './protocol.js';
import { type Removal, removeAll } from './removal.js';
import { Saga } from './saga.js';
import { Tracker } from './tracker.js';

export async function provisionVpn(input: ProvisionInput): Promise<ProvisionResult> {
  const { firstExecutionRunId, workflowId, startTime } = workflowInfo();
  const tracker = new Tracker('provision', lockedBy(workflowId), 'resolving');
  const { spec } = await tracker.orEnd(checkedArgument(input, PROVISION_FORM));
  const resolved = await tracker.orEnd(resolveSpec({ spec, run: firstExecutionRunId, workflowId }));
  tracker.plan(resolved.graph, resolved.sites, resolved.warnings);

  tracker.enter('provisioning');
  const saga = new Saga(resolved, firstExecutionRunId, startTime.getTime(), tracker);
  const failed = await saga.forward();

  if (failed === undefined) {
    tracker.enter('cleaning-up');
    await saga.unwind('temporary', 'made');
  }
  const cause = failed ?? cancelledMeanwhile();
  if (cause !== undefined) {
    const keep = resolved.spec.onFailure === 'keep' && !isCancellation(cause);
    tracker.enter('rolling-back');
    await saga.unwind(keep ? 'temporary' : 'everything', keep ? 'made' : 'undone');
    tracker.enter(isCancellation(cause) ? 'cancelled' : 'failed');
    throw endOf(cause, keep, saga.leftovers);
  }
  if (saga.leftovers.length > 0) {
    tracker.enter('failed');
    throw leftBehind('The VPN works, but its test VMs could not be cleaned up', saga.leftovers);
  }
  const removed = await removeSuperseded(saga.superseded(), resolved.spec, tracker);
  tracker.enter('done');
  return resultOf(resolved, saga, removed);
}

/** The changed VPN works; what it no longer needs goes. It is past being undone, so a cancel is not heard by now. */
async function removeSuperseded(
  inventory: InventoryOutput,
  { name, rollbackForSeconds }: VpnSpec,
  tracker: Tracker,
): Promise<readonly RemovedResource[]> {
  if (inventory.graph.steps.length === 0) return [];
  const removal: Removal = {
    name,
    inventory,
    withinMs: rollbackForSeconds * 1000,
    only: Object.values(inventory.found).map(({ id }) => id),
    what: `what VPN ${name}, which works as the spec says, had before and needs no more`,
    again: 'regionlink apply',
  };
  // The steps of the same keys stand for what has taken its place.
  return removeAll(removal, { enter: (phase) => tracker.enter(phase), step: () => {} });
}

/** A cancel that came while the test VMs were being removed, which nothing interrupts. */
function cancelledMeanwhile(): CancelledFailure | undefined {
  return CancellationScope.current().consideredCancelled ? new CancelledFailure('cancelled') : undefined;
}

/** How the run ends: as the cancel that it was, or as a failure that says what happened, and what became of what it had made. */
function endOf(cause: unknown, keep: boolean, leftovers: readonly Leftover[]): unknown {
  const failure = failureOf(cause);
  if (leftovers.length > 0)
    return leftBehind(`${failure?.message ?? 'Cancelled'}\nRollback could not finish`, leftovers, cause);
  if (failure === undefined) return cause;
  const then = keep
    ? 'What was made is kept, as onFailure says; destroy or apply again to go on from it.'
    : 'All that this run had made or changed is undone: both regions are as they were.';
  return failureOf(cause, then);
}

function leftBehind(what: string, leftovers: readonly Leftover[], cause?: unknown): ApplicationFailure {
  return ApplicationFailure.create({
    message: `${what}. Left behind:\n${listOf(leftovers)}\n${toFinish(leftovers, 'regionlink destroy')}`,
    type: 'Leftovers',
    nonRetryable: true,
    details: [{ leftovers }],
    ...(cause instanceof Error ? { cause } : {}),
  });
}

function resultOf(resolved: ResolvedVpn, saga: Saga, removed: readonly RemovedResource[]): ProvisionResult {
  const kept = resolved.graph.steps.filter(isResourceStep).filter((step) => !step.temporary);
  const tunnels = [...saga.tunnels.values()];
  return {
    vpn: resolved.spec.name,
    proof: resolved.spec.check.via === 'none' ? 'unproven' : 'proven',
    sites: Object.values(resolved.sites).map(({ site, region, cloud }) => ({
      key: site,
      region,
      ...(cloud === undefined ? {} : { cloud }),
      address: saga.outputs.get(`${site}/vpnService`)?.address ?? '',
      resources: kept.flatMap((step) => {
        const output = saga.outputs.get(step.key);
        return step.site === site && output !== undefined ? [{ ...output, step: step.key, kind: step.kind }] : [];
      }),
    })),
    links: resolved.spec.links.map((link) => ({
      key: link.key,
      ...(link.ends[0].external === undefined ? {} : { external: link.ends[0].external }),
      statuses: saga.tunnels.get(link.key)?.statuses ?? {},
      ping: saga.pings.get(link.key)?.directions ?? [],
    })),
    removed,
    warnings: [
      ...resolved.warnings,
      ...saga.warnings,
      ...tunnels.flatMap((tunnel) => (tunnel.warning === undefined ? [] : [tunnel.warning])),
    ],
  };
}
