/**
 * `destroyVpn`: removes all that bears a VPN's marks, whichever run made it, whatever Temporal remembers.
 * The rule: what to remove comes from the clouds alone.
 */
import { ApplicationFailure, CancellationScope, workflowInfo } from '@temporalio/workflow';
import { isResourceStep } from '../graph/types.js';
import { walkBackward } from '../graph/walk.js';
import { removeStep, takeInventory } from './activities.js';
import { leftoversOrUnknown, listOf, oneLine } from './failures.js';
import type { DestroyInput, DestroyResult, Leftover } from './protocol.js';
import { Tracker } from './tracker.js';

/** How long removals are tried: as long as a rollback's default. */
const DESTROY_FOR_MS = 30 * 24 * 3600 * 1000;

export async function destroyVpn(input: DestroyInput): Promise<DestroyResult> {
  const tracker = new Tracker('destroy', input.vpn, 'resolving');
  const inventory = await tracker.orEnd(takeInventory(input));
  tracker.plan(inventory.graph, inventory.sites);
  tracker.enter('destroying');
  const removed: DestroyResult['removed'][number][] = [];
  const leftovers: Leftover[] = [];
  const stuck = new Set<string>();
  const steps = inventory.graph.steps.filter(isResourceStep);
  // Stopping half-way would leave a VPN that neither works nor is gone, so a cancel is heard only after the walk.
  await CancellationScope.nonCancellable(() =>
    walkBackward(inventory.graph.steps, steps, async (step) => {
      const site = inventory.sites[step.site];
      const made = inventory.found[step.key];
      if (site === undefined || made === undefined) return;
      tracker.step(step.key, 'undoing');
      const blocked = inventory.graph.steps.some((other) => stuck.has(other.key) && other.needs.includes(step.key));
      const request = { vpn: input.vpn, step, site, outputs: inventory.found, timing: inventory.timing, made, blocked };
      try {
        const output = await removeStep(request, {
          withinMs: DESTROY_FOR_MS,
          summary: `Remove ${step.title} in ${site.region}`,
        });
        for (const id of output.ids) removed.push({ kind: step.kind, name: step.name, id, region: site.region });
        tracker.step(step.key, output.action === 'kept' ? 'done' : 'undone');
      } catch (error) {
        stuck.add(step.key);
        leftovers.push(...leftoversOrUnknown(request, error));
        tracker.step(step.key, 'left', { note: oneLine(error) });
      }
    }),
  );
  if (leftovers.length > 0) {
    tracker.enter('failed');
    throw ApplicationFailure.create({
      message: `Not everything of ${input.vpn} could be removed. Left behind:\n${listOf(leftovers)}\nRemove what stands in the way, then run: regionlink destroy ${input.vpn}`,
      type: 'Leftovers',
      nonRetryable: true,
      details: [{ leftovers }],
    });
  }
  tracker.enter('done');
  return { vpn: workflowInfo().workflowId.replace(/^vpn\//, ''), removed };
}
