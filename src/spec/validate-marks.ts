/**
 * What must fit into a resource's description: the owner mark, with the VPN's name and the step's key in it, and the user's own words behind it.
 * The rule: told before anything is touched, for the longest owner that a worker may have.
 */
import { endStepKey, siteStepKey } from '../graph/step-keys.js';
import { linkKey } from './naming.js';
import { type Finding, valueAt } from './problems.js';
import { saidAt } from './validate-ends.js';
import { externalSites } from './validate-external.js';

/**
 * Characters that the mark leaves for the VPN's name, the step's key and what follows: 255 less its other words, the run's id and an owner of 40; on a
 * connection less a nonce of 16 and a key id of 8 as well.
 */
const ROOM = { policy: 146, connection: 110 } as const;

/** A connection to an external site says so. */
const EXTERNAL_IN_MARK = ' peer=external';

/** Between the mark and the user's own words; see `mark.ts`. */
const SEPARATOR = ' -- '.length;

/** Marks that would be too long, and descriptions that do not fit behind theirs. */
export function markFindings(input: unknown, sites: readonly string[]): readonly Finding[] {
  const name = valueAt(input, ['name']);
  if (typeof name !== 'string') return [];
  const links = sites.flatMap((left, index) => sites.slice(index + 1).map((right) => [left, right] as const));
  const longest = (steps: readonly string[]) => Math.max(0, ...steps.map((step) => step.length));
  const connection = links.flatMap(([left, right]) =>
    [left, right].map((site) => endStepKey(linkKey(left, right), site, 'siteConnection')),
  );
  const peer = externalSites(input, sites).length > 0 ? EXTERNAL_IN_MARK.length : 0;
  const room = {
    ike: ROOM.policy - name.length - longest(sites.map((site) => siteStepKey(site, 'ikePolicy'))),
    ipsec: ROOM.policy - name.length - longest(sites.map((site) => siteStepKey(site, 'ipsecPolicy'))),
    connection: ROOM.connection - name.length - longest(connection) - peer,
  };
  if (room.connection < 0) {
    const message = 'is, together with the names of the sites, too long for the mark that says whose a resource is';
    return [[['name'], { message, cure: `shorten it, or the sites' names, by ${-room.connection} characters` }]];
  }
  return (['ike', 'ipsec', 'connection'] as const).flatMap((of) =>
    sites.flatMap((site) => noteFaults(input, site, of, room[of] - SEPARATOR)),
  );
}

function noteFaults(input: unknown, site: string, of: string, room: number): readonly Finding[] {
  const { at, value } = saidAt(input, site, [of, 'description'], undefined);
  const most = Math.max(0, room);
  if (typeof value !== 'string' || value.length <= most) return [];
  const message = `has ${value.length} characters, and ${most} fit behind the mark that says whose a resource is`;
  return [[at, { message, cure: 'shorten it, or the names of the VPN and its sites' }]];
}
