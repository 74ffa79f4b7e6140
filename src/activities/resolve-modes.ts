/**
 * How each end of the tunnel is made, where its spec does not say: as what stands at its router has it. Decided once a run, since the graph follows from it.
 * The rule: it only reads. Whether the VPN service that is found fits the decision is for the service's own step to say (`vpn-service.ts`).
 */
import { externalPeers, peersOf } from '../graph/site-steps.js';
import { siteStepKey } from '../graph/step-keys.js';
import type { ResourceKind } from '../graph/types.js';
import type { SiteSpec, VpnMode, VpnSpec } from '../spec/types.js';
import type { Attempt } from './attempt.js';
import { markedOf } from './holdings.js';
import type { Found } from './kind.js';
import type { SiteLookUp } from './look-up-site.js';
import { nameAndId } from './one-of.js';
import { kindOf } from './resources/index.js';
import { localEndpointGroup } from './resources/local-endpoint-group.js';
import { peerEndpointGroup } from './resources/peer-endpoint-group.js';

type LookedUp = ReadonlyMap<string, SiteLookUp>;

/** The spec with the mode of every site: said, or looked up. */
export async function inStandingMode(spec: VpnSpec, sites: LookedUp, attempt: Attempt): Promise<VpnSpec> {
  const decided = spec.sites.map(async (site): Promise<SiteSpec> => {
    const look = sites.get(site.key);
    if (site.mode !== 'automatic' || look === undefined) return site;
    return { ...site, mode: await modeAt(site, spec, look, attempt) };
  });
  return { ...spec, sites: await Promise.all(decided) };
}

/** Legacy only where the router's VPN service is made for the site's one subnet, the peer has one as well, and no endpoint group of this VPN stands. */
async function modeAt(site: SiteSpec, spec: VpnSpec, look: SiteLookUp, attempt: Attempt): Promise<VpnMode> {
  const joined = spec.sites.filter(({ key }) => key === site.key || peersOf(spec, site.key).includes(key));
  const outside = externalPeers(spec).filter((peer) => peersOf(spec, site.key).includes(peer.site));
  const several =
    joined.some(({ network }) => network.subnets.length > 1) || outside.some(({ cidrs }) => cidrs.length > 1);
  if (several || (await groupsAt(spec.name, look, attempt)).length > 0) return 'endpoint-groups';
  const router = await idOf('router', spec.name, look, attempt);
  const subnet = await idOf('subnet', spec.name, look, attempt);
  const services = (await attempt.read((call) => look.region.list('vpnServices', call))).filter(
    (service) => service.router_id === router,
  );
  const fits = services.length > 0 && services.every((service) => service.subnet_id === subnet);
  return fits ? 'legacy' : 'endpoint-groups';
}

/** Id of a site's router or first subnet: existing, or made by this VPN before. */
async function idOf(kind: ResourceKind, vpn: string, look: SiteLookUp, attempt: Attempt): Promise<string | undefined> {
  const given = look.given[siteStepKey(look.pins.site, kind)];
  if (given !== undefined) return given.id;
  return (await markedOf([kindOf(kind)], vpn, look, attempt)).find(({ part }) => part === undefined)?.found.id;
}

/** Endpoint groups of the VPN at sites that want the older way: nothing would use them any more, and nothing remove them. A text a site. */
export async function otherMode(spec: VpnSpec, sites: LookedUp, attempt: Attempt): Promise<readonly string[]> {
  const texts = spec.sites.map(async ({ key, mode }) => {
    const look = sites.get(key);
    const [group] = mode === 'legacy' && look !== undefined ? await groupsAt(spec.name, look, attempt) : [];
    return group === undefined
      ? []
      : [
          `sites.${key}.mode: the VPN that stands joins its networks by endpoint groups (${nameAndId(group)}), and the spec says legacy, to which it cannot be changed`,
        ];
  });
  return (await Promise.all(texts)).flat();
}

/** Endpoint groups that bear the marks of a VPN's site. */
async function groupsAt(vpn: string, look: SiteLookUp, attempt: Attempt): Promise<readonly Found[]> {
  return (await markedOf([localEndpointGroup, peerEndpointGroup], vpn, look, attempt)).map(({ found }) => found);
}
