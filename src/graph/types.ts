/**
 * The words of the graph: kinds, steps, outputs. Plain data, shared by workflow, activities, client and tests.
 * The rule: a kind is declared once, here and in `kinds.ts`; names of activities, removal order, plan and drawings follow from it.
 */

import type {
  ConnectionOptions,
  ExternalPeer,
  IkePolicySpec,
  IpsecPolicySpec,
  PskSource,
  VpnMode,
} from '../spec/types.js';

/** Every kind of OpenStack resource that a step makes. */
export type ResourceKind =
  | 'network'
  | 'subnet'
  | 'router'
  | 'externalGateway'
  | 'routerInterface'
  | 'ikePolicy'
  | 'ipsecPolicy'
  | 'vpnService'
  | 'localEndpointGroup'
  | 'peerEndpointGroup'
  | 'siteConnection'
  | 'securityGroup'
  | 'securityGroupRule'
  | 'sshRule'
  | 'port'
  | 'server'
  | 'floatingIp';

/** Acts make nothing that stays: they wait and prove. */
export type ActKind = 'ping' | 'awaitTunnel';

export type StepKind = ResourceKind | ActKind;

interface StepBase {
  /** Unique in its graph: `left/subnet`, `left~right/left/connection`, `left~right/ping`. */
  readonly key: string;
  /** Keys of the steps that must be done before this one starts, and whose outputs it may read. */
  readonly needs: readonly string[];
  /** What a person reads beside the step: the resource's name, or what is waited for. */
  readonly title: string;
}

/**
 * What a resource is to be, as far as the spec and the look-ups know it: one shape a kind. Ids of other steps' resources are not in it; an
 * activity takes those from the outputs it is given.
 */
export interface Wants {
  readonly network: Record<string, never>;
  /** `network`: which of the site's networks it is on, as the part of its key; none for the site's own. */
  readonly subnet: {
    readonly cidr: string;
    readonly gateway: string;
    readonly dns: readonly string[];
    readonly network?: string;
  };
  readonly router: Record<string, never>;
  readonly externalGateway: { readonly externalNetwork: string };
  readonly routerInterface: Record<string, never>;
  readonly ikePolicy: IkePolicySpec;
  readonly ipsecPolicy: IpsecPolicySpec;
  readonly vpnService: { readonly mode: VpnMode };
  readonly localEndpointGroup: Record<string, never>;
  readonly peerEndpointGroup: { readonly cidrs: readonly string[] };
  /**
   * `peerId`: the id that the other end presents; without one, its VPN service's address. `peerCidrs`: the peer's range, at an end whose mode is legacy;
   * any other end names endpoint groups. `external`: the other end, where that is no step of the graph.
   */
  readonly siteConnection: {
    readonly options: ConnectionOptions;
    readonly psk: PskSource;
    readonly peerId?: string;
    readonly peerCidrs?: readonly string[];
    readonly external?: ExternalPeer;
  };
  readonly securityGroup: Record<string, never>;
  readonly securityGroupRule: Record<string, never>;
  readonly sshRule: Record<string, never>;
  readonly port: Record<string, never>;
  /** Ids of image and flavor, chosen by the look-up. `peers`: the sites whose test VMs it pings. `login`: the user that a check by SSH logs in as. */
  readonly server: {
    readonly image: string;
    readonly flavor: string;
    readonly peers: readonly string[];
    readonly login?: string;
  };
  readonly floatingIp: Record<string, never>;
}

/** A step that makes one resource at one site. */
export interface ResourceStep<K extends ResourceKind = ResourceKind> extends StepBase {
  readonly kind: K;
  readonly want: Wants[K];
  readonly site: string;
  /** The link this end belongs to; with `peer` for steps of a link's end. */
  readonly link?: string;
  readonly peer?: string;
  /** Which of the site's networks or subnets it is, or belongs to; none for the first. */
  readonly part?: string;
  /** The name the resource gets. */
  readonly name: string;
  /** Belongs to the test VMs: removed again when the ping is done, whatever becomes of the VPN. */
  readonly temporary: boolean;
}

/** A step that waits or proves, over a whole link. */
export interface ActStep extends StepBase {
  readonly kind: ActKind;
  readonly link: string;
  /** The sites of the link that are in OpenStack: two, or the one that has an end. */
  readonly sites: readonly [string, ...string[]];
  /** The other end, where that is not OpenStack. */
  readonly external?: ExternalPeer;
  /** Of a ping: where a site has several subnets, the parts of those whose test VMs ping each other, by site in the order of `sites`. */
  readonly subnets?: ProbedSubnets;
}

/** By site, parts of keys; empty for the first subnet, whose keys have none. */
export type ProbedSubnets = readonly [readonly string[], readonly string[]];

export type Step = ResourceStep | ActStep;

/** Steps in an order in which every step stands after all that it needs. */
export interface Graph {
  readonly steps: readonly Step[];
}

/** What look-ups in the clouds add to the spec: an existing network's parts, and images and flavors for the test VMs. */
export interface LookUps {
  /** Existing router and subnets by the key that their step would have (`right/router`). */
  readonly given: Readonly<Record<string, StepOutput>>;
  /** Ids by site. */
  readonly images: Readonly<Record<string, { readonly image: string; readonly flavor: string }>>;
}

/** What became of a resource. `shared`: an existing VPN service of someone else's is used. */
export type StepAction = 'created' | 'adopted' | 'updated' | 'shared' | 'existing';

/** What a resource step hands on: ids, addresses and statuses only, never an API body, never a secret. */
export interface StepOutput {
  readonly id: string;
  readonly name: string;
  readonly action: StepAction;
  /** VPN service: its external IPv4. Port: its fixed address. Subnet: its gateway. Floating IP: itself. */
  readonly address?: string;
  readonly cidr?: string;
  readonly status?: string;
  /** Another id that goes with the resource: a subnet's network, a router interface's port, an external gateway's network, a site connection's VPN service. */
  readonly parent?: string;
  /** Test VM: the user that a check by SSH logs in as. */
  readonly login?: string;
  /** Epoch milliseconds of the last write whose effect is not certain; the run settles before it ends. */
  readonly doubtAt?: number;
}

/** Where a step stands. `undone`: rolled back or, for a test VM's, cleaned up. */
export type StepState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled' | 'undoing' | 'undone' | 'left';

export function isResourceStep(step: Step): step is ResourceStep {
  return step.kind !== 'ping' && step.kind !== 'awaitTunnel';
}
