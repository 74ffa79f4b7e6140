/**
 * Why a tunnel is down: both ends compared, in words. strongSwan and the API say no more than DOWN.
 * The rule: PSKs are compared and never shown.
 */
import type { Region } from '../openstack/region.js';
import type { IkePolicy, IpsecPolicy, SiteConnection, VpnService } from '../openstack/types.js';
import type { LinkInput, SitePins } from '../workflows/protocol.js';
import type { Attempt } from './attempt.js';
import { refuse } from './failures.js';
import type { WorkerContext } from './worker-context.js';

/** One end of a link as it stands. */
export interface End {
  readonly site: SitePins;
  readonly connection: SiteConnection;
  readonly service: VpnService;
  readonly ike: IkePolicy;
  readonly ipsec: IpsecPolicy;
  readonly hasGateway: boolean;
}

export type Ends = readonly [End, End];

const IKE_FIELDS = [
  'ike_version',
  'phase1_negotiation_mode',
  'encryption_algorithm',
  'auth_algorithm',
  'pfs',
] as const satisfies readonly (keyof IkePolicy)[];
const IPSEC_FIELDS = [
  'transform_protocol',
  'encapsulation_mode',
  'encryption_algorithm',
  'auth_algorithm',
  'pfs',
] as const satisfies readonly (keyof IpsecPolicy)[];

/** Reads both ends in full. Fails `TunnelDown` when a connection has been removed meanwhile. */
export async function readEnds(input: LinkInput, worker: WorkerContext, attempt: Attempt): Promise<Ends> {
  const [a, b] = input.sites;
  return Promise.all([readEnd(a, input, worker, attempt), readEnd(b, input, worker, attempt)]);
}

/** Stands for the status of a connection that no list shows. */
export const UNSEEN = 'UNSEEN';

/** The status that the API gives each end's connection, by site: one call an end, for who asks over and over. */
export async function readStatuses(
  input: LinkInput,
  worker: WorkerContext,
  attempt: Attempt,
): Promise<Readonly<Record<string, string>>> {
  const ends = input.sites.map(async (site) => {
    const region = await worker.open(site, attempt);
    return [site.site, (await findConnection(site, input, region, attempt))?.status ?? UNSEEN] as const;
  });
  return Object.fromEntries(await Promise.all(ends));
}

async function findConnection(
  site: SitePins,
  input: LinkInput,
  region: Region,
  attempt: Attempt,
): Promise<SiteConnection | undefined> {
  const id = input.outputs[`${input.link}/${site.site}/siteConnection`]?.id;
  return (await attempt.read((call) => region.list('siteConnections', call))).find((one) => one.id === id);
}

async function readEnd(site: SitePins, input: LinkInput, worker: WorkerContext, attempt: Attempt): Promise<End> {
  const region = await worker.open(site, attempt);
  const connection = await findConnection(site, input, region, attempt);
  if (connection === undefined) {
    throw refuse(
      'TunnelDown',
      `the site connection of ${site.site} is gone from ${site.region}: someone removed it. Apply again to make it anew`,
    );
  }
  const service = await attempt.read((call) => region.show('vpnServices', connection.vpnservice_id, call));
  const router = await attempt.read((call) => region.show('routers', service.router_id, call));
  const ike = await attempt.read((call) => region.show('ikePolicies', connection.ikepolicy_id, call));
  const ipsec = await attempt.read((call) => region.show('ipsecPolicies', connection.ipsecpolicy_id, call));
  return {
    site,
    connection,
    service,
    ike,
    ipsec,
    hasGateway: router.external_gateway_info !== null,
  };
}

/** Every reason that can be told from the API, in one paragraph; where none is found, what else to look at. */
export function diagnose(ends: Ends): string {
  const [a, b] = ends;
  const reasons = [
    ...differing(a.ike, b.ike, IKE_FIELDS).map((field) => `the IKE policies differ in ${field}`),
    ...differing(a.ipsec, b.ipsec, IPSEC_FIELDS).map((field) => `the IPsec policies differ in ${field}`),
    ...(a.connection.psk === b.connection.psk ? [] : ['the two ends have different pre-shared keys']),
    ...[[a, b] as const, [b, a] as const].flatMap(([end, peer]) => endReasons(end, peer)),
  ];
  if (reasons.length > 0) return `Found: ${reasons.join('; ')}.`;
  return 'Both ends agree in all that the API shows: look at the VPN agents and at a firewall that drops UDP 500 and 4500 or ESP between the two external addresses.';
}

function endReasons(end: End, peer: End): readonly string[] {
  const { site, connection, service } = end;
  const theirs = peer.service.external_v4_ip;
  return [
    ...(connection.peer_address === theirs
      ? []
      : [`${site.site} calls ${connection.peer_address}, but ${peer.site.site}'s VPN service is at ${theirs}`]),
    ...(end.hasGateway ? [] : [`the router of ${site.site} has no external gateway`]),
    ...(connection.status === 'PENDING_CREATE'
      ? [
          `no VPN agent of ${site.region} has picked up the connection of ${site.site} (releases 2024.2 to 2025.2 forget a second connection of a router: bug 2127166)`,
        ]
      : []),
    ...(connection.status === 'ERROR' || service.status === 'ERROR'
      ? [`${site.site} is in ERROR: ask the cloud for its VPN agent's log`]
      : []),
  ];
}

function differing<P>(a: P, b: P, fields: readonly (keyof P & string)[]): readonly string[] {
  return fields
    .filter((field) => a[field] !== b[field])
    .map((field) => `${field} (${String(a[field])} and ${String(b[field])})`);
}
