/** Subnets, by db_base_plugin_v2 and its IPAM. */
import { neutronError } from '../errors.js';
import { type RegionState, type Row, revise } from '../state.js';
import { makePort } from './address-allocation.js';
import { blockOf, type FixedIp, firstHost, inCidr, isHostIn, overlapping, type Pool, versionOf } from './addresses.js';
import {
  type AttributeMap,
  description,
  name,
  once,
  owner,
  readOnly,
  settable,
  standardAttributes,
} from './attributes.js';
import {
  addressOrNone,
  boolean,
  cidr,
  hostRoutes,
  integer,
  invalidInput,
  ipPools,
  list,
  nameservers,
  oneOf,
  uuid,
  uuidOrNone,
} from './checks.js';
import { AUTO_DELETED, NETWORK } from './networks.js';
import { mustGet, type Resource } from './resource.js';
import { poolsOf, refuseGatewayInPools } from './subnet-pools.js';
import { subnetUse } from './vpn-use.js';

const IPV6_MODES = oneOf('dhcpv6-stateful', 'dhcpv6-stateless', 'slaac');
const mode = {
  ...once,
  default: null,
  check: (value: unknown, field: string) => (value === null ? null : IPV6_MODES(value, field)),
};

const ATTRIBUTES: AttributeMap = {
  id: readOnly,
  ...owner,
  name,
  description,
  ip_version: {
    ...once,
    required: true,
    check: (value, field) => oneOf(4, 6)(integer(value, field) as number, field),
  },
  network_id: { ...once, required: true, check: uuid },
  subnetpool_id: { ...once, default: null, check: uuidOrNone },
  use_default_subnetpool: { ...once },
  prefixlen: { ...once },
  cidr: { ...once, check: cidr },
  gateway_ip: { ...settable, check: addressOrNone },
  allocation_pools: { ...settable, check: ipPools },
  dns_nameservers: { ...settable, default: [], check: nameservers },
  host_routes: { ...settable, default: [], check: hostRoutes },
  enable_dhcp: { ...settable, default: true, check: boolean },
  segment_id: settable,
  ipv6_ra_mode: mode,
  ipv6_address_mode: mode,
  service_types: { ...settable, default: [], check: list },
  ...standardAttributes,
};

const badRequestFor = (reason: string) => neutronError(400, 'BadRequest', `Bad subnets request: ${reason}.`);

export const SUBNET: Resource = {
  kind: 'subnet',
  path: 'subnets',
  many: 'subnets',
  standard: true,
  notFound: ['SubnetNotFound', (id) => `Subnet ${id} could not be found.`],
  attributes: ATTRIBUTES,
  beforeCreate(row, context) {
    const network = mustGet(NETWORK, row.network_id, context);
    if (network.project_id !== context.projectId && !context.isAdmin)
      throw neutronError(404, NETWORK.notFound[0], NETWORK.notFound[1](network.id));
    if (row.cidr === undefined || row.cidr === null)
      throw badRequestFor('a subnetpool must be specified in the absence of a cidr');
    if (row.prefixlen !== undefined) throw badRequestFor('cidr and prefixlen must not be supplied together');
    if (row.subnetpool_id !== null)
      throw neutronError(404, 'SubnetPoolNotFound', `Subnet pool ${String(row.subnetpool_id)} could not be found.`);
    validate(row, undefined, context.region);
    const range = String(row.cidr);
    if (blockOf(range).prefix === 0) throw invalidInput('0 is not allowed as CIDR prefix length');
    const siblings = context.region.rows('subnet').filter((subnet) => subnet.network_id === network.id);
    if (siblings.some((subnet) => overlapping(String(subnet.cidr), range)))
      throw invalidInput(
        `Requested subnet with cidr: ${range} for network: ${network.id} overlaps with another subnet`,
      );
    if (row.gateway_ip === undefined) row.gateway_ip = firstHost(range);
    row.allocation_pools = poolsOf(row);
    for (const field of ['use_default_subnetpool', 'prefixlen']) delete row[field];
  },
  afterCreate(row, { region }) {
    const network = region.get('network', row.network_id);
    if (network === undefined) return;
    network.subnets = [...(network.subnets as string[]), row.id];
    revise(network);
    if (row.enable_dhcp === true && network['router:external'] !== true && row.ip_version === 4) {
      makePort(region, {
        network,
        projectId: String(row.project_id),
        fixedIps: [{ subnet_id: row.id }],
        fields: { device_owner: 'network:dhcp', device_id: `dhcp-${network.id}`, port_security_enabled: false },
      });
    }
  },
  beforeUpdate(row, change, context) {
    const next: Row = { ...row, ...change };
    validate({ ...next, enable_dhcp: change.enable_dhcp ?? false }, row, context.region, change);
    if (change.allocation_pools !== undefined) change.allocation_pools = poolsOf(next);
    else if (typeof change.gateway_ip === 'string' && change.gateway_ip !== row.gateway_ip)
      refuseGatewayInPools(change.gateway_ip, row.allocation_pools as Pool[]);
  },
  beforeDelete(row, { region }) {
    const use = subnetUse(region, row.id);
    if (use !== undefined)
      throw neutronError(
        409,
        'SubnetInUse',
        `Unable to complete operation on subnet ${row.id}: Callback neutron_vpnaas.db.vpn.vpn_db.subnet_callback-8771885270320 failed with "${use.message}".`,
      );
    if (portsWith(row, region).some((port) => !AUTO_DELETED.includes(String(port.device_owner)))) {
      throw neutronError(
        409,
        'SubnetInUse',
        `Unable to complete operation on subnet ${row.id}: One or more ports have an IP allocation from this subnet.`,
      );
    }
  },
  afterDelete(row, { region }) {
    for (const port of portsWith(row, region)) region.delete('port', port.id);
    const network = region.get('network', row.network_id);
    revise(network);
    if (network !== undefined) network.subnets = (network.subnets as string[]).filter((id) => id !== row.id);
  },
};

