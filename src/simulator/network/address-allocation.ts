/**
 * Who gets which address: the next free one of a subnet's pools, the one that was asked for, and the port that takes them. One place, since networks,
 * routers, VMs and floating IPs all take from the same pools.
 */
import { neutronError } from '../errors.js';
import { newId, newMac, type RegionState, type Row, timestamp } from '../state.js';
import { eui64, type FixedIp, isHostIn, type Pool, toAddress, toNumber, versionOf } from './addresses.js';
import { invalidInput } from './checks.js';

interface Asked {
  readonly subnet_id?: string;
  readonly ip_address?: string;
}

function exhausted(networkId: unknown) {
  return neutronError(
    409,
    'IpAddressGenerationFailure',
    `No more IP addresses available on network ${String(networkId)}.`,
  );
}

function takenIn(region: RegionState, networkId: unknown): Set<string> {
  return new Set(
    region
      .rows('port')
      .filter((port) => port.network_id === networkId)
      .flatMap((port) => (port.fixed_ips as FixedIp[]).map((ip) => ip.ip_address)),
  );
}

/** The lowest free address of a subnet's pools, if any. */
function nextFree(subnet: Row, taken: ReadonlySet<string>): string | undefined {
  for (const { start, end } of subnet.allocation_pools as Pool[]) {
    const last = toNumber(end);
    for (let value = toNumber(start); value <= last; value++) {
      const address = toAddress(value, versionOf(start));
      if (!taken.has(address)) return address;
    }
  }
  return undefined;
}

/** The lowest free address of a subnet's pools. Throws IpAddressGenerationFailure. */
export function allocate(region: RegionState, subnet: Row): string {
  const address = nextFree(subnet, takenIn(region, subnet.network_id));
  if (address === undefined) throw exhausted(subnet.network_id);
  return address;
}

/** Hosts of such a subnet make their addresses themselves. */
export function isAutoAddress(subnet: Row): boolean {
  return ['slaac', 'dhcpv6-stateless'].includes(String(subnet.ipv6_address_mode));
}

/** Addresses for a port: those asked for, or one of each IP version that the network has. `keep` are those it has already. */
export function assignAddresses(
  region: RegionState,
  options: {
    readonly network: Row;
    readonly mac: string;
    readonly owner?: string;
    readonly asked?: readonly Asked[] | undefined;
    readonly keep?: readonly FixedIp[];
  },
): readonly FixedIp[] {
  const { network, asked, mac, keep = [], owner = '' } = options;
  const all = region.rows('subnet').filter((subnet) => subnet.network_id === network.id);
  const subnets = all.filter((subnet) => serves(subnet, owner));
  if (asked === undefined && all.length > 0 && subnets.length === 0)
    throw neutronError(
      409,
      'IpAddressGenerationFailureNoMatchingSubnet',
      `No valid service subnet for the given device owner, network ${network.id}, service type ${owner}.`,
    );
  const taken = takenIn(region, network.id);
  for (const ip of keep) taken.delete(ip.ip_address);
  const give = (subnet: Row, address: string): FixedIp => {
    taken.add(address);
    return { subnet_id: subnet.id, ip_address: address };
  };
  const auto = subnets.filter(isAutoAddress).map((subnet) => () => give(subnet, eui64(String(subnet.cidr), mac)));
  if (asked === undefined) {
    const given: FixedIp[] = [];
    for (const version of [4, 6]) {
      const candidates = subnets.filter((subnet) => subnet.ip_version === version && !isAutoAddress(subnet));
      if (candidates.length === 0) continue;
      const found = candidates
        .map((subnet) => ({ subnet, address: nextFree(subnet, taken) }))
        .find(({ address }) => address !== undefined);
      if (found?.address === undefined) throw exhausted(network.id);
      given.push(give(found.subnet, found.address));
    }
    return [...given, ...auto.map((make) => make())];
  }
  const given = asked.map((one) => {
    const subnet = subnetFor(one, all, region, network);
    const isRouter = owner.startsWith('network:router_');
    if (one.ip_address === undefined) {
      if (isAutoAddress(subnet) && !isRouter) return give(subnet, eui64(String(subnet.cidr), mac));
      const kept = keep.find((ip) => ip.subnet_id === subnet.id && !taken.has(ip.ip_address));
      const address = kept?.ip_address ?? nextFree(subnet, taken);
      if (address === undefined) throw exhausted(network.id);
      return give(subnet, address);
    }
    if (isAutoAddress(subnet) && !isRouter && one.ip_address !== eui64(String(subnet.cidr), mac))
      throw invalidInput(
        `IPv6 address ${one.ip_address} can not be directly assigned to a port on subnet ${subnet.id} since the subnet is configured for automatic addresses`,
        'AllocationOnAutoAddressSubnet',
      );
    if (taken.has(one.ip_address))
      throw neutronError(
        409,
        'IpAddressAlreadyAllocated',
        `IP address ${one.ip_address} already allocated in subnet ${subnet.id}`,
      );
    return give(subnet, one.ip_address);
  });
  return given;
}

