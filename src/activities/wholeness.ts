/**
 * Whether a set of marked resources is a working VPN, by what it consists of. A connection refers to its service, policies and endpoint groups by id, and
 * Neutron keeps those while it stands: so it is the connections alone that tell.
 * The rule: in doubt a set is not incomplete. Sweep removes what is, and the other end of a tunnel may stand where this worker does not look.
 */
import { linkSites } from '../spec/naming.js';
import type { Item } from './holdings.js';
import type { Mark } from './mark.js';

/** `unseen`: a link's other end, at that site, may be in a cloud or region that was not looked at. */
export type Wholeness = 'whole' | 'incomplete' | { readonly unseen: string };

type Part = Pick<Item, 'kind' | 'site' | 'link'> & {
  readonly found: { readonly status?: string; readonly mark?: Pick<Mark, 'peer'> | undefined };
};

/** Whole: every link that any mark names has its ends' connections, both or the one to an external site, and every site that bears a mark has a connection. */
export function wholenessOf(items: readonly Part[]): Wholeness {
  const connections = items.filter((item) => item.kind === 'siteConnection');
  const at = (link: string, site: string) => connections.filter((one) => one.link === link && one.site === site);
  const sites = new Set(items.map((item) => item.site));
  const links = new Set(items.flatMap((item) => (item.link === undefined ? [] : [item.link])));
  // A link to an external site has one end.
  const whole = (link: string) => connections.some((one) => one.link === link && one.found.mark?.peer === 'external');
  const missing = [...links]
    .filter((link) => !whole(link))
    .flatMap((link) => linkSites(link).flatMap((site) => (at(link, site).length === 0 ? [{ link, site }] : [])));
  for (const { link, site } of missing) {
    const standing = linkSites(link).flatMap((peer) => at(link, peer));
    // A run's first resources at both sites come long before its first connection; and a tunnel that is up has two ends.
    const elsewhere = standing.length > 0 && !sites.has(site);
    if (elsewhere || standing.some((one) => one.found.status === 'ACTIVE')) return { unseen: site };
  }
  const connected = [...sites].every((site) => connections.some((one) => one.site === site));
  return missing.length === 0 && connected ? 'whole' : 'incomplete';
}