function portsWith(subnet: Row, region: RegionState): readonly Row[] {
  return region.rows('port').filter((port) => (port.fixed_ips as FixedIp[]).some((ip) => ip.subnet_id === subnet.id));
}

/** A subnet's own consistency. `before` and `change` are given for an update, where only what changes is looked at. */
function validate(row: Row, before: Row | undefined, region: RegionState, change: Record<string, unknown> = row): void {
  const version = row.ip_version as number;
  const range = String(row.cidr);
  const ofVersion = (address: string, what: string) => {
    if (versionOf(address) !== version)
      throw invalidInput(`${what} '${address}' does not match the ip_version '${version}'`);
  };
  ofVersion(range, 'cidr');
  if (row.enable_dhcp === true && before?.enable_dhcp !== true) refuseForDhcp(range, version);
  const gateway = change.gateway_ip;
  if (typeof gateway === 'string') {
    ofVersion(gateway, 'gateway_ip');
    if (inCidr(gateway, range) && !isHostIn(gateway, range)) throw invalidInput('Gateway is not valid on subnet');
  }
  if ('gateway_ip' in change && before !== undefined && gateway !== before.gateway_ip) {
    const leg = portsWith(before, region).find(
      (port) =>
        String(port.device_owner).startsWith('network:router_interface') &&
        (port.fixed_ips as FixedIp[]).some((ip) => ip.ip_address === before.gateway_ip),
    );
    if (leg !== undefined && typeof gateway === 'string')
      throw neutronError(
        409,
        'GatewayIpInUse',
        `Current gateway ip ${String(before.gateway_ip)} already in use by port ${leg.id}. Unable to update.`,
      );
  }
  const servers = (change.dns_nameservers ?? []) as string[];
  if (servers.length > 5)
    throw neutronError(
      400,
      'DNSNameServersExhausted',
      `Unable to complete operation for ${before?.id ?? 'new subnet'}. The number of DNS nameservers exceeds the limit 5.`,
    );
  for (const server of servers) ofVersion(server, 'dns_nameserver');
  for (const field of ['ipv6_ra_mode', 'ipv6_address_mode'])
    if (version === 4 && change[field]) throw invalidInput(`${field} is not valid when ip_version is 4`);
  if (version === 6) validateModes(row, before, change);
}

function refuseForDhcp(range: string, version: number): void {
  const { prefix, first } = blockOf(range);
  if (prefix > (version === 4 ? 30 : 126))
    throw invalidInput('Subnet has a prefix length that is incompatible with DHCP service enabled');
  const top = version === 4 ? Number(first >> 24n) : 0;
  if (top >= 224 && top < 240) throw invalidInput('Multicast IP subnet is not supported if enable_dhcp is True');
  if (top === 127) throw invalidInput('Loopback IP subnet is not supported if enable_dhcp is True');
  if (version === 4 && first === 0n)
    throw neutronError(
      400,
      'InvalidInput',
      "Invalid input for operation: First IP '0.0.0.0' of network is not supported if enable_dhcp is True..",
    );
}

function validateModes(row: Row, before: Row | undefined, change: Record<string, unknown>): void {
  const [ra, address] = [row.ipv6_ra_mode, row.ipv6_address_mode];
  if (before !== undefined) {
    if (change.enable_dhcp === false && (ra || address))
      throw invalidInput('Cannot disable enable_dhcp with ipv6 attributes set');
    return;
  }
  if ((ra || address) && row.enable_dhcp !== true)
    throw invalidInput('ipv6_ra_mode or ipv6_address_mode cannot be set when enable_dhcp is set to False');
  if (ra && address && ra !== address)
    throw invalidInput(
      `ipv6_ra_mode set to '${String(ra)}' with ipv6_address_mode set to '${String(address)}' is not valid. If both attributes are set, they must be the same value`,
    );
  if (['slaac', 'dhcpv6-stateless'].includes(String(address)) && blockOf(String(row.cidr)).prefix !== 64)
    throw invalidInput(
      `Invalid CIDR ${String(row.cidr)} for IPv6 address mode. OpenStack uses the EUI-64 address format, which requires the prefix to be /64`,
    );
}
