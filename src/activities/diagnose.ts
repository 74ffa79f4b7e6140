/**
 * Why a tunnel is down: both ends compared, in words, each reason with what to do about it. strongSwan and the API say no more than DOWN.
 * The rules: a reason is one small function in a table, which gives its text or nothing; PSKs are compared and never shown; what is not known gives no reason.
 */
import { isNameId } from '../spec/ids.js';
import { rangeOf } from '../spec/ipv4.js';
import type { ExternalPeer } from '../spec/types.js';
import { type End, type Ends, UNSEEN } from './read-ends.js';

/** One thing that may be wrong at an end, whatever is at the other. */
type EndReason = (end: End) => string | undefined;
/** One thing in which an end may not be what its peer expects. */
type PeerReason = (end: End, peer: End) => string | undefined;
/** One thing in which an end may not be what it was to be for a peer that is not OpenStack. */
type ExternalReason = (end: End, external: ExternalPeer) => string | undefined;
/** One thing that may be wrong between the two. */
type LinkReason = (a: End, b: End) => string | undefined;

const AGAIN = 'apply again, which sets it right';
const ANEW = 'destroy the VPN and apply it anew';

const LINK_REASONS: readonly LinkReason[] = [
  ({ ike: a }, { ike: b }) => {
    const mode = a?.ike_version === 'v2' && b?.ike_version === 'v2' ? [] : (['phase1_negotiation_mode'] as const);
    const fields = ['ike_version', ...mode, 'encryption_algorithm', 'auth_algorithm', 'pfs'] as const;
    return differing('IKE', a, b, fields);
  },
  ({ ipsec: a }, { ipsec: b }) => {
    const fields = [
      'transform_protocol',
      'encapsulation_mode',
      'encryption_algorithm',
      'auth_algorithm',
      'pfs',
    ] as const;
    return differing('IPsec', a, b, fields);
  },
  ({ connection: a }, { connection: b }) =>
    a === undefined || b === undefined || a.psk === b.psk
      ? undefined
      : 'the two ends have different pre-shared keys (apply again, which gives both the same)',
  ({ connection: a }, { connection: b }) =>
    a?.initiator === 'response-only' && b?.initiator === 'response-only'
      ? 'both ends are response-only, so neither begins (make one of them bi-directional: connection.initiator in the spec)'
      : undefined,
  (a, b) =>
    a.ike?.ike_version === 'v1' && [a, b].some(({ localCidrs }) => localCidrs !== undefined && localCidrs.length > 1)
      ? `IKEv1 joins one pair of networks a tunnel, and strongSwan, which most VPN agents run, makes no second one (say ike.version: v2 in the spec; ${ANEW})`
      : undefined,
];

const PEER_REASONS: readonly PeerReason[] = [
  ({ site, connection }, peer) => {
    const theirs = peer.service?.external_v4_ip;
    if (connection === undefined || !theirs || connection.peer_address === theirs) return undefined;
    return `${site} calls ${connection.peer_address}, but ${peer.site}'s VPN service is at ${theirs} (${AGAIN})`;
  },
  ({ site, connection }, peer) => {
    const theirs = peer.connection?.local_id || peer.service?.external_v4_ip;
    if (connection === undefined || !theirs || connection.peer_id === theirs) return undefined;
    return `${site} expects the id ${connection.peer_id}, but ${peer.site} presents itself as ${theirs} (${AGAIN})`;
  },
  ({ site, connection }, peer) => {
    const id = connection?.local_id;
    if (!id || !isNameId(id) || peer.connection === undefined || peer.connection.local_id) return undefined;
    return `${site} has the name ${id}, so that its cloud takes the id that it expects for a name as well, but ${peer.site} has no id of its own and presents its address (${AGAIN})`;
  },
  ({ site, localCidrs }, peer) =>
    localCidrs === undefined || peer.peerCidrs === undefined || sameRanges(localCidrs, peer.peerCidrs)
      ? undefined
      : `${site} has the networks ${listed(localCidrs)}, but ${peer.site} calls its peer's networks ${listed(peer.peerCidrs)} (${AGAIN}; where the cloud refuses that, ${ANEW})`,
];

const EXTERNAL_REASONS: readonly ExternalReason[] = [
  ({ site, connection }, { site: other, address }) =>
    connection === undefined || connection.peer_address === address
      ? undefined
      : `${site} calls ${connection.peer_address}, but the spec says that ${other} is at ${address} (${AGAIN})`,
  ({ site, connection }, { site: other, id }) =>
    connection === undefined || connection.peer_id === id
      ? undefined
      : `${site} expects the id ${connection.peer_id}, but the spec says that ${other} presents itself as ${id} (${AGAIN})`,
  ({ site, peerCidrs }, { site: other, cidrs }) =>
    peerCidrs === undefined || sameRanges(peerCidrs, cidrs)
      ? undefined
      : `${site} calls its peer's networks ${listed(peerCidrs)}, but the spec says that ${other} has ${listed(cidrs)} (${AGAIN})`,
];

