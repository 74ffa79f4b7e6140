/**
 * What each resource kind needs from the others, its place in words, and how it is made and unmade in the API. Read by the graph builder, by
 * destroy (which orders what it found by kind), by the activity names and by the documentation's step table.
 * The rule: `after` must hold whichever way a resource was found; an edge that only a spec can know belongs in `build-graph.ts`.
 */
import type { ResourceKind, StepKind } from './types.js';

export interface KindFacts {
  /** Noun as Neutron's own documents write it. */
  readonly noun: string;
  /** Kinds at the same site that must stand before this one, and go only after it has gone. */
  readonly after: readonly ResourceKind[];
  /** The API call that makes it, and the one that undoes it: for the documentation. */
  readonly call: string;
  readonly undo: string;
  /** Belongs to the test VMs: it goes again once the tunnel is proven. */
  readonly temporary?: true;
  /** Belongs to one of the site's subnets: of `after`, what belongs to a subnet as well counts for the same one only. */
  readonly ofSubnet?: true;
  /** Cannot become what the spec says by now: another one takes its place beside it, what uses it is changed over, and at a run's end it goes. */
  readonly replaced?: true;
}

export const KINDS: Readonly<Record<ResourceKind, KindFacts>> = {
  network: { noun: 'network', after: [], call: 'POST /v2.0/networks', undo: 'DELETE /v2.0/networks/{id}' },
  subnet: {
    noun: 'subnet',
    after: ['network'],
    call: 'POST /v2.0/subnets',
    undo: 'DELETE /v2.0/subnets/{id}',
    ofSubnet: true,
  },
  router: { noun: 'router', after: [], call: 'POST /v2.0/routers', undo: 'DELETE /v2.0/routers/{id}' },
  // Writes on one router are a chain (gateway, interface, VPN service): many clouds answer parallel ones with 409 or 500.
  externalGateway: {
    noun: 'external gateway',
    after: ['router'],
    call: 'PUT /v2.0/routers/{id} external_gateway_info',
    undo: 'PUT /v2.0/routers/{id} external_gateway_info: null',
  },
  routerInterface: {
    noun: 'router interface',
    after: ['router', 'subnet', 'externalGateway'],
    call: 'PUT /v2.0/routers/{id}/add_router_interface',
    undo: 'PUT /v2.0/routers/{id}/remove_router_interface',
    ofSubnet: true,
  },
  ikePolicy: {
    noun: 'IKE policy',
    after: [],
    call: 'POST /v2.0/vpn/ikepolicies',
    undo: 'DELETE /v2.0/vpn/ikepolicies/{id}',
  },
  ipsecPolicy: {
    noun: 'IPsec policy',
    after: [],
    call: 'POST /v2.0/vpn/ipsecpolicies',
    undo: 'DELETE /v2.0/vpn/ipsecpolicies/{id}',
  },
  vpnService: {
    noun: 'VPN service',
    after: ['router', 'externalGateway', 'routerInterface'],
    call: 'POST /v2.0/vpn/vpnservices',
    undo: 'DELETE /v2.0/vpn/vpnservices/{id}, unless in use',
  },
  localEndpointGroup: {
    noun: 'local endpoint group',
    after: ['subnet'],
    call: 'POST /v2.0/vpn/endpoint-groups type=subnet',
    undo: 'DELETE /v2.0/vpn/endpoint-groups/{id}',
    replaced: true,
  },
  peerEndpointGroup: {
    noun: 'peer endpoint group',
    after: [],
    call: 'POST /v2.0/vpn/endpoint-groups type=cidr',
    undo: 'DELETE /v2.0/vpn/endpoint-groups/{id}',
    replaced: true,
  },
  siteConnection: {
    noun: 'IPsec site connection',
    after: ['vpnService', 'ikePolicy', 'ipsecPolicy', 'localEndpointGroup', 'peerEndpointGroup', 'routerInterface'],
    call: 'POST /v2.0/vpn/ipsec-site-connections',
    undo: 'DELETE /v2.0/vpn/ipsec-site-connections/{id}',
  },
  securityGroup: {
    noun: 'security group',
    after: [],
    call: 'POST /v2.0/security-groups',
    undo: 'DELETE /v2.0/security-groups/{id}',
    temporary: true,
  },
  securityGroupRule: {
    noun: 'security group rule',
    after: ['securityGroup'],
    call: 'POST /v2.0/security-group-rules',
    undo: 'DELETE /v2.0/security-group-rules/{id}',
    temporary: true,
  },
  sshRule: {
    noun: 'SSH rule',
    after: ['securityGroup'],
    call: 'POST /v2.0/security-group-rules',
    undo: 'DELETE /v2.0/security-group-rules/{id}',
    temporary: true,
  },
  port: {
    noun: 'port',
    after: ['subnet', 'securityGroup'],
    call: 'POST /v2.0/ports',
    undo: 'DELETE /v2.0/ports/{id}',
    temporary: true,
    ofSubnet: true,
  },
  server: {
    noun: 'test VM',
    // It reads its user data from its config drive, so it boots while its router is still being made.
    after: ['port', 'securityGroupRule', 'sshRule'],
    call: 'POST /v2.1/servers',
    undo: 'DELETE /v2.1/servers/{id}, then wait for 404',
    temporary: true,
    ofSubnet: true,
  },
  floatingIp: {
    noun: 'floating IP',
    // It is routed by the gateway that it comes through, and keeps gateway and interface while it stands. After the VPN service: the chain again.
    after: ['port', 'externalGateway', 'routerInterface', 'vpnService'],
    call: 'POST /v2.0/floatingips',
    undo: 'DELETE /v2.0/floatingips/{id}',
    temporary: true,
    ofSubnet: true,
  },
};

export const RESOURCE_KINDS = Object.keys(KINDS) as readonly ResourceKind[];

/** Name of the activity type of one verb and kind: `ensureSubnet`, `removeSubnet`. The Temporal UI then reads like the tutorial. */
export function activityName(verb: 'ensure' | 'remove', kind: ResourceKind): string {
  return `${verb}${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
}

/** Noun of any step, for people. */
export function kindNoun(kind: StepKind): string {
  if (kind === 'ping') return 'ping';
  if (kind === 'awaitTunnel') return 'tunnel status';
  return KINDS[kind].noun;
}
