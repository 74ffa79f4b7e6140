/**
 * What packets do: whether two connections make a tunnel, and whether a packet gets from a port, or from outside, to an address and its answer back.
 * The rule: pure over the regions' state. A tunnel needs both ends to match in everything that IKE and IPsec negotiate.
 */
import ipaddr from 'ipaddr.js';
import { type FixedIp, inCidr } from './network/addresses.js';
import { localCidrs, peerCidrsOf } from './network/vpn-connections.js';
import type { RegionState, Row } from './state.js';

export interface End {
  readonly region: RegionState;
  readonly connection: Row;
}

const IKE_MUST_MATCH = ['ike_version', 'encryption_algorithm', 'auth_algorithm', 'pfs'];
const IPSEC_MUST_MATCH = ['transform_protocol', 'encapsulation_mode', 'encryption_algorithm', 'auth_algorithm', 'pfs'];

/** The other end that a connection's peer address leads to, if its own points back. */
export function peerOf(end: End, regions: readonly RegionState[]): End | undefined {
  const own = serviceOf(end)?.external_v4_ip;
  for (const region of regions) {
    for (const connection of region.rows('ipsec_site_connection')) {
      if (connection.peer_address !== own || connection.id === end.connection.id) continue;
      const other = { region, connection };
      if (serviceOf(other)?.external_v4_ip === end.connection.peer_address && mirrors(end, other)) return other;
    }
  }
  return undefined;
}

/** Why two ends make no tunnel; empty when they do. */
export function mismatches(a: End, b: End): readonly string[] {
  const policy = (end: End, kind: 'ikepolicy' | 'ipsecpolicy') => end.region.get(kind, end.connection[`${kind}_id`]);
  const differ = (kind: 'ikepolicy' | 'ipsecpolicy', fields: readonly string[]) =>
    fields.filter((field) => policy(a, kind)?.[field] !== policy(b, kind)?.[field]);
  const mode = policy(a, 'ikepolicy')?.ike_version === 'v1' ? ['phase1_negotiation_mode'] : [];
  return [
    ...differ('ikepolicy', [...IKE_MUST_MATCH, ...mode]).map((field) => `ike ${field}`),
    ...differ('ipsecpolicy', IPSEC_MUST_MATCH).map((field) => `ipsec ${field}`),
    ...(a.connection.psk === b.connection.psk ? [] : ['psk']),
    ...(a.connection.initiator === 'response-only' && b.connection.initiator === 'response-only' ? ['initiator'] : []),
    ...[[a, b] as const, [b, a] as const].flatMap(([end, peer]) => [
      ...(isUp(end) ? [] : ['admin state or gateway']),
      ...(idsOf(end).peer === idsOf(peer).own ? [] : ['peer id']),
    ]),
  ];
}

/**
 * Both ids as an end's agent gets them: where one is no address, both have an @ before them and so are names. Without a local id the end presents its
 * external address, and never with an @ (neutron-vpnaas, `make_vpnservice_dict`).
 */
function idsOf(end: End): { readonly own: string; readonly peer: string } {
  const [local, peer] = [String(end.connection.local_id), String(end.connection.peer_id)];
  const before = [local, peer].some((id) => id !== '' && !ipaddr.isValid(id)) ? '@' : '';
  return { own: local === '' ? String(serviceOf(end)?.external_v4_ip) : before + local, peer: before + peer };
}

function serviceOf(end: End): Row | undefined {
  return end.region.get('vpnservice', end.connection.vpnservice_id);
}

function isUp(end: End): boolean {
  const service = serviceOf(end);
  const router = end.region.get('router', service?.router_id);
  return (
    end.connection.admin_state_up === true &&
    service?.admin_state_up === true &&
    router?.external_gateway_info !== null &&
    router?.admin_state_up === true
  );
}

/** Each end's local networks are what the other names as its peer's. */
function mirrors(a: End, b: End): boolean {
  const same = (one: readonly string[], other: readonly string[]) =>
    one.length === other.length && one.every((cidr) => other.includes(cidr));
  return (
    same(localCidrs(a.region, a.connection), peerCidrsOf(b.region, b.connection)) &&
    same(localCidrs(b.region, b.connection), peerCidrsOf(a.region, a.connection))
  );
}

/**
 * Whether a tunnel's own end sends a packet into it: from one of its networks to one of its peer's. With IKEv1 that is the first of each, as
 * strongSwan has it: "IKEv1 only interprets the first subnet of such a definition" (ipsec.conf(5), leftsubnet).
 */
function selects({ region, connection }: End, from: string, to: string): boolean {
  const ofAll = region.get('ikepolicy', connection.ikepolicy_id)?.ike_version === 'v1' ? 1 : undefined;
  const within = (address: string, cidrs: readonly string[]) =>
    cidrs.slice(0, ofAll).some((cidr) => inCidr(address, cidr));
  return within(from, localCidrs(region, connection)) && within(to, peerCidrsOf(region, connection));
}

/** What is sent: an echo request, or the first packet of a TCP connection. */
export type Traffic = { readonly protocol: 'icmp' } | { readonly protocol: 'tcp'; readonly port: number };

/** Whether a rule is for such packets, by protocol (name or number) and port. */
function isFor(rule: Row, traffic: Traffic): boolean {
  if (rule.protocol === null) return true;
  if (traffic.protocol === 'icmp') return ['icmp', '1'].includes(String(rule.protocol));
  const [low, high] = [Number(rule.port_range_min ?? 0), Number(rule.port_range_max ?? 65_535)];
  return ['tcp', '6'].includes(String(rule.protocol)) && low <= traffic.port && traffic.port <= high;
}