const END_REASONS: readonly EndReason[] = [
  ({ site, region, connection }) =>
    connection === undefined
      ? `the site connection of ${site} is gone from ${region}: someone removed it (apply again, which makes it anew)`
      : undefined,
  ({ site, gone }) =>
    gone.length === 0 ? undefined : `${gone.join(' and ')} of ${site} is gone: someone removed it (${ANEW})`,
  ({ site, service, addressOnce }) => {
    const address = service?.external_v4_ip;
    if (!address || addressOnce === undefined || address === addressOnce) return undefined;
    return `the VPN service of ${site} was at ${addressOnce} when this run looked, and is at ${address} now (apply again, so that the other end calls it there)`;
  },
  ({ site, service, router, ownAddress }) => {
    const address = service?.external_v4_ip;
    const now = router?.external_gateway_info?.external_fixed_ips?.map((ip) => ip.ip_address) ?? [];
    if (ownAddress || !address || now.length === 0 || now.includes(address)) return undefined;
    return `the gateway of ${site} has changed: its router is at ${now.join(' and ')}, but its VPN service still has ${address}, from when it was made (${ANEW}, or give the router its old address back)`;
  },
  ({ site, router, region }) =>
    router !== undefined && router.external_gateway_info === null
      ? `the router of ${site} has no external gateway (set one in ${region}: openstack router set ${router.id} --external-gateway NETWORK; then apply again)`
      : undefined,
  ({ site, connection }) =>
    connection?.admin_state_up === false ? `the site connection of ${site} is set down (${AGAIN})` : undefined,
  ({ site, region, service }) =>
    service?.admin_state_up === false
      ? `the VPN service of ${site} is set down (set it up in ${region}: openstack vpn service set --enable ${service.id})`
      : undefined,
  ({ site, region, router }) =>
    router?.admin_state_up === false
      ? `the router of ${site} is set down (set it up in ${region}: openstack router set --enable ${router.id})`
      : undefined,
  ({ site, region, connection, router }) =>
    connection?.status === 'PENDING_CREATE'
      ? `no VPN agent of ${region} has picked up the connection of ${site}, or it has lost it (Neutron 2024.2 to 2025.2 forgets a further connection of a running service, bug 2127166: any update of router ${router?.id ?? ''} makes it look; else ask the cloud whether its VPN agent runs)`
      : undefined,
  ({ site, region, connection, service }) =>
    connection?.status === 'ERROR' || service?.status === 'ERROR'
      ? `the ${connection?.status === 'ERROR' ? 'site connection' : 'VPN service'} of ${site} is in ERROR (ask ${region} for its VPN agent's log; ${ANEW} once it is mended)`
      : undefined,
];

/** Every reason that can be told from the API, in one paragraph; where none is found, what else to look at. `external`: where there is one end only. */
export function diagnose([a, b]: Ends, external?: ExternalPeer): string {
  const ofBoth = b === undefined ? [] : betweenTwo(a, b);
  const ofExternal = external === undefined ? [] : EXTERNAL_REASONS.map((reason) => reason(a, external));
  const ofEach = [a, b].flatMap((end) => (end === undefined ? [] : END_REASONS.map((reason) => reason(end))));
  const reasons = [...ofBoth, ...ofExternal, ...ofEach].filter((text) => text !== undefined);
  if (reasons.length > 0) return `Found: ${reasons.join('; ')}.`;
  if (external !== undefined) return notAnswered(a, external);
  return 'Both ends agree in all that the API shows: look at the VPN agents and at a firewall that drops UDP 500 and 4500 or ESP between the two external addresses.';
}

function betweenTwo(a: End, b: End): readonly (string | undefined)[] {
  return [
    ...LINK_REASONS.map((reason) => reason(a, b)),
    ...PEER_REASONS.flatMap((reason) => [reason(a, b), reason(b, a)]),
  ];
}

/** Of an end that nobody here can look at, only what it has to be is known. */
function notAnswered(
  { site, connection, service, localCidrs = [] }: End,
  { site: other, ...peer }: ExternalPeer,
): string {
  const address = service?.external_v4_ip ?? '';
  const begins = connection?.initiator === 'response-only' ? ` ${site} only answers, so ${other} must begin.` : '';
  return `${site} is as it should be in all that the API shows; what is wrong at ${other} cannot be seen from here. It must call ${address}, which presents itself as ${connection?.local_id || address}, from ${peer.address} as ${peer.id}, with the networks ${listed(peer.cidrs)} there and ${listed(localCidrs)} here, the same PSK, policies and IKE version (regionlink peer-config tells them all).${begins} Look at its log, and at a firewall that drops UDP 500 and 4500 or ESP between the two addresses.`;
}

/** Status of each end's connection, by site. */
export function statusesOf(ends: Ends): Readonly<Record<string, string>> {
  return Object.fromEntries(ends.map((end) => [end.site, end.connection?.status ?? UNSEEN]));
}

function differing<P extends object>(
  what: string,
  a: P | undefined,
  b: P | undefined,
  fields: readonly (keyof P & string)[],
): string | undefined {
  if (a === undefined || b === undefined) return undefined;
  const differ = fields.filter((field) => (a[field] ?? '') !== (b[field] ?? ''));
  if (differ.length === 0) return undefined;
  const values = differ.map((field) => `${field} (${String(a[field])} and ${String(b[field])})`);
  return `the ${what} policies differ in ${values.join(', ')} (a policy in use cannot be changed back: ${ANEW})`;
}

/** The same networks in any order, whatever host bits a CIDR was written with. */
function sameRanges(one: readonly string[], other: readonly string[]): boolean {
  const [a, b] = [one, other].map((cidrs) => new Set(cidrs.map(asRange)));
  return a !== undefined && b !== undefined && a.size === b.size && [...a].every((range) => b.has(range));
}

function asRange(cidr: string): string {
  const range = rangeOf(cidr);
  return range === undefined ? cidr.toLowerCase() : `${range.first}-${range.last}`;
}

function listed(cidrs: readonly string[]): string {
  return cidrs.join(', ') || 'none';
}
