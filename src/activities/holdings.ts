/**
 * What our owner holds at one place, read from marks alone: resources by VPN and step, and what has no mark of a VPN but is part of one.
 * The rule: nothing is ours by its name, its place or what Temporal remembers; what bears no mark of our owner is not in here.
 */
import { RESOURCE_KINDS } from '../graph/kinds.js';
import { placeOf, type StepPlace } from '../graph/step-keys.js';
import type { ResourceKind } from '../graph/types.js';
import type { Region } from '../openstack/region.js';
import type { SitePins } from '../workflows/protocol.js';
import type { Attempt } from './attempt.js';
import type { Found, Kind } from './kind.js';
import type { Place } from './places.js';
import { kindOf } from './resources/index.js';
import { serviceStep } from './resources/vpn-service.js';

/** A resource of a VPN's step. */
export interface Item extends StepPlace {
  readonly vpn: string;
  readonly found: Found;
  readonly place: Place;
}

export interface Holdings {
  readonly place: Place;
  /** All that bears a VPN's mark. */
  readonly items: readonly Item[];
  /** VPN services, which are their router's and no VPN's alone. */
  readonly services: readonly Found[];
}

/** Reads every kind at once: no look needs another's answer. */
export async function holdingsAt(place: Place, owner: string, attempt: Attempt): Promise<Holdings> {
  const all = await Promise.all(
    RESOURCE_KINDS.map(async (kind) =>
      (await kindOf(kind).inventory(place.region, attempt)).map((found) => ({ kind, found })),
    ),
  );
  const ours = all.flat().filter(({ found }) => found.mark?.owner === owner);
  return {
    place,
    items: ours.flatMap(({ kind, found }): Item[] => {
      const { vpn, step = '' } = found.mark ?? {};
      const at = placeOf(step, kind);
      return vpn === undefined || at === undefined ? [] : [{ vpn, ...at, found, place }];
    }),
    services: ours.flatMap(({ kind, found }) =>
      kind === 'vpnService' && found.mark?.step === serviceStep(String(found.fields.router_id)) ? [found] : [],
    ),
  };
}

/** Everything of one VPN at one place: what bears its marks, what is part of that, and what was made for it and is used by none. */
export async function resourcesOf(vpn: string, holdings: Holdings, attempt: Attempt): Promise<readonly Item[]> {
  const marked = holdings.items.filter((item) => item.vpn === vpn);
  const legs = marked.length === 0 ? [] : await legsOf(marked, holdings.place, attempt);
  const services = servicesOf(marked, holdings);
  const alone = await unusedServices(holdings, attempt, (one) => one.mark?.vpn === vpn && !services.has(one.id));
  return [...marked, ...legs, ...services.values(), ...alone];
}

/** Our VPN services of some sort that no connection uses. Over an existing router their site is of no spec: the router's step stands in for it. */
export async function unusedServices(
  { place, services }: Holdings,
  attempt: Attempt,
  isWanted: (service: Found) => boolean = () => true,
): Promise<readonly Item[]> {
  const unused: Item[] = [];
  for (const found of services.filter(isWanted)) {
    if (await kindOf('vpnService').isReferenced(found, { region: place.region, attempt })) continue;
    const site = serviceStep(String(found.fields.router_id));
    unused.push({ vpn: found.mark?.vpn ?? '', kind: 'vpnService', site, found, place });
  }
  return unused;
}

/** What of some kinds bears the marks of a VPN's site. */
export async function markedOf(
  kinds: readonly Pick<Kind, 'kind' | 'inventory'>[],
  vpn: string,
  { pins: { site, ...pins }, region }: { readonly pins: SitePins; readonly region: Region },
  attempt: Attempt,
): Promise<readonly Item[]> {
  const all = await Promise.all(
    kinds.map(async ({ kind, inventory }) =>
      (await inventory(region, attempt)).flatMap((found): Item[] => {
        const { mark } = found;
        const at = mark === undefined ? undefined : placeOf(mark.step, kind);
        if (mark?.owner !== pins.owner || mark.vpn !== vpn || at?.site !== site) return [];
        return [{ vpn, ...at, found, place: { region, pins } }];
      }),
    ),
  );
  return all.flat();
}

/** Gateways and interfaces of the routers among marked resources, interfaces in the subnets among them. */
export async function legsOf(marked: readonly Item[], place: Place, attempt: Attempt): Promise<readonly Item[]> {
  const ports = await attempt.read((call) => place.region.list('ports', call));
  return marked
    .filter((item) => item.kind === 'router')
    .flatMap((router) => {
      const { id, name, fields } = router.found;
      const leg = (of: Item, kind: ResourceKind, part: string, called: string): Item => ({
        ...of,
        kind,
        found: { id: part, name: called, mark: undefined, fields: { router: id, subnet: of.found.id } },
      });
      const gateway = fields.external_gateway_info === null ? [] : [leg(router, 'externalGateway', id, name)];
      const subnets = marked.filter((item) => item.kind === 'subnet' && item.site === router.site);
      const interfaces = subnets.flatMap((subnet) => {
        const attached = ports.find(
          (port) => port.device_id === id && port.fixed_ips.some((ip) => ip.subnet_id === subnet.found.id),
        );
        return attached === undefined ? [] : [leg(subnet, 'routerInterface', attached.id, subnet.found.name)];
      });
      return [...gateway, ...interfaces];
    });
}

/** Our VPN services over a VPN's routers and under its connections, by their ids. */
function servicesOf(marked: readonly Item[], { place, services }: Holdings): ReadonlyMap<string, Item> {
  const parts = new Map<string, Item>();
  for (const { vpn, site, kind, found: by } of marked) {
    for (const found of services) {
      const over = kind === 'router' && found.fields.router_id === by.id;
      const under = kind === 'siteConnection' && by.fields.vpnservice_id === found.id;
      if ((over || under) && !parts.has(found.id)) parts.set(found.id, { vpn, site, kind: 'vpnService', found, place });
    }
  }
  return parts;
}
