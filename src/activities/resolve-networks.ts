/**
 * What a run checks of the networks of all sites together, once it knows what exists and what stands of the VPN.
 * The rule: it only reads, and what no run could do is refused here, before anything is touched.
 */
import { cidrsOf, externalPeers } from '../graph/site-steps.js';
import { placeOf, siteStepKey } from '../graph/step-keys.js';
import { type Graph, isResourceStep, type LookUps, type ResourceStep } from '../graph/types.js';
import { overlap, rangeOf } from '../spec/ipv4.js';
import type { SiteSpec, VpnSpec } from '../spec/types.js';
import type { Attempt } from './attempt.js';
import { refuse } from './failures.js';
import type { Found } from './kind.js';
import type { SiteLookUp } from './look-up-site.js';
import { sameValue } from './resources/neutron-kind.js';
import { subnet as subnetKind } from './resources/subnet.js';

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
    const plain = (await standingSubnets(spec.name, site.key, sites, attempt)).find(
      ({ mark }) => mark?.step === siteStepKey(site.key, 'subnet'),
    );
    const isPlain = ({ cidr }: { readonly cidr: string }) => cidr === plain?.fields.cidr;
    const rest = network.subnets.filter((subnet) => !isPlain(subnet));
    return { ...site, network: { ...network, subnets: [...network.subnets.filter(isPlain), ...rest] } };
  });
  return { ...spec, sites: await Promise.all(ordered) };
}

/** A standing VPN joins the subnets that it was made with: an endpoint group cannot be given others, and is in use. What is otherwise, a text a site. */
export async function otherSubnets(
  spec: VpnSpec,
  graph: Graph,
  standing: ReadonlyMap<string, Found>,
  sites: LookedUp,
  lookUps: LookUps,
  attempt: Attempt,
): Promise<readonly string[]> {
  const problems = new Map<string, string>();
  for (const step of graph.steps.filter(isResourceStep)) {
    const found = standing.get(step.key);
    const of = groupedSite(step);
    if (found === undefined || of === undefined || problems.has(of)) continue;
    const want = cidrsOf(spec, lookUps, of);
    const have = await rangesIn(found, step, sites, attempt);
    if (sameValue(have, want)) continue;
    problems.set(
      of,
      `the VPN that stands joins ${have.join(', ')} (${step.title}, ${found.id}), the spec says ${want.join(', ')}, and an endpoint group cannot be given other subnets`,
    );
  }
  for (const { key } of spec.sites) {
    const left = (await standingSubnets(spec.name, key, sites, attempt)).find(
      ({ mark }) => !graph.steps.some((step) => step.key === mark?.step),
    );
    if (left === undefined || problems.has(key)) continue;
    problems.set(
      key,
      `${String(left.fields.cidr)} stands (subnet ${left.name}, ${left.id}), and the spec has it no more`,
    );
  }
  const external = externalPeers(spec).map(({ site }) => site);
  const fieldOf = (site: string) => (external.includes(site) ? 'external.cidrs' : 'network.subnets');
  return [...problems].map(([site, problem]) => `sites.${site}.${fieldOf(site)}: ${problem}`);
}

/** The site whose subnets an endpoint group holds. */
function groupedSite({ kind, site, peer }: ResourceStep): string | undefined {
  if (kind === 'localEndpointGroup') return site;
  return kind === 'peerEndpointGroup' ? peer : undefined;
}

/** Ranges of an endpoint group; the id of a subnet that is gone stands for itself. */
async function rangesIn(
  { fields }: Found,
  { kind, site }: ResourceStep,
  sites: LookedUp,
  attempt: Attempt,
): Promise<readonly string[]> {
  const endpoints = (fields.endpoints ?? []) as readonly string[];
  const region = sites.get(site)?.region;
  if (kind === 'peerEndpointGroup' || region === undefined) return endpoints;
  const subnets = await attempt.read((call) => region.list('subnets', call));
  return endpoints.map((id) => subnets.find((subnet) => subnet.id === id)?.cidr ?? id);
}

/** Subnets that bear the marks of a VPN's site. */
async function standingSubnets(
  vpn: string,
  site: string,
  sites: LookedUp,
  attempt: Attempt,
): Promise<readonly Found[]> {
  const look = sites.get(site);
  if (look === undefined) return [];
  const all = await subnetKind.inventory(look.region, attempt);
  return all.filter(
    ({ mark }) => mark?.owner === look.pins.owner && mark.vpn === vpn && placeOf(mark.step, 'subnet')?.site === site,
  );
}
