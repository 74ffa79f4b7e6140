/**
 * `surveyVpns` lists what is stray in all regions; `sweepVpn` removes what a person has confirmed of it, under the VPN's lock.
 * The rule: between the list and the removal a VPN may have been mended, so a sweep looks again, and removes only what is listed and stray still.
 */
import { workflowInfo } from '@temporalio/workflow';
import { surveyClouds, takeStrays } from './activities.js';
import { checkedArgument, SWEEP_FORM } from './argument.js';
import {
  lockedBy,
  ownerName,
  type RemovedResource,
  type SurveyOutput,
  type SweepInput,
  type SweepResult,
  sweepIdOf,
} from './protocol.js';
import { removeAll } from './removal.js';
import { Tracker } from './tracker.js';

/** How long removals are tried. Not for days, as destroy does: meanwhile the VPN is locked, and a sweep can be asked for again. */
const SWEEP_FOR_MS = 3600 * 1000;

export function surveyVpns(): Promise<SurveyOutput> {
  return surveyClouds();
}

export async function sweepVpn(input: SweepInput): Promise<SweepResult> {
  const { workflowId: at } = workflowInfo();
  const tracker = new Tracker('sweep', lockedBy(at), 'resolving');
  const lock = { at, of: (argument: SweepInput) => sweepIdOf(argument.of) };
  const { of, ids } = await tracker.orEnd(checkedArgument(input, SWEEP_FORM, lock));
  const { inventories } = await tracker.orEnd(takeStrays({ of, ids }));
  const name = ownerName(of);
  const removed: RemovedResource[] = [];
  for (const inventory of inventories) {
    tracker.plan(inventory.graph, inventory.sites);
    tracker.enter('sweeping');
    const removal = { name, inventory, withinMs: SWEEP_FOR_MS, only: ids, again: 'regionlink sweep' };
    removed.push(...(await removeAll(removal, tracker)));
  }
  tracker.enter('done');
  const gone = new Set(removed.map((one) => one.id));
  return { of, removed, passedOver: ids.filter((id) => !gone.has(id)) };
}
