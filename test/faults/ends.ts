/** How a run may end, judged by the clouds: what is wrong with its end, in words; nothing when all is well. */
import { type Ended, endOf } from '../support/test-bed.js';
import type { Ground, Picture, Place } from './place.js';

export type Operation = 'provision' | 'destroy';

/**
 * Whole and proven, or as before. Where a run says that it has left something, that is all that it has left; and an apply over a VPN that stood, or a
 * destroy, must be able to finish the job from the marks alone.
 * @param whole as `faultsOfVpn` takes it
 */
export async function wrongWith(
  place: Place,
  ended: Ended,
  ground: Ground,
  operation: Operation,
  whole?: Picture,
): Promise<readonly string[]> {
  const said = `${ended.status}: ${ended.messages.join(' / ')}`;
  const told = (problems: readonly string[]) => (problems.length === 0 ? [] : [said, ...problems]);
  if (ended.status === 'COMPLETED')
    return operation === 'provision' ? place.faultsOfVpn(ended, whole) : told(place.changesSince('bare'));
  if (ended.type !== 'Leftovers') return told(place.changesSince(operation === 'provision' ? ground : 'standing'));
  const unsaid = unsaidLeft(place, ended, operation === 'provision' ? ground : 'bare');
  place.simulator.faults.clear();
  if (operation === 'provision' && ground === 'standing') {
    // By SSH: of all checks it has the most steps, and so cleans up after each.
    const again = await endOf(await place.provision({ check: 'ssh' }));
    return told([...unsaid, ...place.faultsOfVpn(again)]);
  }
  const destroyed = await endOf(await place.destroy());
  return told([...unsaid, ...destroyed.messages, ...place.changesSince('bare')]);
}

/**
 * What bears the VPN's marks, was not there on the ground that the run was to leave, and is in no list of what is left: by its id, or by its name. Where the
 * changed VPN works, what is new is part of it.
 */
function unsaidLeft(place: Place, { leftovers, messages }: Ended, ground: Ground): readonly string[] {
  if (messages.some((message) => message.includes('which works as the spec says'))) return [];
  const said = new Set(leftovers.flatMap(({ id, name }) => [id, name]));
  return place
    .ownSince(ground)
    .filter(({ row }) => !said.has(String(row.id)) && !said.has(String(row.name)))
    .map(({ region, table, row }) => `left and not told: ${table} ${row.name} (${row.id}) in ${region}`);
}
