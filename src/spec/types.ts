/**
 * The normalised spec: what a spec file means once defaults are applied and every name is spelled out. Workflows, activities,
 * graph and client read this shape and never the file's own. Plain data, so that it can be recorded in a history.
 * The rule: no optional field that stands for a default. What may be left out in a file is filled in by `normaliseSpec`.
 */

/** IKE policy as Neutron takes it, every field always sent: API defaults differ between releases, and some no longer work. */
export interface IkePolicySpec {
  readonly version: 'v1' | 'v2';
  readonly mode: 'main' | 'aggressive';
  readonly encryption: string;
  readonly auth: string;
  readonly pfs: string;
  readonly lifetimeSeconds: number;
  /** The user's own words in its description. */
  readonly description?: string;
}

/** IPsec policy as Neutron takes it, every field always sent. */
export interface IpsecPolicySpec {
  readonly protocol: 'esp' | 'ah';
  readonly encapsulation: 'tunnel' | 'transport';
  readonly encryption: string;
  readonly auth: string;
  readonly pfs: string;
  readonly lifetimeSeconds: number;
  readonly description?: string;
}

/** What one end of a tunnel says of its connection. */
export interface ConnectionOptions {
  readonly dpd: { readonly action: string; readonly intervalSeconds: number; readonly timeoutSeconds: number };
  readonly mtu: number;
  readonly initiator: 'bi-directional' | 'response-only';
  /** Down, the tunnel is prepared and never comes up. */
  readonly adminStateUp: boolean;
  /** Id that this end presents; undefined is its VPN service's address, which only the cloud knows. */
  readonly localId?: string;
  readonly description?: string;
}

/** Where the pre-shared key comes from. Never the key itself. `env` and `file` are read on the worker. */
export type PskSource =
  | { readonly from: 'generated' }
  | { readonly from: 'env'; readonly name: string }
  | { readonly from: 'file'; readonly path: string };

/** How a tunnel is proven. `none` leaves the VPN unproven, and the result says so. Image and flavor: name or id; undefined chooses the smallest that fits. */
export type CheckSpec =
  | { readonly via: 'none' }
  | ({ readonly via: 'console' } & CheckedBy)
  | ({
      readonly via: 'ssh';
      /** Whom the check logs in as. */
      readonly user: string;
      /** The site whose test VM gets the floating IP. */
      readonly site: string;
    } & CheckedBy);

interface CheckedBy {
  readonly image?: string;
  readonly flavor?: string;
  /** Which subnets ping each other: the first of each site, or every one with every one of the other site. */
  readonly pairs: 'one' | 'all';
}

export interface SubnetSpec {
  readonly name: string;
  /** Name of the network that it is on: the site's own, or a further one. */
  readonly network: string;
  readonly cidr: string;
  readonly gateway: string;
  readonly dns: readonly string[];
}

/**
 * The networks of a site, behind one router: made by us, with at least one subnet and the name of the site's own network; or existing, by names or ids, in
 * which case nothing of them is ever changed or removed.
 */
export type SiteNetwork =
  | {
      readonly kind: 'created';
      readonly name: string;
      readonly router: string;
      readonly subnets: readonly SubnetSpec[];
    }
  | { readonly kind: 'existing'; readonly router: string; readonly subnets: readonly string[] };

export interface SiteSpec {
  /** Key in `sites` of the file, such as `left`. */
  readonly key: string;
  /** Entry in clouds.yaml; undefined means the worker's own default (OS_CLOUD, OS_* or the only entry). */
  readonly cloud?: string;
  readonly region: string;
  /** Name or id of the external network of the router's gateway. */
  readonly externalNetwork: string;
  readonly network: SiteNetwork;
  /** `automatic`: as its router has it, which `resolveSpec` looks up. After that it is one of the two. */
  readonly mode: VpnMode | 'automatic';
  readonly names: {
    readonly ikePolicy: string;
    readonly ipsecPolicy: string;
    readonly vpnService: string;
    readonly localEndpointGroup: string;
    readonly securityGroup: string;
    /** Of the test VMs, one a subnet in their order. */
    readonly ports: readonly string[];
    readonly servers: readonly string[];
  };
  /** Its policies and the options of its end of a link. What IKE and IPsec negotiate is the same at every site. */
  readonly ike: IkePolicySpec;
  readonly ipsec: IpsecPolicySpec;
  readonly connection: ConnectionOptions;
}

/**
 * How an end says which networks its tunnel joins: by endpoint groups, of any number of them; or the older way, by the one subnet of its VPN service and one
 * range of the peer. A router's VPN service is made for one of the two and never takes the other.
 */
export type VpnMode = 'endpoint-groups' | 'legacy';

/** The other end of a tunnel, where that is not OpenStack. */
export interface ExternalPeer {
  /** Key in `sites` of the file, such as `right`. */
  readonly site: string;
  readonly address: string;
  readonly id: string;
  readonly cidrs: readonly string[];
}

/** One end of a link: what stands at `site` and points at `peer`. */
export interface LinkEndSpec {
  readonly site: string;
  readonly peer: string;
  /** Where the peer is no site of OpenStack. */
  readonly external?: ExternalPeer;
  readonly names: { readonly peerEndpointGroup: string; readonly connection: string };
}

/** Two sites joined by a tunnel. Key `left~right`. Its ends are those that stand in OpenStack: one, where the other site is external. */
export interface LinkSpec {
  readonly key: string;
  readonly ends: readonly [LinkEndSpec, ...LinkEndSpec[]];
}

export interface VpnSpec {
  /** Identity of the VPN: `[a-z0-9][a-z0-9-]{0,47}`. */
  readonly name: string;
  /** Those of OpenStack; an external one is known to the end of its link. */
  readonly sites: readonly SiteSpec[];
  readonly links: readonly LinkSpec[];
  readonly psk: PskSource;
  readonly check: CheckSpec;
  readonly onFailure: 'rollback' | 'keep';
  /** Deadline of the forward steps, then rollback. */
  readonly retryForSeconds: number;
  /** Deadline of the undo steps. */
  readonly rollbackForSeconds: number;
  /** How long a tunnel may take from its second connection to its first ping (or ACTIVE, without a check). */
  readonly tunnelTimeoutSeconds: number;
  /** How long after the last write in doubt its late effect is looked for. A bound of the guarantee. */
  readonly settleTimeSeconds: number;
}
