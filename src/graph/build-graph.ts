/**
 * `buildGraph(spec)`: the heart of the project. From a spec to the steps that make it, each with what it needs. Everything else reads
 * the result: provision walks it forwards, rollback and destroy backwards, and plan, progress and pictures are drawings of it.
 * The rule: pure, no Node imports, same spec in, same graph out.
 */
import type { LinkEndSpec, LinkSpec, SiteSpec, VpnSpec } from '../spec/types.js';
import { KINDS, kindNoun } from './kinds.js';
import type { ActStep, Graph, LookUps, ResourceKind, ResourceStep, Step, Wants } from './types.js';

/** Key of a site's own step: `left/subnet`. */
export function siteStepKey(site: string, kind: ResourceKind): string {
  return `${site}/${kind}`;
}

/** Key of a step at one end of a link: `left~right/left/siteConnection`. */
export function endStepKey(link: string, site: string, kind: ResourceKind): string {
  return `${link}/${site}/${kind}`;
}

const SITE_KINDS_OF_A_CREATED_NETWORK: readonly SiteKind[] = [
  'network',
  'subnet',
  'router',
  'externalGateway',
  'routerInterface',
];
const SITE_KINDS: readonly SiteKind[] = ['ikePolicy', 'ipsecPolicy', 'vpnService', 'localEndpointGroup'];
type EndKind = 'peerEndpointGroup' | 'siteConnection';
type SiteKind = Exclude<ResourceKind, EndKind>;
const END_KINDS: readonly EndKind[] = ['peerEndpointGroup', 'siteConnection'];
const CHECK_KINDS: readonly SiteKind[] = ['securityGroup', 'securityGroupRule', 'port', 'server'];
/** With SSH a rule more at every site, and one floating IP a link: the second test VM is reached through the first. */
const SSH_KINDS: readonly SiteKind[] = [...CHECK_KINDS, 'sshRule'];

const NOTHING_LOOKED_UP: LookUps = { given: {}, images: {} };

/** The steps of a VPN, every step after all that it needs. Without look-ups the shape is the same and what only a cloud knows is empty. */
export function buildGraph(spec: VpnSpec, lookUps: LookUps = NOTHING_LOOKED_UP): Graph {
  const linked = new Set(spec.links.flatMap((link) => link.ends.map((end) => end.site)));
  const entries = new Set(entrySites(spec));
  const steps: ResourceStep[] = spec.sites.flatMap((site) => [
    ...(site.network.kind === 'created' ? SITE_KINDS_OF_A_CREATED_NETWORK : []).map((kind) =>
      siteStep(spec, lookUps, site, kind),
    ),
    ...SITE_KINDS.map((kind) => siteStep(spec, lookUps, site, kind)),
    ...(linked.has(site.key) ? checkKinds(spec, entries.has(site.key)) : []).map((kind) =>
      siteStep(spec, lookUps, site, kind),
    ),
  ]);
  for (const link of spec.links) {
    for (const end of link.ends) steps.push(...END_KINDS.map((kind) => endStep(spec, lookUps, link, end, kind)));
  }
  return inOrder([...connectNeeds(steps, spec), ...spec.links.flatMap((link) => actSteps(spec, link))]);
}

function checkKinds({ check }: VpnSpec, entry: boolean): readonly SiteKind[] {
  if (check.via === 'none') return [];
  if (check.via === 'console') return CHECK_KINDS;
  return entry ? [...SSH_KINDS, 'floatingIp'] : SSH_KINDS;
}

/** The sites whose test VM gets the floating IP, one a link. */
function entrySites({ check, links }: VpnSpec): readonly string[] {
  if (check.via !== 'ssh') return [];
  return links.map(({ ends }) => (ends.find((end) => end.site === check.site) ?? ends[0]).site);
}

function siteStep(spec: VpnSpec, lookUps: LookUps, site: SiteSpec, kind: SiteKind): ResourceStep {
  const name = siteResourceName(spec, site, kind);
  return {
    key: siteStepKey(site.key, kind),
    kind,
    site: site.key,
    name,
    want: siteWants(spec, lookUps, site)[kind],
    needs: [],
    title: `${kindNoun(kind)} ${name}`,
    temporary: KINDS[kind].temporary === true,
  };
}

