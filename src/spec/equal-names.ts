/**
 * Resources of one kind that a spec gives the same name in the same region: Neutron takes them and the run goes by marks, but nobody can tell them apart
 * by name, and no command takes a name that several have.
 * The rule: a warning and no error, since the tutorial's own names do it where both sites are in one region. Within one site, subnets are an error
 * (`validate-networks.ts`).
 */
import { buildGraph } from '../graph/build-graph.js';
import { kindNoun } from '../graph/kinds.js';
import { isResourceStep, type ResourceKind } from '../graph/types.js';
import type { VpnSpec } from './types.js';

/** Kinds with a name of their own, by the key of `names` that it comes from. */
const NAMED: Partial<Readonly<Record<ResourceKind, string>>> = {
  network: 'network',
  subnet: 'subnet',
  router: 'router',
  ikePolicy: 'ikePolicy',
  ipsecPolicy: 'ipsecPolicy',
  vpnService: 'vpnService',
  localEndpointGroup: 'localEndpointGroup',
  peerEndpointGroup: 'peerEndpointGroup',
  siteConnection: 'connection',
  securityGroup: 'securityGroup',
  port: 'port',
  server: 'server',
};

/** One sentence for each name that several have. */
export function equalNames(spec: VpnSpec): readonly string[] {
  const placeOf = new Map(spec.sites.map(({ key, region, cloud }) => [key, `${region} ${cloud ?? ''}`]));
  const groups = new Map<string, { readonly kind: ResourceKind; readonly name: string; readonly sites: string[] }>();
  for (const { kind, name, site } of buildGraph(spec).steps.filter(isResourceStep)) {
    if (NAMED[kind] === undefined) continue;
    const api = kind === 'peerEndpointGroup' ? 'localEndpointGroup' : kind;
    const key = `${placeOf.get(site)} ${api} ${name}`;
    const group = groups.get(key) ?? { kind, name, sites: [] };
    group.sites.push(site);
    groups.set(key, group);
  }
  return [...groups.values()]
    .filter(({ sites }) => sites.length > 1)
    .map(
      ({ kind, name, sites }) =>
        `names.${NAMED[kind]}: ${sites.length} resources in one region get the name ${name} (${kindNoun(kind)}, at ${[...new Set(sites)].join(' and ')}), which no command can tell apart by name; let them differ, by {site} or {n}`,
    );
}
