/**
 * `buildGraph(spec)`: the heart of the project. From a spec to the steps that make it, each with what it needs. Everything else reads
 * the result: provision walks it forwards, rollback and destroy backwards, and plan, progress and pictures are drawings of it.
 * The rule: pure, no Node imports, same spec in, same graph out.
 */
import { linkSites } from '../spec/naming.js';
import type { LinkEndSpec, LinkSpec, VpnSpec } from '../spec/types.js';
import { kindNoun } from './kinds.js';
import { needsByKind } from './needs.js';
import { cidrsOf, type EndKind, entrySites, peersOf, probedParts, siteSteps } from './site-steps.js';
import { endStepKey, siteStepKey } from './step-keys.js';
import type { ActStep, Graph, LookUps, ProbedSubnets, ResourceStep, Step } from './types.js';

const END_KINDS: readonly EndKind[] = ['peerEndpointGroup', 'siteConnection'];
const NOTHING_LOOKED_UP: LookUps = { given: {}, images: {} };

/** The steps of a VPN, every step after all that it needs. Without look-ups the shape is the same and what only a cloud knows is empty. */
export function buildGraph(spec: VpnSpec, lookUps: LookUps = NOTHING_LOOKED_UP): Graph {
  const steps: ResourceStep[] = spec.sites.flatMap((site) => siteSteps(spec, lookUps, site));
  for (const link of spec.links) {
    for (const end of link.ends) steps.push(...END_KINDS.map((kind) => endStep(spec, lookUps, link, end, kind)));
  }
  return inOrder([...connectNeeds(steps, spec), ...spec.links.flatMap((link) => actSteps(spec, link))]);
}

function endStep(spec: VpnSpec, lookUps: LookUps, link: LinkSpec, end: LinkEndSpec, kind: EndKind): ResourceStep {
  const name = kind === 'siteConnection' ? end.names.connection : end.names.peerEndpointGroup;
  const want = {
    peerEndpointGroup: { cidrs: cidrsOf(spec, lookUps, end.peer) },
    siteConnection: {
      options: spec.connection,
      psk: spec.psk,
      ...(end.external === undefined ? {} : { external: end.external }),
    },
  };
  return {
    key: endStepKey(link.key, end.site, kind),
    kind,
    site: end.site,
    link: link.key,
    peer: end.peer,
    name,
    want: want[kind],
    needs: [],
    title: `${kindNoun(kind)} ${name}`,
    temporary: false,
  };
}

/** Fills in `needs`: the kind's own rule at the same site (and end), plus the two edges that cross to the peer. */
function connectNeeds(steps: readonly ResourceStep[], spec: VpnSpec): readonly ResourceStep[] {
  return steps.map((step) => {
    const own = needsByKind(
      step,
      steps.filter((other) => !isOtherNetwork(other, step)),
    );
    return { ...step, needs: [...own, ...peerNeeds(step, spec, steps)] };
  });
}

/** Of a site's networks a subnet needs the one that it is on. */
function isOtherNetwork(other: ResourceStep, step: ResourceStep): boolean {
  if (other.kind !== 'network' || step.kind !== 'subnet') return false;
  return other.part !== (step as ResourceStep<'subnet'>).want.network;
}

function peerNeeds(step: ResourceStep, spec: VpnSpec, steps: readonly ResourceStep[]): readonly string[] {
  // A connection names the other side's VPN service address, which may differ from its router's.
  const service = step.peer === undefined ? undefined : siteStepKey(step.peer, 'vpnService');
  // An external peer has none: its address is in the spec.
  if (step.kind === 'siteConnection') return steps.flatMap(({ key }) => (key === service ? [key] : []));
  // A test VM's script pings the peers' VMs, so their addresses must be known before it boots.
  if (step.kind === 'server') {
    const peers = peersOf(spec, step.site);
    return steps.filter((other) => other.kind === 'port' && peers.includes(other.site)).map((other) => other.key);
  }
  return [];
}

function actSteps(spec: VpnSpec, link: LinkSpec): readonly ActStep[] {
  const connections = link.ends.map((end) => endStepKey(link.key, end.site, 'siteConnection'));
  const [first, ...rest] = link.ends;
  const sites = [first.site, ...rest.map(({ site }) => site)] as const;
  const title = linkSites(link.key).join(' ↔ ');
  const tunnel = {
    key: `${link.key}/awaitTunnel`,
    kind: 'awaitTunnel',
    link: link.key,
    sites,
    ...(first.external === undefined ? {} : { external: first.external }),
    title: `tunnel ${title}`,
  } as const;
  if (spec.check.via === 'none') return [{ ...tunnel, needs: connections }];
  const subnets = probedSubnets(spec, sites);
  const pairs = subnets === undefined ? 1 : subnets[0].length * subnets[1].length;
  const ping: ActStep = {
    key: `${link.key}/ping`,
    kind: 'ping',
    link: link.key,
    sites,
    ...(subnets === undefined ? {} : { subnets }),
    title: `ping ${title}${spec.check.via === 'ssh' ? ' over SSH' : ''}${pairs === 1 ? '' : `, ${pairs} pairs of subnets`}`,
    needs: [
      ...connections,
      ...sites.flatMap((site, index) => (subnets?.[index] ?? ['']).map((part) => siteStepKey(site, 'server', part))),
      ...entrySites({ ...spec, links: [link] }).map((site) => siteStepKey(site, 'floatingIp')),
    ],
  };
  // The ping comes first: packets flow up to a minute before the API says ACTIVE, and their traffic brings up an idle tunnel.
  return [ping, { ...tunnel, needs: [...connections, ping.key] }];
}

/** The subnets at both sites of a link that ping each other. Undefined where each site has one: then it is clear. */
function probedSubnets(spec: VpnSpec, keys: readonly string[]): ProbedSubnets | undefined {
  const [a, b] = keys.map((key) => spec.sites.find((site) => site.key === key));
  if (a === undefined || b === undefined) return undefined;
  const several = a.network.subnets.length > 1 || b.network.subnets.length > 1;
  return several ? [probedParts(spec, a), probedParts(spec, b)] : undefined;
}

/** Stable topological order: repeatedly the first step whose needs all stand. Throws on a cycle, which is a programming error. */
export function inOrder(steps: readonly Step[]): Graph {
  const placed = new Set<string>();
  const ordered: Step[] = [];
  let rest = [...steps];
  while (rest.length > 0) {
    const ready = rest.filter((step) => step.needs.every((need) => placed.has(need)));
    if (ready.length === 0)
      throw new Error(`steps need each other in a circle: ${rest.map((step) => step.key).join(', ')}`);
    for (const step of ready) placed.add(step.key);
    ordered.push(...ready);
    rest = rest.filter((step) => !placed.has(step.key));
  }
  return { steps: ordered };
}
