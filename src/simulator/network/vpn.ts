/**
 * VPNaaS: the five resources and every rule between them, by neutron-vpnaas's validator and database (release 21 to 29), oddities included.
 * The rule: accept what the real one accepts, a CIDR with host bits and an empty PSK among it.
 */
import ipaddr from 'ipaddr.js';
import { neutronError } from '../errors.js';
import type { CallContext, RegionState, Row } from '../state.js';
import { statusOf, touch } from '../tunnel-status.js';
import type { FixedIp } from './addresses.js';
import { isUuid } from './attributes.js';
import { externalAddress, ROUTER, SUBNET } from './core.js';
import { mustGet, type Resource } from './resource.js';

function connectionsWith(region: RegionState, field: string, id: string): readonly Row[] {
  return region.rows('ipsec_site_connection').filter((connection) => connection[field] === id);
}

function internalError() {
  return neutronError(
    500,
    'HTTPInternalServerError',
    'Request Failed: internal server error while processing your request.',
  );
}

function policy(kind: 'ikepolicy' | 'ipsecpolicy', many: string, noun: string, inUse: string): Resource {
  const guard = (row: Row, { region }: CallContext) => {
    if (connectionsWith(region, `${kind}_id`, row.id).length > 0) {
      throw neutronError(
        409,
        inUse,
        `${noun} ${row.id} is in use by existing IPsecSiteConnection and can't be updated or deleted`,
      );
    }
  };
  return {
    kind,
    path: `vpn/${many}`,
    many,
    standard: false,
    notFound: [`${noun}NotFound`, (id) => `${noun} ${id} could not be found`],
    beforeUpdate: (row, _change, context) => guard(row, context),
    beforeDelete: guard,
  };
}

export const IKE_POLICY = policy('ikepolicy', 'ikepolicies', 'IKEPolicy', 'IKEPolicyInUse');
export const IPSEC_POLICY = policy('ipsecpolicy', 'ipsecpolicies', 'IPsecPolicy', 'IPsecPolicyInUse');

function notWhilePending(row: Row, context: CallContext): void {
  const status = String(row.status);
  if (status.startsWith('PENDING'))
    throw neutronError(
      400,
      'VPNStateInvalidToUpdate',
      `Invalid state ${status} of vpnaas resource ${row.id} for updating`,
    );
  touch(row, context.region);
}

function attachedSubnets(region: RegionState, routerId: string): readonly string[] {
  return region
    .rows('port')
    .filter((port) => port.device_id === routerId && port.device_owner === 'network:router_interface')
    .flatMap((port) => (port.fixed_ips as FixedIp[]).map((ip) => ip.subnet_id));
}

export const VPN_SERVICE: Resource = {
  kind: 'vpnservice',
  path: 'vpn/vpnservices',
  many: 'vpnservices',
  standard: false,
  notFound: ['VPNServiceNotFound', (id) => `VPNService ${id} could not be found`],
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
    const address = region.ownVpnAddress
      ? externalAddress(region, gateway.network_id)
      : gateway.external_fixed_ips[0]?.ip_address;
    Object.assign(row, { status: 'PENDING_CREATE', external_v4_ip: address ?? null, external_v6_ip: null });
  },
  refresh(row, context) {
    row.status = statusOf(row, 'vpnservice', context);
  },
  beforeUpdate(row, _change, context) {
    notWhilePending(row, context);
  },
  beforeDelete(row, { region }) {
    if (connectionsWith(region, 'vpnservice_id', row.id).length > 0)
      throw neutronError(409, 'VPNServiceInUse', `VPNService ${row.id} is still in use`);
  },
  afterDelete(row, { region }) {
    if (!region.ownVpnAddress) return;
    const own = region
      .rows('port')
      .find(
        (port) =>
          port.device_owner === 'network:vpn_router_gateway' &&
          (port.fixed_ips as FixedIp[])[0]?.ip_address === row.external_v4_ip,
      );
    if (own !== undefined) region.delete('port', own.id);
  },
};

/** Python's text of a dict, which neutron puts into this one message. */
function pythonText(row: Row): string {
  const fields = [...new Set([...(row._given as string[]), 'project_id', 'tenant_id', 'description', 'endpoints'])];
  const text = (value: unknown) => (Array.isArray(value) ? '[]' : `'${String(value)}'`);
  return `{${fields.map((field) => `'${field}': ${text(row[field])}`).join(', ')}}`;
}

