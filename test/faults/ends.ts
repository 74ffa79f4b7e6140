/** How a run may end, judged by the clouds: what is wrong with its end, in words; nothing when all is well. */
import { type Ended, endOf } from '../support/test-bed.js';
import type { Ground, Picture, Place } from './place.js';

export type Operation = 'provision' | 'destroy';

/**
 * Whole and proven, or as before. Where a run says that it has left something, an apply over a VPN that stood, or a destroy, must be able to
 * finish the job from the marks alone.
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
  place.simulator.faults.clear();
  if (operation === 'provision' && ground === 'standing') {
    // By SSH: of all checks it has the most steps, and so cleans up after each.
    const again = await endOf(await place.provision({ check: 'ssh' }));
    return told(place.faultsOfVpn(again));
  }
  const destroyed = await endOf(await place.destroy());
  return told([...destroyed.messages, ...place.changesSince('bare')]);
}