/** One direction of a packet through security groups, which let its answer pass. */
function allowed(
  region: RegionState,
  port: Row,
  direction: 'ingress' | 'egress',
  remote: string,
  traffic: Traffic,
): boolean {
  if (port.port_security_enabled === false) return true;
  const groups = port.security_groups as string[];
  return region
    .rows('security_group_rule')
    .some(
      (rule) =>
        groups.includes(String(rule.security_group_id)) &&
        rule.direction === direction &&
        rule.ethertype === 'IPv4' &&
        isFor(rule, traffic) &&
        (rule.remote_ip_prefix === null || inCidr(remote, String(rule.remote_ip_prefix))) &&
        (rule.remote_group_id === null || memberAddresses(region, String(rule.remote_group_id)).includes(remote)),
    );
}

function memberAddresses(region: RegionState, group: string): readonly string[] {
  return region
    .rows('port')
    .filter((port) => (port.security_groups as string[]).includes(group))
    .flatMap(addresses);
}

const addresses = (port: Row): readonly string[] => (port.fixed_ips as FixedIp[]).map((ip) => ip.ip_address);

/** Where a packet has come to, and what its answer has: time to live left, and round-trip time in milliseconds. */
export interface Arrival {
  readonly region: RegionState;
  readonly port: Row;
  readonly ttl: number;
  readonly rttMs: number;
}

/**
 * A packet from a port to an address: in its own subnet, over its router, or through a tunnel that carries packets (`carries`). Undefined: no answer.
 */
export function reach(
  region: RegionState,
  port: Row,
  to: string,
  traffic: Traffic,
  regions: readonly RegionState[],
  carries: (end: End) => boolean,
): Arrival | undefined {
  const [from] = port.fixed_ips as FixedIp[];
  if (from === undefined) return undefined;
  const subnet = region.get('subnet', from.subnet_id);
  const local = (hops: number, rttMs: number, target: RegionState, found: Row | undefined): Arrival | undefined => {
    if (found === undefined || !answers(target, found)) return undefined;
    const through =
      allowed(region, port, 'egress', to, traffic) && allowed(target, found, 'ingress', from.ip_address, traffic);
    return through ? { region: target, port: found, ttl: 64 - hops, rttMs } : undefined;
  };
  if (subnet !== undefined && inCidr(to, String(subnet.cidr)))
    return local(0, 0.5, region, portAt(region, to, String(subnet.network_id)));
  const router = routerOf(region, from.subnet_id);
  if (router === undefined) return undefined;
  const near = portBehind(region, router.id, to);
  if (near !== undefined) return local(1, 0.8, region, near);
  for (const connection of region.rows('ipsec_site_connection')) {
    const end = { region, connection };
    if (serviceOf(end)?.router_id !== router.id || !selects(end, from.ip_address, to)) continue;
    const peer = peerOf(end, regions);
    // The other end takes the packet out, and sends the answer, by networks of its own.
    if (peer === undefined || !carries(end) || !selects(peer, to, from.ip_address)) continue;
    return local(2, 4, peer.region, portBehind(peer.region, String(serviceOf(peer)?.router_id), to));
  }
  return undefined;
}

/** Any host of the outside: an address that no region has (RFC 5737). */
const OUTSIDE = '203.0.113.1';

/** A packet from outside to a floating IP: to the port behind it, over a router that is up, with a gateway on its network and a leg in the port's subnet. */
export function reachFromOutside(
  regions: readonly RegionState[],
  address: string,
  traffic: Traffic,
): Omit<Arrival, 'ttl' | 'rttMs'> | undefined {
  for (const region of regions) {
    const floating = region.rows('floatingip').find((ip) => ip.floating_ip_address === address);
    const port = region.get('port', floating?.port_id);
    if (floating === undefined || port === undefined) continue;
    const [fixed] = (port.fixed_ips as FixedIp[]).filter((ip) => ip.ip_address === floating.fixed_ip_address);
    const router = routerOf(region, fixed?.subnet_id);
    const gateway = router?.external_gateway_info as { network_id?: string } | null | undefined;
    const routed = router?.admin_state_up === true && gateway?.network_id === floating.floating_network_id;
    if (!routed || !answers(region, port)) return undefined;
    return allowed(region, port, 'ingress', OUTSIDE, traffic) ? { region, port } : undefined;
  }
  return undefined;
}

function portAt(region: RegionState, address: string, networkId: string): Row | undefined {
  return region.rows('port').find((port) => port.network_id === networkId && addresses(port).includes(address));
}

const isLeg = (port: Row): boolean => port.device_owner === 'network:router_interface';

function routerOf(region: RegionState, subnetId: string | undefined): Row | undefined {
  const leg = region
    .rows('port')
    .find((port) => isLeg(port) && (port.fixed_ips as FixedIp[]).some((ip) => ip.subnet_id === subnetId));
  return region.get('router', leg?.device_id);
}

/** Who has an address in one of a router's subnets. */
function portBehind(region: RegionState, routerId: string, address: string): Row | undefined {
  const ports = region.rows('port');
  const legs = ports.filter((port) => port.device_id === routerId && isLeg(port));
  const subnets = new Set(legs.flatMap((leg) => (leg.fixed_ips as FixedIp[]).map((ip) => ip.subnet_id)));
  const there = (ip: FixedIp) => ip.ip_address === address && subnets.has(ip.subnet_id);
  return ports.find((port) => (port.fixed_ips as FixedIp[]).some(there));
}

/** Routers and DHCP servers answer pings; a VM does while it runs. */
function answers(region: RegionState, port: Row): boolean {
  const owner = String(port.device_owner);
  if (owner.startsWith('network:')) return true;
  return region.get('server', port.device_id)?.status === 'ACTIVE';
}