export const ENDPOINT_GROUP: Resource = {
  kind: 'endpoint_group',
  path: 'vpn/endpoint-groups',
  many: 'endpoint_groups',
  standard: false,
  notFound: ['VPNEndpointGroupNotFound', (id) => `Endpoint group ${id} could not be found`],
  beforeCreate(row, { region, projectId, isAdmin }) {
    const endpoints = row.endpoints as unknown[];
    if (endpoints.length === 0)
      throw neutronError(
        400,
        'MissingEndpointForEndpointGroup',
        `No endpoints specified for endpoint group '${pythonText(row)}'`,
      );
    for (const endpoint of endpoints) {
      const problem = endpointProblem(String(row.type), endpoint);
      if (problem !== undefined) {
        throw neutronError(
          400,
          'InvalidEndpointInEndpointGroup',
          `Endpoint '${String(endpoint)}' is invalid for group type '${String(row.type)}': ${problem}`,
        );
      }
      const subnet = region.get('subnet', endpoint);
      if (row.type === 'subnet' && (subnet === undefined || (subnet.project_id !== projectId && !isAdmin))) {
        throw neutronError(
          400,
          'NonExistingSubnetInEndpointGroup',
          `Subnet ${String(endpoint)} in endpoint group does not exist`,
        );
      }
    }
    // The database refuses a second equal endpoint, and the real server retries for minutes before it says so.
    if (new Set(endpoints).size !== endpoints.length) throw internalError();
  },
  beforeDelete(row, { region }) {
    if (
      [...connectionsWith(region, 'local_ep_group_id', row.id), ...connectionsWith(region, 'peer_ep_group_id', row.id)]
        .length > 0
    ) {
      throw neutronError(400, 'EndpointGroupInUse', `Endpoint group ${row.id} is in use and cannot be deleted`);
    }
  },
};

function endpointProblem(type: string, endpoint: unknown): string | undefined {
  if (type === 'cidr') return typeof endpoint === 'string' && ipaddr.isValidCIDR(endpoint) ? undefined : 'Invalid CIDR';
  if (type === 'vlan') return undefined;
  return isUuid(endpoint) ? undefined : 'Invalid UUID';
}

export const SITE_CONNECTION: Resource = {
  kind: 'ipsec_site_connection',
  path: 'vpn/ipsec-site-connections',
  many: 'ipsec_site_connections',
  standard: false,
  notFound: ['IPsecSiteConnectionNotFound', (id) => `ipsec_site_connection ${id} not found`],
  beforeCreate(row, context) {
    validateConnection(row, context);
    Object.assign(row, { status: 'PENDING_CREATE', route_mode: 'static', auth_mode: 'psk' });
    touch(row, context.region);
  },
  refresh(row, context) {
    row.status = statusOf(row, 'ipsec_site_connection', context);
  },
  beforeUpdate(row, change, context) {
    notWhilePending(row, context);
    const next: Row = { ...row, ...change };
    if (change.dpd !== undefined) next.dpd = { ...(row.dpd as object), ...(change.dpd as object) };
    validateConnection(next, context);
    change.peer_address = next.peer_address;
  },
};

