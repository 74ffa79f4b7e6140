/**
 * Addresses: pools of a subnet, the next free one, the port that takes it. One place, since networks, routers, VMs and floating IPs all take from the same pools.
 */
import ipaddr from 'ipaddr.js';
import { neutronError } from '../errors.js';
import { newId, newMac, type RegionState, type Row, timestamp } from '../state.js';

export interface FixedIp {
  readonly subnet_id: string;
  readonly ip_address: string;
}

export function toNumber(address: string): number {
  return ipaddr.IPv4.parse(address)
    .toByteArray()
    .reduce((sum, byte) => sum * 256 + byte, 0);
}

export function toAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

/** Whether an address is in a network; false for what is neither. */
export function inCidr(address: string, cidr: string): boolean {
  if (!ipaddr.isValid(address) || !ipaddr.isValidCIDR(cidr)) return false;
  const [range, prefix] = ipaddr.parseCIDR(cidr);
  const parsed = ipaddr.parse(address);
  return parsed.kind() === range.kind() && parsed.match(range, prefix);
}

/** A subnet's default pool: all hosts but its gateway. */
export function defaultPools(cidr: string, gateway: string | null): readonly { start: string; end: string }[] {
  const first = toNumber(ipaddr.IPv4.networkAddressFromCIDR(cidr).toString()) + 1;
  const last = toNumber(ipaddr.IPv4.broadcastAddressFromCIDR(cidr).toString()) - 1;
  const without = gateway === null ? -1 : toNumber(gateway);
  const ranges =
    without < first || without > last
      ? [[first, last]]
      : [
          [first, without - 1],
          [without + 1, last],
        ];
  return ranges
    .filter(([start, end]) => (start ?? 0) <= (end ?? -1))
    .map(([start, end]) => ({ start: toAddress(start ?? 0), end: toAddress(end ?? 0) }));
}

/** The lowest free address of a subnet's pools. Throws IpAddressGenerationFailure. */
export function allocate(region: RegionState, subnet: Row): string {
  const used = new Set(region.rows('port').flatMap((port) => (port.fixed_ips as FixedIp[]).map((ip) => ip.ip_address)));
  for (const { start, end } of subnet.allocation_pools as { start: string; end: string }[]) {
    for (let value = toNumber(start); value <= toNumber(end); value++) {
      if (!used.has(toAddress(value))) return toAddress(value);
    }
  }
  throw neutronError(
    409,
    'IpAddressGenerationFailure',
    `No more IP addresses available on network ${String(subnet.network_id)}.`,
  );
}

/** A port on a network, with an address of the given subnet, of a given address, or of the network's first IPv4 subnet. */
export function makePort(
  region: RegionState,
  options: {
    readonly network: Row;
    readonly projectId: string;
    readonly fixedIps?: readonly Partial<FixedIp>[];
    readonly fields?: Record<string, unknown>;
  },
): Row {
  const { network } = options;
  const subnets = region.rows('subnet').filter((subnet) => subnet.network_id === network.id);
  const wanted = options.fixedIps ?? (subnets[0] === undefined ? [] : [{ subnet_id: subnets[0].id }]);
  const fixedIps = wanted.map(({ subnet_id, ip_address }): FixedIp => {
    const subnet =
      subnet_id === undefined
        ? subnets.find((one) => inCidr(ip_address ?? '', String(one.cidr)))
        : region.get('subnet', subnet_id);
    if (subnet === undefined) throw neutronError(404, 'SubnetNotFound', `Subnet ${subnet_id} could not be found.`);
    if (subnet.network_id !== network.id) {
      throw neutronError(
        400,
        'InvalidInput',
        `Invalid input for operation: Failed to create port on network ${network.id}, because fixed_ips included invalid subnet ${subnet.id}.`,
      );
    }
    if (ip_address === undefined) return { subnet_id: subnet.id, ip_address: allocate(region, subnet) };
    if (!inCidr(ip_address, String(subnet.cidr))) {
      throw neutronError(
        400,
        'InvalidIpForSubnet',
        `IP address ${ip_address} is not a valid IP for the specified subnet.`,
      );
    }
    const taken = region
      .rows('port')
      .some(
        (port) =>
          port.network_id === network.id && (port.fixed_ips as FixedIp[]).some((ip) => ip.ip_address === ip_address),
      );
    if (taken)
      throw neutronError(
        409,
        'IpAddressAlreadyAllocated',
        `IP address ${ip_address} already allocated in subnet ${subnet.id}`,
      );
    return { subnet_id: subnet.id, ip_address };
  });
  const now = timestamp();
  return region.insert('port', {
    id: newId(),
    name: '',
    network_id: network.id,
    tenant_id: options.projectId,
    mac_address: newMac(),
    admin_state_up: true,
    status: 'ACTIVE',
    device_id: '',
    device_owner: '',
    fixed_ips: fixedIps,
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
