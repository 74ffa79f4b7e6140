/**
 * `destroyVpn`: removes all that bears a VPN's marks, whichever run made it, whatever Temporal remembers.
 * The rule: what to remove comes from the clouds alone.
 */
import { workflowInfo } from '@temporalio/workflow';
import { takeInventory } from './activities.js';
import { checkedArgument, DESTROY_FORM } from './argument.js';
import { type DestroyInput, type DestroyResult, lockedBy, workflowIdOf } from './protocol.js';
import { removeAll } from './removal.js';
import { Tracker } from './tracker.js';

/** How long removals are tried: as long as a rollback's default. */
const DESTROY_FOR_MS = 30 * 24 * 3600 * 1000;

export async function destroyVpn(input: DestroyInput): Promise<DestroyResult> {
  const { workflowId: at } = workflowInfo();
  const tracker = new Tracker('destroy', lockedBy(at), 'resolving');
  const lock = { at, of: ({ vpn }: DestroyInput) => workflowIdOf(vpn) };
  const { vpn } = await tracker.orEnd(checkedArgument(input, DESTROY_FORM, lock));
  const inventory = await tracker.orEnd(takeInventory({ vpn }));
  tracker.plan(inventory.graph, inventory.sites);
  tracker.enter('destroying');
  const again = `regionlink destroy ${vpn}`;
  const removed = await removeAll({ name: vpn, inventory, withinMs: DESTROY_FOR_MS, again }, tracker);
  tracker.enter('done');
  return { vpn, removed };
}