function siteWants(spec: VpnSpec, lookUps: LookUps, site: SiteSpec): Pick<Wants, SiteKind> {
  const nothing = {};
  const subnet = site.network.kind === 'created' ? site.network.subnet : { cidr: '', gateway: '', dns: [] };
  return {
    network: nothing,
    subnet: { cidr: subnet.cidr, gateway: subnet.gateway, dns: subnet.dns },
    router: nothing,
    externalGateway: { externalNetwork: site.externalNetwork },
    routerInterface: nothing,
    ikePolicy: spec.ike,
    ipsecPolicy: spec.ipsec,
    vpnService: nothing,
    localEndpointGroup: nothing,
    securityGroup: nothing,
    securityGroupRule: nothing,
    sshRule: nothing,
    port: nothing,
    server: {
      ...(lookUps.images[site.key] ?? { image: '', flavor: '' }),
      peers: peersOf(spec, site.key),
      ...(spec.check.via === 'ssh' ? { login: spec.check.user } : {}),
    },
    floatingIp: nothing,
  };
}

function cidrsOf(spec: VpnSpec, lookUps: LookUps, siteKey: string): readonly string[] {
  const network = spec.sites.find((site) => site.key === siteKey)?.network;
  if (network?.kind === 'created') return [network.subnet.cidr];
  const cidr = lookUps.given[siteStepKey(siteKey, 'subnet')]?.cidr;
  return cidr === undefined ? [] : [cidr];
}

function peersOf(spec: VpnSpec, siteKey: string): readonly string[] {
  return spec.links
    .flatMap((link) => link.ends)
    .filter((end) => end.site === siteKey)
    .map((end) => end.peer);
}

function siteResourceName(spec: VpnSpec, site: SiteSpec, kind: ResourceKind): string {
  const created = site.network.kind === 'created' ? site.network : undefined;
  switch (kind) {
    case 'network':
      return created?.name ?? '';
    case 'subnet':
      return created?.subnet.name ?? '';
    case 'router':
      return created?.router ?? '';
    case 'externalGateway':
      return site.externalNetwork;
    case 'routerInterface':
      return created?.subnet.name ?? '';
    case 'ikePolicy':
      return site.names.ikePolicy;
    case 'ipsecPolicy':
      return site.names.ipsecPolicy;
    case 'vpnService':
      return site.names.vpnService;
    case 'localEndpointGroup':
      return site.names.localEndpointGroup;
    default:
      return `${spec.name}-check-${site.key}`;
  }
}

function endStep(spec: VpnSpec, lookUps: LookUps, link: LinkSpec, end: LinkEndSpec, kind: EndKind): ResourceStep {
  const name = kind === 'siteConnection' ? end.names.connection : end.names.peerEndpointGroup;
  const want = {
    peerEndpointGroup: { cidrs: cidrsOf(spec, lookUps, end.peer) },
    siteConnection: { options: spec.connection, psk: spec.psk },
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
    const needs = steps
      .filter((other) => other.site === step.site && KINDS[step.kind].after.includes(other.kind))
      .filter((other) => other.link === undefined || other.link === step.link)
      .map((other) => other.key);
    return { ...step, needs: [...needs, ...peerNeeds(step, spec, steps)] };
  });
}

function peerNeeds(step: ResourceStep, spec: VpnSpec, steps: readonly ResourceStep[]): readonly string[] {
  const has = (key: string) => steps.some((other) => other.key === key);
  // A connection names the other side's VPN service address, which may differ from its router's.
  if (step.kind === 'siteConnection' && step.peer !== undefined) return [siteStepKey(step.peer, 'vpnService')];
  // A test VM's script pings the peers' VMs, so their addresses must be known before it boots.
  if (step.kind === 'server') {
    return peersOf(spec, step.site)
      .map((peer) => siteStepKey(peer, 'port'))
      .filter(has);
  }
  return [];
}

function actSteps(spec: VpnSpec, link: LinkSpec): readonly ActStep[] {
  const connections = link.ends.map((end) => endStepKey(link.key, end.site, 'siteConnection'));
  const sites = [link.ends[0].site, link.ends[1].site] as const;
  const title = sites.join(' ↔ ');
  const tunnel = {
    key: `${link.key}/awaitTunnel`,
    kind: 'awaitTunnel',
    link: link.key,
    sites,
    title: `tunnel ${title}`,
  } as const;
  if (spec.check.via === 'none') return [{ ...tunnel, needs: connections }];
  const ping: ActStep = {
    key: `${link.key}/ping`,
    kind: 'ping',
    link: link.key,
    sites,
    title: spec.check.via === 'ssh' ? `ping ${title} over SSH` : `ping ${title}`,
    needs: [
      ...connections,
      ...link.ends.map((end) => siteStepKey(end.site, 'server')),
      ...entrySites({ ...spec, links: [link] }).map((site) => siteStepKey(site, 'floatingIp')),
    ],
  };
  // The ping comes first: packets flow up to a minute before the API says ACTIVE, and their traffic brings up an idle tunnel.
  return [ping, { ...tunnel, needs: [...connections, ping.key] }];
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
