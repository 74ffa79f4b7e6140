/**
 * The walk backwards that removes what was found, for destroy and sweep alike: goes on past failures, and tells what it could not remove.
 * The rule: what to remove comes from the clouds alone, in the graph that is given.
 */
import { ApplicationFailure, CancellationScope } from '@temporalio/workflow';
import { isResourceStep } from '../graph/types.js';
import { walkBackward } from '../graph/walk.js';
import { removeStep } from './activities.js';
import { leftoversOrUnknown, listOf, oneLine, toFinish } from './failures.js';
import type { InventoryOutput, Leftover, RemovedResource } from './protocol.js';
import type { Tracker } from './tracker.js';

export interface Removal {
  /** The VPN's name, or what stands for it. */
  readonly name: string;
  readonly inventory: InventoryOutput;
  /** How long each removal is tried, in milliseconds. */
  readonly withinMs: number;
  /** Nothing but these ids. @default all that the steps' marks lead to */
  readonly only?: readonly string[];
  /** The command to run again once what stands in the way is gone. */
  readonly again: string;
  /** Of what not everything could be removed, in a failure. @default the name */
  readonly what?: string;
}

/** Removes it all. Fails `Leftovers`, once all was tried, with what could not be removed. */
export async function removeAll(
  removal: Removal,
  tracker: Pick<Tracker, 'enter' | 'step'>,
): Promise<readonly RemovedResource[]> {
  const { name, inventory, withinMs, only, what = name } = removal;
  const removed: RemovedResource[] = [];
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
      const known = {
        outputs: inventory.found,
        timing: inventory.timing,
        made,
        ...(only === undefined ? {} : { only }),
      };
      const request = { vpn: name, step, site, blocked, ...known };
      try {
        const output = await removeStep(request, { withinMs, summary: `${step.title} in ${site.region}` });
        for (const id of output.ids) removed.push({ kind: step.kind, name: step.name, id, region: site.region });
        tracker.step(step.key, output.action === 'kept' ? 'done' : 'undone');
      } catch (error) {
        stuck.add(step.key);
        leftovers.push(...leftoversOrUnknown(request, error));
        tracker.step(step.key, 'left', { note: oneLine(error) });
      }
    }),
  );
  if (leftovers.length === 0) return removed;
  tracker.enter('failed');
  throw ApplicationFailure.create({
    message: `Not everything of ${what} could be removed. Left behind:\n${listOf(leftovers)}\n${toFinish(leftovers, removal.again)}`,
    type: 'Leftovers',
    nonRetryable: true,
    details: [{ leftovers }],
  });
}
