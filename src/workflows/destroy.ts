/**
 * `destroyVpn`: removes all that bears a VPN's marks, whichever run made it, whatever Temporal remembers.
 * The rule: what to remove comes from the clouds alone.
 */
import { workflowInfo } from '@temporalio/workflow';
import { takeInventory } from './activities.js';
import type { DestroyInput, DestroyResult } from './protocol.js';
import { removeAll } from './removal.js';
import { Tracker } from './tracker.js';

/** How long removals are tried: as long as a rollback's default. */
const DESTROY_FOR_MS = 30 * 24 * 3600 * 1000;

export async function destroyVpn(input: DestroyInput): Promise<DestroyResult> {
  const tracker = new Tracker('destroy', input.vpn, 'resolving');
  const inventory = await tracker.orEnd(takeInventory(input));
  tracker.plan(inventory.graph, inventory.sites);
  tracker.enter('destroying');
  const again = `regionlink destroy ${input.vpn}`;
  const removed = await removeAll({ name: input.vpn, inventory, withinMs: DESTROY_FOR_MS, again }, tracker);
  tracker.enter('done');
  return { vpn: workflowInfo().workflowId.replace(/^vpn\//, ''), removed };
}
