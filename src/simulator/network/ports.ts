/** Ports, by the ML2 plugin and the extensions port-security, security-group, allowed-address-pairs and extra_dhcp_opt. */
import { neutronError } from '../errors.js';
import { pythonText } from '../python-text.js';
import { type CallContext, newMac, type RegionState, type Row } from '../state.js';
import { assignAddresses } from './address-allocation.js';
import type { FixedIp } from './addresses.js';
import {
  type AttributeMap,
  adminStateUp,
  description,
  name,
  once,
  owner,
  readOnly,
  settable,
  standardAttributes,
} from './attributes.js';
import { boolean, fixedIps, invalidInput, isObject, list, macAddress, text, uuid, uuidList } from './checks.js';
import { NETWORK } from './networks.js';
import { adminOnly, mustGet, type Resource } from './resource.js';
import { defaultGroup, SECURITY_GROUP } from './security-groups.js';

const ATTRIBUTES: AttributeMap = {
  id: readOnly,
  ...owner,
  name,
  description,
  network_id: { ...once, required: true, check: uuid },
  admin_state_up: adminStateUp,
  mac_address: { ...settable, check: macAddress },
  fixed_ips: { ...settable, check: fixedIps },
  device_id: { ...settable, default: '', check: text(255) },
  device_owner: { ...settable, default: '', check: text(255) },
  status: readOnly,
  security_groups: { ...settable, check: uuidList },
  port_security_enabled: { ...settable, check: boolean },
  allowed_address_pairs: { ...settable, default: [], check: list },
  extra_dhcp_opts: { ...settable, default: [], check: list },
  'binding:vnic_type': { ...settable, default: 'normal' },
  'binding:host_id': settable,
  'binding:profile': settable,
  dns_name: settable,
  ...standardAttributes,
};

export const PORT: Resource = {
  kind: 'port',
  path: 'ports',
  many: 'ports',
  standard: true,
  notFound: ['PortNotFound', (id) => `Port ${id} could not be found.`],
  attributes: ATTRIBUTES,
  beforeCreate(row, context) {
    const network = mustGet(NETWORK, row.network_id, context);
    const { region } = context;
    adminOnly('create', 'port', row, ['binding:host_id', 'binding:profile'], context);
    if (String(row.device_owner).startsWith('network:') && network.project_id !== context.projectId)
      adminOnly('create', 'port', row, ['device_owner'], context);
    const mac = (row.mac_address as string | undefined) ?? newMac();
    refuseMac(mac, network, region);
    const asked = row.fixed_ips as Partial<FixedIp>[] | undefined;
    row.fixed_ips = assignAddresses(region, { network, mac, asked, owner: String(row.device_owner) });
    Object.assign(row, { status: 'DOWN', mac_address: mac });
    row.port_security_enabled ??= network.port_security_enabled ?? true;
    row.security_groups ??=
      row.port_security_enabled && !String(row.device_owner).startsWith('network:')
        ? [defaultGroup(region, String(row.project_id)).id]
        : [];
    row.extra_dhcp_opts = dhcpOptions([], row.extra_dhcp_opts as DhcpOption[]);
    secure(row, row, context);
  },
  refresh(row, { region }) {
    // A router's leg counts as plugged at once, unless a fault says otherwise.
    if (row.device_owner === 'network:router_interface') row.status = region.stuckAs(row, 'port')?.status ?? 'ACTIVE';
  },
  beforeUpdate(row, change, context) {
    const { region } = context;
    adminOnly('update', 'port', change, ['binding:host_id', 'binding:profile', 'mac_address'], context);
    const network = region.get('network', row.network_id) ?? row;
    if (change.mac_address !== undefined && change.mac_address !== row.mac_address)
      refuseMac(String(change.mac_address), network, region);
    if (change.fixed_ips !== undefined)
      change.fixed_ips = assignAddresses(region, {
        network,
        mac: String(change.mac_address ?? row.mac_address),
        owner: String(row.device_owner),
        asked: change.fixed_ips as Partial<FixedIp>[],
        keep: row.fixed_ips as FixedIp[],
      });
    if (change.extra_dhcp_opts !== undefined)
      change.extra_dhcp_opts = dhcpOptions(row.extra_dhcp_opts as DhcpOption[], change.extra_dhcp_opts as DhcpOption[]);
    secure({ ...row, ...change }, change, context);
  },
  beforeDelete(row, { region }) {
    const device = String(row.device_owner);
    const inUse =
      (device === 'network:router_interface' || device === 'network:router_gateway') &&
      region.get('router', row.device_id) !== undefined;
    const floating = device === 'network:floatingip' && region.get('floatingip', row.device_id) !== undefined;
    if (!inUse && !floating) return;
    throw neutronError(
      409,
      'ServicePortInUse',
      `Port ${row.id} cannot be deleted directly via the port API: has device owner ${device}.`,
    );
  },
  afterDelete(row, { region }) {
    for (const ip of region.rows('floatingip'))
      if (ip.port_id === row.id)
        Object.assign(ip, { port_id: null, router_id: null, fixed_ip_address: null, status: 'DOWN' });
  },
};

