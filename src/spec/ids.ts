/**
 * The id by which an end of a tunnel presents itself: an address or a name.
 * The rule: Neutron takes both ids of a connection for names as soon as one of them is no address, and puts an @ before each (neutron-vpnaas,
 * `base_ipsec.py`); an end without an id of its own presents its bare address all the same. So where one end has a name, the other has an id as well.
 */
import { addressFault } from './ipv4.js';
import type { Fault } from './problems.js';

/** Host name, or user@host: nothing that the daemon's configuration files would read as more than a word. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,254}$/;

/** What is wrong with an id by itself, if anything. */
export function idFault(id: string): Fault | undefined {
  if (id.startsWith('@'))
    return { message: 'begins with @', cure: 'leave it out: Neutron puts it before a name by itself' };
  if (/^[\d.]+$/.test(id)) return addressFault(id);
  if (NAME.test(id)) return undefined;
  return {
    message: 'cannot be the id of an end',
    cure: 'use an IPv4 address, or 1 to 255 letters, digits, dots, _, - and @, a letter or digit first',
  };
}

/** Whether an id is a name, and no address. */
export function isNameId(id: string): boolean {
  return addressFault(id) !== undefined;
}
