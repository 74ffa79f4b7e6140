/**
 * What a run checks of the networks of all sites together, once it knows what exists and what stands of the VPN.
 * The rule: it only reads, and what no run could do is refused here, before anything is touched.
 */
import { cidrsOf, externalPeers } from '../graph/site-steps.js';
import { placeOf, siteStepKey, stepKeyOf } from '../graph/step-keys.js';
import type { Graph, LookUps, ResourceStep } from '../graph/types.js';
import { overlap, rangeOf } from '../spec/ipv4.js';
import type { SiteSpec, VpnSpec } from '../spec/types.js';
import type { Attempt } from './attempt.js';
import { refuse } from './failures.js';
import { type Item, legsOf, markedOf } from './holdings.js';
import type { Found } from './kind.js';
import type { SiteLookUp } from './look-up-site.js';
import { network as networkKind } from './resources/network.js';
import { subnet as subnetKind } from './resources/subnet.js';

/** What a changed spec may have more or less of. */
const NETWORKS = [networkKind, subnetKind] as const;

type LookedUp = ReadonlyMap<string, SiteLookUp>;

/** Ranges of existing subnets are known only now; the spec's own validation has seen those of created ones. */
export function refuseOverlap(spec: VpnSpec, lookUps: LookUps): void {
  const ranges = [...spec.sites.map(({ key }) => key), ...externalPeers(spec).map(({ site }) => site)].flatMap((key) =>
    cidrsOf(spec, lookUps, key).map((cidr) => ({ key, cidr, range: rangeOf(cidr) })),
  );
  const problems = ranges.flatMap((one, index) =>
    ranges
      .slice(0, index)
      .filter((earlier) => overlap(earlier.range, one.range))
      .map(
        (other) =>
          `${one.cidr} of site ${one.key} overlaps ${other.cidr} of site ${other.key}: packets between them could not be routed. Choose other subnets`,
      ),
  );
  if (problems.length > 0) throw refuse('CloudNotSuitable', problems.join('\n'));
}

/** A tunnel from a router to itself would join what is joined already. */
export function refuseOneRouter(spec: VpnSpec, { given }: LookUps): void {
  for (const { ends } of spec.links) {
    const [a, b] = ends.map(({ site }) => given[siteStepKey(site, 'router')]);
    if (a === undefined || a.id !== b?.id) continue;
    throw refuse(
      'CloudNotSuitable',
      `sites ${ends.map(({ site }) => site).join(' and ')} name the same router ${a.name} (${a.id}): its subnets reach each other without a VPN. Name another router for one of them`,
    );
  }
}

/**
 * A site's first subnet has the plain keys, which stand in marks. So the one that bears them comes first, whatever the order of the file is by now;
 * all others are known by their ranges.
 */
export async function inStandingOrder(spec: VpnSpec, sites: LookedUp, attempt: Attempt): Promise<VpnSpec> {
  const ordered = spec.sites.map(async (site): Promise<SiteSpec> => {
    const { network } = site;
    if (network.kind === 'existing' || network.subnets.length < 2) return site;
    const look = sites.get(site.key);
    const marked = look === undefined ? [] : await markedOf(NETWORKS, spec.name, look, attempt);
    const plain = marked.find(({ kind, part }) => kind === 'subnet' && part === undefined);
    const isPlain = ({ cidr }: { readonly cidr: string }) => cidr === plain?.found.fields.cidr;
    const rest = network.subnets.filter((subnet) => !isPlain(subnet));
    return { ...site, network: { ...network, subnets: [...network.subnets.filter(isPlain), ...rest] } };
  });
  return { ...spec, sites: await Promise.all(ordered) };
}

/** What of a standing VPN's networks the spec has no more, and what it cannot be changed to, a text each. */
export interface NetworkChanges {
  readonly conflicts: readonly string[];
  /** Marked subnets, the router's legs in them, and networks on which the spec has no subnet by now. */
  readonly retired: readonly Item[];
}

