/** Extra routes of a router, by extraroute_db: the next hop is in one of its networks, and is not the router itself. */
import { neutronError } from '../errors.js';
import { pythonText } from '../python-text.js';
import type { RegionState, Row } from '../state.js';
import { type FixedIp, inCidr } from './addresses.js';
import { portsOf } from './router-ports.js';

export interface Route {
  readonly destination: string;
  readonly nexthop: string;
}

export function refuseBadRoutes(router: Row, routes: readonly Route[], region: RegionState): void {
  const legs = portsOf(region, router.id).flatMap((port) => port.fixed_ips as FixedIp[]);
  const cidrs = legs.map((ip) => String(region.get('subnet', ip.subnet_id)?.cidr));
  const refused = (reason: string) => invalidRoutes(routes, reason);
  if (routes.length > 30)
    throw neutronError(
      400,
      'RoutesExhausted',
      `Unable to complete operation for ${router.id}. The number of routes exceeds the maximum 30.`,
    );
  for (const { nexthop } of routes) {
    if (!cidrs.some((cidr) => inCidr(nexthop, cidr))) throw refused('the nexthop is not connected with router');
    if (legs.some((ip) => ip.ip_address === nexthop)) throw refused('the nexthop is used by router');
  }
}

function invalidRoutes(routes: readonly Route[], reason: string) {
  return neutronError(400, 'InvalidRoutes', `Invalid format for routes: ${pythonText(routes)}, ${reason}`);
}