/** A subnet may be kept for ports of some owners. */
function serves(subnet: Row, owner: string): boolean {
  const types = (subnet.service_types ?? []) as string[];
  return types.length === 0 || types.includes(owner);
}

function subnetFor(asked: Asked, subnets: readonly Row[], region: RegionState, network: Row): Row {
  if (subnets.length === 0) throw invalidInput('IP allocation requires subnets for network');
  if (asked.subnet_id === undefined) {
    const address = asked.ip_address;
    if (address === undefined) throw invalidInput('IP allocation requires subnet_id or ip_address');
    const found = subnets.find((one) => isHostIn(address, String(one.cidr)));
    if (found === undefined)
      throw neutronError(
        400,
        'InvalidIpForNetwork',
        `IP address ${address} is not a valid IP for any of the subnets on the specified network.`,
      );
    return found;
  }
  const subnet = region.get('subnet', asked.subnet_id);
  if (subnet === undefined) throw neutronError(404, 'SubnetNotFound', `Subnet ${asked.subnet_id} could not be found.`);
  if (subnet.network_id !== network.id)
    throw invalidInput(
      `Failed to create port on network ${network.id}, because fixed_ips included invalid subnet ${subnet.id}`,
    );
  if (asked.ip_address !== undefined && !isHostIn(asked.ip_address, String(subnet.cidr)))
    throw neutronError(
      400,
      'InvalidIpForSubnet',
      `IP address ${asked.ip_address} is not a valid IP for the specified subnet.`,
    );
  return subnet;
}

/** A port on a network, with the addresses asked for or the network's next free ones. */
export function makePort(
  region: RegionState,
  options: {
    readonly network: Row;
    readonly projectId: string;
    readonly fixedIps?: readonly Asked[] | undefined;
    readonly fields?: Record<string, unknown>;
  },
): Row {
  const { network } = options;
  const mac = String(options.fields?.mac_address ?? newMac());
  const fixed = assignAddresses(region, {
    network,
    mac,
    asked: options.fixedIps,
    owner: String(options.fields?.device_owner ?? ''),
  });
  const now = timestamp();
  return region.insert('port', {
    id: newId(),
    name: '',
    network_id: network.id,
    tenant_id: options.projectId,
    mac_address: mac,
    admin_state_up: true,
    status: 'ACTIVE',
    device_id: '',
    device_owner: '',
    fixed_ips: fixed,
    allowed_address_pairs: [],
    extra_dhcp_opts: [],
    security_groups: [],
    description: '',
    'binding:vnic_type': 'normal',
    port_security_enabled: true,
    tags: [],
    created_at: now,
    updated_at: now,
    revision_number: 1,
    project_id: options.projectId,
    ...options.fields,
  });
}