/**
 * Compares the networks that stand with those of the spec. A further subnet may come and go; the first has the plain keys of the site, and a tunnel over
 * another router is another tunnel.
 */
export async function networkChanges(
  spec: VpnSpec,
  graph: Graph,
  standing: ReadonlyMap<string, Found>,
  sites: LookedUp,
  lookUps: LookUps,
  attempt: Attempt,
): Promise<NetworkChanges> {
  const changes = await Promise.all(
    [...sites.values()].map(async (look): Promise<NetworkChanges> => {
      const { site } = look.pins;
      const marked = await markedOf(NETWORKS, spec.name, look, attempt);
      const isFirst = ({ kind, part }: Item) => kind === 'subnet' && part === undefined;
      const first = marked.find(isFirst);
      const want = graph.steps.find((step) => step.key === siteStepKey(site, 'subnet')) as SubnetStep | undefined;
      const gone = marked.filter((item) => !graph.steps.some(({ key }) => key === stepKeyOf(item)) && !isFirst(item));
      const router = lookUps.given[siteStepKey(site, 'router')]?.id ?? standing.get(siteStepKey(site, 'router'))?.id;
      const legs = await legsIn(gone, standing.get(siteStepKey(site, 'router')), attempt);
      return {
        conflicts: [
          ...(first !== undefined && first.found.fields.cidr !== want?.want.cidr ? [noFirst(site, first.found)] : []),
          ...(await otherRouter(site, router, standing, look, attempt)),
          ...otherExternalNetwork(look, standing.get(siteStepKey(site, 'externalGateway'))),
        ],
        retired: [...gone, ...legs],
      };
    }),
  );
  return {
    conflicts: changes.flatMap(({ conflicts }) => conflicts),
    retired: changes.flatMap(({ retired }) => retired),
  };
}

type SubnetStep = ResourceStep<'subnet'>;

function noFirst(site: string, { id, name, fields }: Found): string {
  return `sites.${site}.network.subnets: ${String(fields.cidr)} (subnet ${name}, ${id}) is the one that this site was made with, and the spec has it no more. Keep it: only further subnets may go`;
}

/** A connection stands on its VPN service for good, and that one on its router. */
async function otherRouter(
  site: string,
  router: string | undefined,
  standing: ReadonlyMap<string, Found>,
  { region }: SiteLookUp,
  attempt: Attempt,
): Promise<readonly string[]> {
  const used = [...standing].flatMap(([key, { fields }]) =>
    placeOf(key, 'siteConnection')?.site === site ? [fields.vpnservice_id] : [],
  );
  const known = standing.get(siteStepKey(site, 'vpnService'))?.id;
  if (used.every((id) => id === known)) return [];
  const services = await attempt.read((call) => region.list('vpnServices', call));
  const others = services.filter(({ id, router_id }) => used.includes(id) && router_id !== router);
  return others.map(
    ({ id, name, router_id }) =>
      `sites.${site}.network.router: the VPN that stands goes over router ${router_id} (VPN service ${name}, ${id}), and a connection cannot change to another. Name that router`,
  );
}

/** The gateway's address is what the other site calls. */
function otherExternalNetwork({ pins, externalNetwork }: SiteLookUp, gateway: Found | undefined): readonly string[] {
  const have = gateway?.fields.network_id;
  if (have === undefined || externalNetwork === undefined || have === externalNetwork) return [];
  return [
    `sites.${pins.site}.externalNetwork: the gateway of router ${gateway?.name} (${gateway?.id}) is on network ${String(have)}, the spec says ${externalNetwork}, and with another its address would change. Keep that network`,
  ];
}

/** Legs of the site's own router in subnets. */
async function legsIn(items: readonly Item[], router: Found | undefined, attempt: Attempt): Promise<readonly Item[]> {
  const [first] = items;
  if (first === undefined || router === undefined) return [];
  const { part: _, ...at } = first;
  const legs = await legsOf([...items, { ...at, kind: 'router', found: router }], first.place, attempt);
  return legs.filter(({ kind }) => kind === 'routerInterface');
}
