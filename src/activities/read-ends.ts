/**
 * The two ends of a link as they stand: everything that makes a tunnel or breaks it, read to be compared.
 * The rule: it only reads, and a part that is gone is a finding and no error.
 */
import { endStepKey, siteStepKey } from '../graph/step-keys.js';
import type { Region } from '../openstack/region.js';
import type { IkePolicy, IpsecPolicy, Router, SiteConnection, VpnService } from '../openstack/types.js';
import type { LinkInput, SitePins } from '../workflows/protocol.js';
import type { Attempt } from './attempt.js';
import { isOvn } from './capabilities.js';
import { orGone } from './failures.js';
import type { WorkerContext } from './worker-context.js';

/** One end of a link as it stands. What is undefined is gone, or hangs on something that is. */
export interface End {
  readonly site: string;
  readonly region: string;
  readonly connection: SiteConnection | undefined;
  readonly service: VpnService | undefined;
  readonly router: Router | undefined;
  readonly ike: IkePolicy | undefined;
  readonly ipsec: IpsecPolicy | undefined;
  /** Networks behind this end, and those that it calls its peer's; undefined where a group or a subnet is gone. */
  readonly localCidrs: readonly string[] | undefined;
  readonly peerCidrs: readonly string[] | undefined;
  /** What the connection refers to and the cloud no longer has, in words with ids. */
  readonly gone: readonly string[];
  /** Its VPN service's address as this run's step had it. */
  readonly addressOnce: string | undefined;
  /** With OVN the VPN service has an address of its own; otherwise it is the router's, copied when the service was made. */
  readonly ownAddress: boolean;
}

/** Both ends of a link, or the one whose other end is external. */
export type Ends = readonly [End, ...End[]];

/** What leads to the connections of a link. */
export type OfLink = Pick<LinkInput, 'link' | 'outputs'>;

/** Stands for the status of a connection that no list shows. */
export const UNSEEN = 'UNSEEN';

/** Reads the ends in full. */
export async function readEnds(input: LinkInput, worker: WorkerContext, attempt: Attempt): Promise<Ends> {
  const [first, ...rest] = input.sites;
  return Promise.all([
    readEnd(first, input, worker, attempt),
    ...rest.map((site) => readEnd(site, input, worker, attempt)),
  ]);
}

/** The status that the API gives each end's connection, by site: one call an end, for who asks over and over. */
export async function readStatuses(
  input: LinkInput,
  worker: WorkerContext,
  attempt: Attempt,
): Promise<Readonly<Record<string, string>>> {
  const ends = input.sites.map(async (site) => {
    const region = await worker.open(site, attempt);
    const { own } = await readConnections(site, input, region, attempt);
    return [site.site, own?.status ?? UNSEEN] as const;
  });
  return Object.fromEntries(await Promise.all(ends));
}

/** The connection of an end, and all others that its region shows. */
export async function readConnections(
  site: SitePins,
  input: OfLink,
  region: Region,
  attempt: Attempt,
): Promise<{ readonly own: SiteConnection | undefined; readonly others: readonly SiteConnection[] }> {
  const id = input.outputs[endStepKey(input.link, site.site, 'siteConnection')]?.id;
  const all = await attempt.read((call) => region.list('siteConnections', call));
  return { own: all.find((one) => one.id === id), others: all.filter((one) => one.id !== id) };
}

/** Reads one end in full. */
export async function readEnd(pins: SitePins, input: OfLink, worker: WorkerContext, attempt: Attempt): Promise<End> {
  const region = await worker.open(pins, attempt);
  const gone: string[] = [];
  const show = async <T>(what: string, id: string | undefined, read: (id: string) => Promise<T>) => {
    if (!id) return undefined;
    const found = await orGone(read(id));
    if (found === undefined) gone.push(`${what} ${id}`);
    return found;
  };
  const { own } = await readConnections(pins, input, region, attempt);
  const read = <C extends Parameters<Region['show']>[0]>(collection: C) => {
    return (id: string) => attempt.read((call) => region.show<C>(collection, id, call));
  };
  const service = await show('VPN service', own?.vpnservice_id, read('vpnServices'));
  const router = await show('router', service?.router_id, read('routers'));
  const ike = await show('IKE policy', own?.ikepolicy_id, read('ikePolicies'));
  const ipsec = await show('IPsec policy', own?.ipsecpolicy_id, read('ipsecPolicies'));
  const local = await show('local endpoint group', own?.local_ep_group_id ?? undefined, read('endpointGroups'));
  const peer = await show('peer endpoint group', own?.peer_ep_group_id ?? undefined, read('endpointGroups'));
  const subnetIds = service?.subnet_id ? [service.subnet_id] : local?.endpoints;
  const subnets = await Promise.all((subnetIds ?? []).map((id) => show('subnet', id, read('subnets'))));
  const localCidrs = subnets.flatMap((subnet) => subnet?.cidr ?? []);
  return {
    site: pins.site,
    region: pins.region,
    connection: own,
    service,
    router,
    ike,
    ipsec,
    localCidrs: subnetIds !== undefined && localCidrs.length === subnetIds.length ? localCidrs : undefined,
    peerCidrs: own?.peer_cidrs?.length ? own.peer_cidrs : peer?.endpoints,
    gone,
    addressOnce: input.outputs[siteStepKey(pins.site, 'vpnService')]?.address,
    ownAddress: await isOvn(region, attempt.read),
  };
}
