/**
 * What a site connection must be, by neutron-vpnaas's validator, release 21 to 29, oddities included.
 * The rule: accept what the real one accepts, a CIDR with host bits and an empty PSK among it.
 */
import ipaddr from 'ipaddr.js';
import { internalError, neutronError } from '../errors.js';
import type { CallContext, Row } from '../state.js';
import { mustGet } from './resource.js';
import { SUBNET } from './subnets.js';
import { ENDPOINT_GROUP } from './vpn-endpoint-groups.js';
import { IKE_POLICY } from './vpn-policies.js';
import { attachedSubnets } from './vpn-use.js';

/** The validator's checks in its own order: DPD, MTU, mode, then everything that the connection names. */
export function validateConnection(row: Row, context: CallContext): void {
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