function refuseMac(mac: string, network: Row, region: RegionState): void {
  if (region.rows('port').some((port) => port.network_id === network.id && port.mac_address === mac))
    throw neutronError(
      409,
      'MacAddressInUse',
      `Unable to complete operation for network ${network.id}. The mac address ${mac} is in use.`,
    );
}

/** Port security, security groups and address pairs fit each other. `given` is what the request itself says. */
function secure(row: Row, given: Record<string, unknown>, context: CallContext): void {
  const groups = row.security_groups as string[];
  if (given.security_groups !== undefined) for (const group of groups) mustGet(SECURITY_GROUP, group, context);
  const stateful = new Set(groups.map((id) => context.region.get('security_group', id)?.stateful));
  if (stateful.size > 1)
    throw neutronError(
      409,
      'SecurityGroupConflict',
      'Error Cannot apply both stateful and stateless security groups on the same port at the same time while attempting the operation.',
    );
  const pairs = given.allowed_address_pairs as AddressPair[] | undefined;
  if (row.port_security_enabled === false) refuseWithoutSecurity(groups, row, given);
  if (pairs !== undefined) given.allowed_address_pairs = addressPairs(pairs, String(row.mac_address));
}

/** A port without port security has no address pairs, is given no groups, and keeps none. */
function refuseWithoutSecurity(groups: readonly string[], row: Row, given: Record<string, unknown>): void {
  if ((row.allowed_address_pairs as unknown[]).length > 0)
    throw neutronError(
      409,
      'AddressPairAndPortSecurityRequired',
      'Port Security must be enabled in order to have allowed address pairs on a port.',
    );
  if (groups.length === 0) return;
  if (given.security_groups !== undefined)
    throw neutronError(
      400,
      'PortSecurityAndIPRequiredForSecurityGroups',
      'Port security must be enabled and port must have an IP address in order to use security groups.',
    );
  throw neutronError(
    409,
    'PortSecurityPortHasSecurityGroup',
    'Port has security group associated. Cannot disable port security or IP address until security group is removed.',
  );
}

interface AddressPair {
  readonly ip_address?: string;
  readonly mac_address?: string;
}

function addressPairs(pairs: readonly AddressPair[], mac: string): readonly AddressPair[] {
  const made: AddressPair[] = [];
  for (const pair of pairs) {
    if (!isObject(pair) || typeof pair.ip_address !== 'string')
      throw neutronError(400, 'AllowedAddressPairsMissingIP', 'AllowedAddressPair must contain ip_address');
    const one = { mac_address: String(pair.mac_address ?? mac), ip_address: pair.ip_address };
    if (made.some((other) => other.mac_address === one.mac_address && other.ip_address === one.ip_address))
      throw neutronError(
        400,
        'DuplicateAddressPairInRequest',
        `Request contains duplicate address pair: mac_address ${one.mac_address} ip_address ${one.ip_address}.`,
      );
    made.push(one);
  }
  return made;
}

interface DhcpOption {
  readonly opt_name: string;
  readonly opt_value: string | null;
  readonly ip_version?: number | string;
}

/** An option's value is replaced by name, and null takes it away. */
function dhcpOptions(before: readonly DhcpOption[], asked: readonly DhcpOption[]): readonly DhcpOption[] {
  const version = (option: DhcpOption) => Number(option.ip_version ?? 4);
  const same = (a: DhcpOption, b: DhcpOption) => a.opt_name === b.opt_name && version(a) === version(b);
  for (const option of asked)
    if (typeof option?.opt_name !== 'string')
      throw invalidInput(`Invalid data format for extra-dhcp-opt: '${pythonText(asked)}'`);
  return [...before.filter((one) => !asked.some((other) => same(one, other))), ...asked]
    .filter((one) => one.opt_value !== null)
    .map((one) => ({ opt_name: one.opt_name, opt_value: one.opt_value, ip_version: version(one) }));
}
