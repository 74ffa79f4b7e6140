/** VPN services, by neutron-vpnaas's validator and database. The rule: one without a connection stays PENDING_CREATE, and so can never be changed. */
import { neutronError } from '../errors.js';
import type { RegionState, Row } from '../state.js';
import { isSeenDown, lookAgain, statusOf } from '../tunnel-status.js';
import { allocate, makePort } from './address-allocation.js';
import type { FixedIp } from './addresses.js';
import { type AttributeMap, adminStateUp, description, name, once, owner, readOnly } from './attributes.js';
import { uuid, uuidOrNone } from './checks.js';
import { mustGet, type Resource } from './resource.js';
import { ROUTER } from './routers.js';
import { attachedSubnets, connectionsWith, notWhilePending } from './vpn-use.js';

const ATTRIBUTES: AttributeMap = {
  id: readOnly,
  ...owner,
  name,
  description,
  subnet_id: { ...once, default: null, check: uuidOrNone },
  router_id: { ...once, required: true, check: uuid },
  admin_state_up: adminStateUp,
  external_v4_ip: readOnly,
  external_v6_ip: readOnly,
  status: readOnly,
  flavor_id: { ...once, default: null, check: uuidOrNone },
};

export const VPN_SERVICE: Resource = {
  kind: 'vpnservice',
  path: 'vpn/vpnservices',
  many: 'vpnservices',
  standard: false,
  notFound: ['VPNServiceNotFound', (id) => `VPNService ${id} could not be found`],
  attributes: ATTRIBUTES,
  beforeCreate(row, context) {
    const { region } = context;
    const router = mustGet(ROUTER, row.router_id, context);
    if (row.subnet_id !== null && !attachedSubnets(region, router.id).includes(String(row.subnet_id))) {
      throw neutronError(
        400,
        'SubnetIsNotConnectedToRouter',
        `Subnet ${String(row.subnet_id)} is not connected to Router ${router.id}`,
      );
    }
    const gateway = router.external_gateway_info as { network_id: string; external_fixed_ips: FixedIp[] } | null;
    if (gateway === null)
      throw neutronError(400, 'RouterIsNotExternal', `Router ${router.id} has no external network gateway set`);
    const addresses = region.ownVpnAddress
      ? ((vpnGatewayOf(region, router.id) ?? makeVpnGateway(region, gateway.network_id, router.id))
          .fixed_ips as FixedIp[])
      : gateway.external_fixed_ips;
    const external_v4_ip = addresses[0]?.ip_address ?? null;
    Object.assign(row, { status: 'PENDING_CREATE', external_v4_ip, external_v6_ip: null });
  },
  refresh(row, context) {
    row.status = statusOf(row, 'vpnservice', context);
  },
  beforeUpdate(row, change, context) {
    const seenDown = isSeenDown(row, context.region);
    notWhilePending(row, context);
    if (change.admin_state_up === true && seenDown) lookAgain(String(row.router_id), 'serviceUpdate', context.region);
  },
  beforeDelete(row, { region }) {
    if (connectionsWith(region, 'vpnservice_id', row.id).length > 0)
      throw neutronError(409, 'VPNServiceInUse', `VPNService ${row.id} is still in use`);
  },
  afterDelete(row, { region }) {
    const routerId = String(row.router_id);
    if (region.rows('vpnservice').some((other) => other.router_id === routerId)) return;
    const gateway = vpnGatewayOf(region, routerId);
    if (gateway !== undefined) region.delete('port', gateway.id);
  },
};

const VPN_GATEWAY = 'network:vpn_router_gateway';

/** The port of a router's VPN gateway, as OVN has it: on the external network, shared by the router's VPN services, and unseen by their project. */
function vpnGatewayOf(region: RegionState, routerId: string): Row | undefined {
  return region.rows('port').find((port) => port.device_owner === VPN_GATEWAY && port.device_id === routerId);
}

function makeVpnGateway(region: RegionState, networkId: string, routerId: string): Row {
  const network = region.get('network', networkId);
  const subnet = region.rows('subnet').find((one) => one.network_id === networkId && one.ip_version === 4);
  if (network === undefined || subnet === undefined)
    throw neutronError(400, 'ExternalNetworkHasNoSubnet', `Router's external network ${networkId} has no IPv4 subnet`);
  return makePort(region, {
    network,
    projectId: '',
    fixedIps: [{ subnet_id: subnet.id, ip_address: allocate(region, subnet) }],
    fields: { device_owner: VPN_GATEWAY, device_id: routerId, name: `vpn-gw-${routerId}` },
  });
}