/** The validator's checks in its own order: DPD, MTU, mode, then everything that the connection names. */
function validateConnection(row: Row, context: CallContext): void {
  const { region } = context;
  const dpd = row.dpd as { interval: number; timeout: number };
  if (Number(dpd.timeout) <= Number(dpd.interval)) {
    throw neutronError(
      400,
      'IPsecSiteConnectionDpdIntervalValueError',
      'ipsec_site_connection dpd_timeout is equal to or less than dpd_interval',
    );
  }
  // An unknown service or IPsec policy is a 500, not a 404: the real server stumbles over it.
  const service = region.get('vpnservice', row.vpnservice_id);
  if (service === undefined || (service.project_id !== context.projectId && !context.isAdmin)) throw internalError();
  const versions = new Set<string>();
  const usesGroups = row.local_ep_group_id !== null || row.peer_ep_group_id !== null;
  const peerCidrs = row.peer_cidrs as string[];
  if (service.subnet_id !== null) {
    if (peerCidrs.length === 0)
      throw neutronError(400, 'MissingPeerCidrs', 'Missing peer CIDRs for IPsec site-to-site connection');
    if (usesGroups) {
      const which = [row.local_ep_group_id === null ? '' : 'local', row.peer_ep_group_id === null ? '' : 'peer'].filter(
        Boolean,
      );
      throw neutronError(
        400,
        'InvalidEndpointGroup',
        `Endpoint group${which.length > 1 ? 's' : ''} ${which.join(' and ')} cannot be specified, when VPN Service has subnet specified`,
      );
    }
    for (const cidr of peerCidrs) {
      if (!ipaddr.isValidCIDR(cidr))
        throw neutronError(
          400,
          'IPsecSiteConnectionPeerCidrError',
          `ipsec_site_connection peer cidr ${cidr} is invalid CIDR`,
        );
    }
    const kinds = new Set(peerCidrs.map((cidr) => ipaddr.parseCIDR(cidr)[0].kind()));
    if (kinds.size > 1)
      throw neutronError(
        400,
        'MixedIPVersionsForPeerCidrs',
        'Peer CIDRs do not have the same IP version, as required for IPSec site-to-site connection',
      );
    for (const kind of kinds) versions.add(kind);
    versions.add(`ipv${String(region.get('subnet', service.subnet_id)?.ip_version ?? 4)}`);
  } else {
    if (peerCidrs.length > 0)
      throw neutronError(400, 'PeerCidrsInvalid', 'Peer CIDRs cannot be specified, when using endpoint groups');
    const missing = [row.local_ep_group_id === null ? 'local' : '', row.peer_ep_group_id === null ? 'peer' : ''].filter(
      Boolean,
    );
    if (missing.length > 0)
      throw neutronError(
        400,
        'MissingRequiredEndpointGroup',
        `Missing endpoint group${missing.length > 1 ? 's' : ''} ${missing.join(' and ')} for IPSec site-to-site connection`,
      );
    const local = groupOf(row.local_ep_group_id, 'subnet', context);
    const peer = groupOf(row.peer_ep_group_id, 'cidr', context);
    const subnets = (local.endpoints as string[]).map((id) => mustGet(SUBNET, id, context));
    for (const subnet of subnets) {
      if (!attachedSubnets(region, String(service.router_id)).includes(subnet.id)) {
        throw neutronError(
          400,
          'SubnetIsNotConnectedToRouter',
          `Subnet ${subnet.id} is not connected to Router ${String(service.router_id)}`,
        );
      }
    }
    versions.add(
      oneVersion(
        local.id,
        subnets.map((subnet) => `ipv${String(subnet.ip_version)}`),
      ),
    );
    versions.add(
      oneVersion(
        peer.id,
        (peer.endpoints as string[]).map((cidr) => ipaddr.parseCIDR(cidr)[0].kind()),
      ),
    );
  }
  if (versions.size > 1)
    throw neutronError(
      400,
      'MixedIPVersionsForIPSecConnection',
      'IP versions are not compatible between peer and local endpoints',
    );
  const mtu = Number(row.mtu);
  const version = [...versions][0] ?? 'ipv4';
  if (mtu !== 0 && mtu < (version === 'ipv4' ? 68 : 1280))
    throw neutronError(
      400,
      'IPsecSiteConnectionMtuError',
      `ipsec_site_connection MTU ${mtu} is too small for ${version}`,
    );
  mustGet(IKE_POLICY, row.ikepolicy_id, context);
  if (region.get('ipsecpolicy', row.ipsecpolicy_id) === undefined) throw internalError();
  if (region.get('ipsecpolicy', row.ipsecpolicy_id)?.transform_protocol === 'ah-esp') {
    throw neutronError(
      400,
      'IpsecValidationFailure',
      "IPSec does not support IPsec Policy attribute transform_protocol with value 'ah-esp'",
    );
  }
  if (!ipaddr.isValid(String(row.peer_address))) {
    if (row.peer_address !== 'localhost')
      throw neutronError(
        400,
        'VPNPeerAddressNotResolved',
        `Peer address ${String(row.peer_address)} cannot be resolved`,
      );
    row.peer_address = '127.0.0.1';
  }
}

function groupOf(id: unknown, type: 'subnet' | 'cidr', context: CallContext): Row {
  const group = mustGet(ENDPOINT_GROUP, id, context);
  if (group.type !== type)
    throw neutronError(
      400,
      'WrongEndpointGroupType',
      `Endpoint group ${group.id} type is '${String(group.type)}' and should be '${type}'`,
    );
  return group;
}

function oneVersion(group: string, kinds: readonly string[]): string {
  if (new Set(kinds).size > 1) {
    throw neutronError(
      400,
      'MixedIPVersionsForIPSecEndpoints',
      `Endpoints in group ${group} do not have the same IP version, as required for IPSec site-to-site connection`,
    );
  }
  return kinds[0] ?? 'ipv4';
}

/** CIDRs of a connection's local networks, by endpoint group or by its service's subnet. */
export function localCidrs(region: RegionState, connection: Row): readonly string[] {
  const service = region.get('vpnservice', connection.vpnservice_id);
  const ids = service?.subnet_id
    ? [String(service.subnet_id)]
    : ((region.get('endpoint_group', connection.local_ep_group_id)?.endpoints ?? []) as string[]);
  return ids.flatMap((id) => {
    const cidr = region.get('subnet', id)?.cidr;
    return cidr === undefined ? [] : [String(cidr)];
  });
}

export function peerCidrsOf(region: RegionState, connection: Row): readonly string[] {
  const direct = connection.peer_cidrs as string[];
  return direct.length > 0
    ? direct
    : ((region.get('endpoint_group', connection.peer_ep_group_id)?.endpoints ?? []) as string[]);
}
