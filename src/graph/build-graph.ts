/**
 * `buildGraph(spec)`: the heart of the project. From a spec to the steps that make it, each with what it needs. Everything else reads
 * the result: provision walks it forwards, rollback and destroy backwards, and plan, progress and pictures are drawings of it.
 * The rule: pure, no Node imports, same spec in, same graph out.
 */
import { linkSites } from '../spec/naming.js';
import type { LinkEndSpec, LinkSpec, VpnSpec } from '../spec/types.js';
import { kindNoun } from './kinds.js';
import { needsByKind } from './needs.js';
import { cidrsOf, type EndKind, entrySites, modeOf, peersOf, probedParts, siteSteps } from './site-steps.js';
import { endStepKey, siteStepKey } from './step-keys.js';
import type { ActStep, Graph, LookUps, ProbedSubnets, ResourceStep, Step, Wants } from './types.js';

const END_KINDS: readonly EndKind[] = ['peerEndpointGroup', 'siteConnection'];
const NOTHING_LOOKED_UP: LookUps = { given: {}, images: {} };

/** The steps of a VPN, every step after all that it needs. Without look-ups the shape is the same and what only a cloud knows is empty. */
export function buildGraph(spec: VpnSpec, lookUps: LookUps = NOTHING_LOOKED_UP): Graph {
  const steps: ResourceStep[] = spec.sites.flatMap((site) => siteSteps(spec, lookUps, site));
  for (const link of spec.links) {
    for (const end of link.ends) {
      const kinds = END_KINDS.filter((kind) => kind !== 'peerEndpointGroup' || !isLegacy(spec, end.site));
      steps.push(...kinds.map((kind) => endStep(spec, lookUps, link, end, kind)));
    }
  }
  return inOrder([...connectNeeds(steps, spec), ...spec.links.flatMap((link) => actSteps(spec, link))]);
}

function isLegacy({ sites }: VpnSpec, key: string): boolean {
  return sites.some((site) => site.key === key && modeOf(site) === 'legacy');
}

function endStep(spec: VpnSpec, lookUps: LookUps, link: LinkSpec, end: LinkEndSpec, kind: EndKind): ResourceStep {
  const name = kind === 'siteConnection' ? end.names.connection : end.names.peerEndpointGroup;
  const cidrs = cidrsOf(spec, lookUps, end.peer);
  const want = {
    peerEndpointGroup: { cidrs },
    siteConnection: {
      ...optionsOf(spec, end),
      psk: spec.psk,
      ...(isLegacy(spec, end.site) ? { peerCidrs: cidrs } : {}),
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

/** What an end says of its connection, and the id that its peer presents. */
function optionsOf({ sites }: VpnSpec, end: LinkEndSpec): Pick<Wants['siteConnection'], 'options' | 'peerId'> {
  const at = (key: string) => sites.find((site) => site.key === key)?.connection;
  const options = at(end.site);
  if (options === undefined) throw new Error(`no site ${end.site}`);
  const peerId = at(end.peer)?.localId;
  return { options, ...(peerId === undefined ? {} : { peerId }) };
}

/** Fills in `needs`: the kind's own rule at the same site (and end), what its mode adds, and the two edges that cross to the peer. */
function connectNeeds(steps: readonly ResourceStep[], spec: VpnSpec): readonly ResourceStep[] {
  return steps.map((step) => {
    const own = needsByKind(
      step,
      steps.filter((other) => !isOtherNetwork(other, step)),
    );
    return { ...step, needs: [...own, ...legacyNeeds(step, spec, steps), ...peerNeeds(step, spec, steps)] };
  });
}

/** Of a site's networks a subnet needs the one that it is on. */
function isOtherNetwork(other: ResourceStep, step: ResourceStep): boolean {
  if (other.kind !== 'network' || step.kind !== 'subnet') return false;
  return other.part !== (step as ResourceStep<'subnet'>).want.network;
}

/** The older way a VPN service names the subnet; so does its connection, where it has to make the service anew. */
function legacyNeeds({ kind, site }: ResourceStep, spec: VpnSpec, steps: readonly ResourceStep[]): readonly string[] {
  if ((kind !== 'vpnService' && kind !== 'siteConnection') || !isLegacy(spec, site)) return [];
  return steps.filter((other) => other.kind === 'subnet' && other.site === site).map((other) => other.key);
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
  // An end that is set down keeps the tunnel down: there is nothing to wait for.
  if (spec.sites.some((site) => sites.includes(site.key) && !site.connection.adminStateUp)) return [];
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
