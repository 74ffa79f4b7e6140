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
  /** VPN services, whose marks name a router and no VPN. */
  readonly services: readonly Found[];
}

export async function holdingsAt(place: Place, owner: string, attempt: Attempt): Promise<Holdings> {
  const items: Item[] = [];
  const services: Found[] = [];
  for (const kind of RESOURCE_KINDS) {
    for (const found of await kindOf(kind).inventory(place.region, attempt)) {
      const { mark } = found;
      if (mark?.owner !== owner) continue;
      if (kind === 'vpnService' && mark.step === serviceStep(String(found.fields.router_id))) services.push(found);
      const at = placeOf(mark.step, kind);
      if (mark.vpn === undefined || at === undefined) continue;
      items.push({ vpn: mark.vpn, ...at, found, place });
    }
  }
  return { place, items, services };
}

/** Everything of one VPN at one place: what bears its marks, and what is part of that. */
export async function resourcesOf(vpn: string, holdings: Holdings, attempt: Attempt): Promise<readonly Item[]> {
  const marked = holdings.items.filter((item) => item.vpn === vpn);
  if (marked.length === 0) return [];
  const legs = await legsOf(marked, holdings.place, attempt);
  return [...marked, ...legs, ...servicesOf(marked, holdings)];
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
      const leg = (of: Item, kind: ResourceKind, id: string, name: string): Item => ({
        ...of,
        kind,
        found: { id, name, mark: undefined, fields: {} },
      });
      const { id, name, fields } = router.found;
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

/** Our VPN services over its routers, under its connections, and those that one of its runs made and that no connection uses yet. */
function servicesOf(marked: readonly Item[], { place, services }: Holdings): readonly Item[] {
  const parts = new Map<string, Item>();
  const add = (found: Found, { vpn, site }: Item) => {
    if (!parts.has(found.id)) parts.set(found.id, { vpn, site, kind: 'vpnService', found, place });
  };
  for (const item of marked) {
    for (const service of services) {
      const over = item.kind === 'router' && service.fields.router_id === item.found.id;
      const under = item.kind === 'siteConnection' && item.found.fields.vpnservice_id === service.id;
      if (over || under) add(service, item);
    }
  }
  for (const service of services) {
    // Over an existing router, by a run that ended before its connection stood: its site is one that has no router and no service of its own.
    const free = marked.find(
      ({ site }) =>
        ![...marked, ...parts.values()].some(
          (other) => other.site === site && (other.kind === 'router' || other.kind === 'vpnService'),
        ),
    );
    const sameRun = marked.some((item) => item.found.mark?.run === service.mark?.run);
    if (sameRun && free !== undefined) add(service, free);
  }
  return [...parts.values()];
}
