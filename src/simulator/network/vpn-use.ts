/**
 * Who uses what among VPN resources: the checks that keep routers, subnets, policies and groups from being removed under a VPN.
 * The rule: types and messages are neutron-vpnaas's own, the misleading statuses stay with the callers.
 */
import { neutronError } from '../errors.js';
import type { CallContext, RegionState, Row } from '../state.js';
import { touch } from '../tunnel-status.js';
import type { FixedIp } from './addresses.js';

export interface Use {
  readonly type: string;
  readonly message: string;
}

/** Ids of the VPN services on a router. */
export function routerUse(region: RegionState, routerId: string): readonly string[] {
  return region
    .rows('vpnservice')
    .filter((service) => service.router_id === routerId)
    .map((service) => service.id);
}

/** What keeps a subnet, or its router interface: a local endpoint group alone keeps the subnet, a connection that uses it the interface too. */
export function subnetUse(
  region: RegionState,
  subnetId: string,
  what: 'subnet' | 'interface' = 'subnet',
): Use | undefined {
  const service = region.rows('vpnservice').find((one) => one.subnet_id === subnetId);
  if (service !== undefined)
    return { type: 'SubnetInUseByVPNService', message: `Subnet ${subnetId} is used by VPNService ${service.id}` };
  const groups = region
    .rows('endpoint_group')
    .filter((one) => one.type === 'subnet' && (one.endpoints as string[]).includes(subnetId));
  const connection = region
    .rows('ipsec_site_connection')
    .find((one) => groups.some((group) => group.id === one.local_ep_group_id));
  if (what === 'interface') {
    return connection === undefined
      ? undefined
      : {
          type: 'SubnetInUseByIPsecSiteConnection',
          message: `Subnet ${subnetId} is used by ipsec site connection ${connection.id}`,
        };
  }
  const [group] = groups;
  return group === undefined
    ? undefined
    : { type: 'SubnetInUseByEndpointGroup', message: `Subnet ${subnetId} is used by endpoint group ${group.id}` };
}

export function connectionsWith(region: RegionState, field: string, id: string): readonly Row[] {
  return region.rows('ipsec_site_connection').filter((connection) => connection[field] === id);
}

/** VPN resources change only when their agent has them. */
export function notWhilePending(row: Row, context: CallContext): void {
  const status = String(row.status);
  if (status.startsWith('PENDING'))
    throw neutronError(
      400,
      'VPNStateInvalidToUpdate',
      `Invalid state ${status} of vpnaas resource ${row.id} for updating`,
    );
  touch(row, context.region);
}

export function attachedSubnets(region: RegionState, routerId: string): readonly string[] {
  return region
    .rows('port')
    .filter((port) => port.device_id === routerId && port.device_owner === 'network:router_interface')
    .flatMap((port) => (port.fixed_ips as FixedIp[]).map((ip) => ip.subnet_id));
}
