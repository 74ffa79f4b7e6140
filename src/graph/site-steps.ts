/**
 * The steps of one site: its networks, its half of the VPN, its test VMs; each with its name and what it is to be, and without needs yet.
 * The rule: pure, as the graph that they go into.
 */
import type { ExternalPeer, SiteSpec, SubnetSpec, VpnMode, VpnSpec } from '../spec/types.js';
import { KINDS, kindNoun } from './kinds.js';
import { partOfRange, partsAt, siteStepKey } from './step-keys.js';
import type { LookUps, ResourceKind, ResourceStep, Wants } from './types.js';

export type EndKind = 'peerEndpointGroup' | 'siteConnection';
type SiteKind = Exclude<ResourceKind, EndKind>;

const SITE_KINDS_OF_A_CREATED_NETWORK: readonly SiteKind[] = [
  'network',
  'subnet',
  'router',
  'externalGateway',
  'routerInterface',
];
const SITE_KINDS: readonly SiteKind[] = ['ikePolicy', 'ipsecPolicy', 'vpnService', 'localEndpointGroup'];
const CHECK_KINDS: readonly SiteKind[] = ['securityGroup', 'securityGroupRule', 'port', 'server'];
/** With SSH a rule more at every site, and one floating IP a link: the second test VM is reached through the first. */
const SSH_KINDS: readonly SiteKind[] = [...CHECK_KINDS, 'sshRule'];

/** All steps of a site, in the tutorial's order. */
export function siteSteps(spec: VpnSpec, lookUps: LookUps, site: SiteSpec): readonly ResourceStep[] {
  const linked = spec.links.some((link) => link.ends.some((end) => end.site === site.key));
  const kinds = [
    ...(site.network.kind === 'created' ? SITE_KINDS_OF_A_CREATED_NETWORK : []),
    ...SITE_KINDS.filter((kind) => kind !== 'localEndpointGroup' || modeOf(site) !== 'legacy'),
    ...(linked ? checkKinds(spec, entrySites(spec).includes(site.key)) : []),
  ];
  return kinds.flatMap((kind) => partsOf(spec, site, kind).map((part) => siteStep(spec, lookUps, site, kind, part)));
}

/** How the site's end of a tunnel is made. What no cloud was asked for yet is taken to be free of a VPN service. */
export function modeOf({ mode }: SiteSpec): VpnMode {
  return mode === 'automatic' ? 'endpoint-groups' : mode;
}

function checkKinds({ check }: VpnSpec, entry: boolean): readonly SiteKind[] {
  if (check.via === 'none') return [];
  if (check.via === 'console') return CHECK_KINDS;
  return entry ? [...SSH_KINDS, 'floatingIp'] : SSH_KINDS;
}

/** The sites whose test VM gets the floating IP, one a link. */
export function entrySites({ check, links }: VpnSpec): readonly string[] {
  if (check.via !== 'ssh') return [];
  return links.map(({ ends }) => (ends.find((end) => end.site === check.site) ?? ends[0]).site);
}

/** Parts of a site's subnets, in their order: none for the first, of a further one its range, of an existing one its place, since its range is not known here. */
function subnetParts({ network }: SiteSpec): readonly string[] {
  return network.kind === 'created'
    ? network.subnets.map(({ cidr }, index) => (index === 0 ? '' : partOfRange(cidr)))
    : network.subnets.map((_, index) => (index === 0 ? '' : String(index + 1)));
}

/** The subnets of a site that the check proves. */
export function probedParts({ check }: VpnSpec, site: SiteSpec): readonly string[] {
  const parts = subnetParts(site);
  return check.via !== 'none' && check.pairs === 'all' ? parts : parts.slice(0, 1);
}

/** Part of a network's key: none for the site's own, of a further one its name. */
function networkPart({ network }: SiteSpec, name: string): string {
  return network.kind === 'created' && network.name === name ? '' : name;
}

/** Of a kind at a site, one step a part. */
function partsOf(spec: VpnSpec, site: SiteSpec, kind: SiteKind): readonly string[] {
  switch (kind) {
    case 'network':
      return [...new Set(createdSubnets(site).map((subnet) => networkPart(site, subnet.network)))];
    case 'subnet':
    case 'routerInterface':
      return subnetParts(site);
    case 'port':
    case 'server':
      return probedParts(spec, site);
    default:
      return [''];
  }
}

