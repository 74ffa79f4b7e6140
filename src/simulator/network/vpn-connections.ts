/** IPsec site connections, by neutron-vpnaas. The rule: a PUT is checked as a whole, as if it were made anew. */
import type { RegionState, Row } from '../state.js';
import { statusOf, touch } from '../tunnel-status.js';
import { type AttributeMap, adminStateUp, description, name, once, owner, readOnly, settable } from './attributes.js';
import { type Check, integer, keysOf, list, nonNegative, oneOf, text, uuid, uuidOrNone } from './checks.js';
import type { Resource } from './resource.js';
import { notWhilePending } from './vpn-use.js';
import { validateConnection } from './vpn-validation.js';

const ACTIONS = oneOf('clear', 'disabled', 'hold', 'restart', 'restart-by-peer');

/** Dead peer detection. An interval of 0 is taken, sadly. */
const dpd: Check = (value, field) => {
  const given = keysOf(value ?? {}, field, ['action', 'interval', 'timeout']);
  if (given.action !== undefined) ACTIONS(given.action, field);
  if (given.interval !== undefined) nonNegative(given.interval, field);
  if (given.timeout !== undefined) nonNegative(given.timeout, field);
  return given;
};

const ATTRIBUTES: AttributeMap = {
  id: readOnly,
  ...owner,
  name,
  description,
  local_id: { ...settable, default: '', check: text(255) },
  peer_address: { ...settable, required: true, check: text(255) },
  peer_id: { ...settable, required: true, check: text(255) },
  peer_cidrs: { ...settable, default: [], check: list },
  local_ep_group_id: { ...settable, default: null, check: uuidOrNone },
  peer_ep_group_id: { ...settable, default: null, check: uuidOrNone },
  route_mode: readOnly,
  mtu: { ...settable, default: 1500, check: integer },
  initiator: { ...settable, default: 'bi-directional', check: oneOf('bi-directional', 'response-only') },
  auth_mode: readOnly,
  psk: { ...settable, required: true, check: text(255) },
  dpd: { ...settable, default: {}, check: dpd },
  admin_state_up: adminStateUp,
  status: readOnly,
  vpnservice_id: { ...once, required: true, check: uuid },
  ikepolicy_id: { ...once, required: true, check: uuid },
  ipsecpolicy_id: { ...once, required: true, check: uuid },
};

export const SITE_CONNECTION: Resource = {
  kind: 'ipsec_site_connection',
  path: 'vpn/ipsec-site-connections',
  many: 'ipsec_site_connections',
  standard: false,
  notFound: ['IPsecSiteConnectionNotFound', (id) => `ipsec_site_connection ${id} not found`],
  attributes: ATTRIBUTES,
  beforeCreate(row, context) {
    row.dpd = { action: 'hold', interval: 30, timeout: 120, ...(row.dpd as object) };
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
    if (change.dpd !== undefined) {
      change.dpd = { ...(row.dpd as object), ...(change.dpd as object) };
      next.dpd = change.dpd;
    }
    validateConnection(next, context);
    change.peer_address = next.peer_address;
  },
};

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
