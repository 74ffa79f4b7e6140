/**
 * The resources of Neutron, Nova and Glance, with the fields that are read here and no more.
 * The rule: a field is optional when any supported release leaves it out.
 */

interface Named {
  readonly id: string;
  readonly name: string;
  readonly project_id: string;
  readonly description?: string;
}

export interface Network extends Named {
  readonly 'router:external'?: boolean;
  readonly subnets: readonly string[];
  readonly port_security_enabled?: boolean;
}

export interface Subnet extends Named {
  readonly network_id: string;
  readonly cidr: string;
  readonly gateway_ip: string | null;
  readonly dns_nameservers: readonly string[];
  readonly ip_version: number;
}

export interface Router extends Named {
  readonly external_gateway_info: {
    readonly network_id: string;
    readonly external_fixed_ips?: readonly { readonly ip_address: string }[];
  } | null;
}

export interface Port extends Named {
  readonly network_id: string;
  readonly device_id: string;
  readonly device_owner: string;
  readonly fixed_ips: readonly { readonly subnet_id: string; readonly ip_address: string }[];
}

export interface SecurityGroupRule {
  readonly id: string;
  readonly project_id: string;
  readonly description?: string;
  readonly security_group_id: string;
}

export interface IkePolicy extends Named {
  readonly ike_version: string;
}

export interface VpnService extends Named {
  readonly router_id: string;
  readonly subnet_id: string | null;
  readonly external_v4_ip: string | null;
  readonly status: string;
}

export interface EndpointGroup extends Named {
  readonly type: string;
  readonly endpoints: readonly string[];
}

export interface SiteConnection extends Named {
  readonly vpnservice_id: string;
  readonly ikepolicy_id: string;
  readonly ipsecpolicy_id: string;
  readonly local_ep_group_id: string | null;
  readonly peer_ep_group_id: string | null;
  readonly peer_address: string;
  readonly peer_id: string;
  readonly psk: string;
  readonly status: string;
}

export interface Collections {
  readonly networks: Network;
  readonly subnets: Subnet;
  readonly routers: Router;
  readonly ports: Port;
  readonly securityGroups: Named;
  readonly securityGroupRules: SecurityGroupRule;
  readonly ikePolicies: IkePolicy;
  readonly ipsecPolicies: Named;
  readonly vpnServices: VpnService;
  readonly endpointGroups: EndpointGroup;
  readonly siteConnections: SiteConnection;
  readonly extensions: { readonly id?: string; readonly alias: string };
}

export type NetworkCollection = keyof Collections;

export interface Server {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly fault?: { readonly message?: string };
}

export interface Flavor {
  readonly id: string;
  readonly name: string;
  readonly ram: number;
  readonly disk: number;
  readonly vcpus: number;
}

export interface Image {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly min_ram: number;
  readonly min_disk: number;
  readonly size?: number;
}