function createdSubnets({ network }: SiteSpec): readonly SubnetSpec[] {
  return network.kind === 'created' ? network.subnets : [];
}

function siteStep(spec: VpnSpec, lookUps: LookUps, site: SiteSpec, kind: SiteKind, part: string): ResourceStep {
  const subnet = createdSubnets(site)[subnetParts(site).indexOf(part)];
  const name = siteResourceName(site, kind, part, subnet);
  return {
    key: siteStepKey(site.key, kind, part),
    kind,
    site: site.key,
    ...(part === '' ? {} : { part }),
    name,
    want: siteWants(spec, lookUps, site, subnet)[kind],
    needs: [],
    title: `${kindNoun(kind)} ${name}`,
    temporary: KINDS[kind].temporary === true,
  };
}

function siteWants(
  spec: VpnSpec,
  lookUps: LookUps,
  site: SiteSpec,
  subnet: SubnetSpec | undefined,
): Pick<Wants, SiteKind> {
  const nothing = {};
  return {
    network: nothing,
    subnet: subnetWants(site, subnet),
    router: nothing,
    externalGateway: { externalNetwork: site.externalNetwork },
    routerInterface: nothing,
    ikePolicy: site.ike,
    ipsecPolicy: site.ipsec,
    vpnService: { mode: modeOf(site) },
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

function subnetWants(site: SiteSpec, subnet: SubnetSpec | undefined): Wants['subnet'] {
  if (subnet === undefined) return { cidr: '', gateway: '', dns: [] };
  const { cidr, gateway, dns } = subnet;
  const network = networkPart(site, subnet.network);
  return { cidr, gateway, dns, ...(network === '' ? {} : { network }) };
}

/** Ranges of a site's subnets: of existing ones, those that were looked up; of an external site, those that the spec says. */
export function cidrsOf(spec: VpnSpec, lookUps: LookUps, siteKey: string): readonly string[] {
  const external = externalPeers(spec).find((peer) => peer.site === siteKey);
  if (external !== undefined) return external.cidrs;
  const site = spec.sites.find((one) => one.key === siteKey);
  if (site?.network.kind === 'created') return site.network.subnets.map((subnet) => subnet.cidr);
  return partsAt(lookUps.given, siteKey, 'subnet').flatMap(({ output }) => output.cidr ?? []);
}

/** Other ends of tunnels that are not OpenStack. */
export function externalPeers({ links }: VpnSpec): readonly ExternalPeer[] {
  return links.flatMap(({ ends }) => ends.flatMap(({ external }) => external ?? []));
}

/** The sites that a site is linked to. */
export function peersOf(spec: VpnSpec, siteKey: string): readonly string[] {
  return spec.links
    .flatMap((link) => link.ends)
    .filter((end) => end.site === siteKey)
    .map((end) => end.peer);
}

function siteResourceName(site: SiteSpec, kind: SiteKind, part: string, subnet: SubnetSpec | undefined): string {
  const created = site.network.kind === 'created' ? site.network : undefined;
  switch (kind) {
    case 'network':
      return part || (created?.name ?? '');
    case 'subnet':
    case 'routerInterface':
      return subnet?.name ?? '';
    case 'router':
      return created?.router ?? '';
    case 'externalGateway':
      return site.externalNetwork;
    case 'ikePolicy':
      return site.names.ikePolicy;
    case 'ipsecPolicy':
      return site.names.ipsecPolicy;
    case 'vpnService':
      return site.names.vpnService;
    case 'localEndpointGroup':
      return site.names.localEndpointGroup;
    case 'securityGroup':
    case 'securityGroupRule':
    case 'sshRule':
      return site.names.securityGroup;
    case 'port':
      return site.names.ports[subnetParts(site).indexOf(part)] ?? '';
    case 'server':
    case 'floatingIp':
      return site.names.servers[subnetParts(site).indexOf(part)] ?? '';
  }
}
