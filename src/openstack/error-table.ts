/**
 * From a cloud's error to what to do about it: one table, by type first and by status second, because Neutron's statuses mislead (EndpointGroupInUse is a
 * 400, OverQuota a 409). Source: neutron-lib's exceptions and what real clouds answered.
 * The rule: a new error type is one row here, and no code elsewhere looks at a status or a type.
 */
import { OpenStackError } from './errors.js';

export interface Verdict {
  /** `no`: final. `wait`: passes by itself. `inUse`: passes once what uses it is gone, if that is ours. `gone`: there is nothing there. */
  readonly retry: 'no' | 'wait' | 'inUse' | 'gone';
  /** What a person can do. */
  readonly cure: string;
  /** To a create: it may be refused because of another of the very same request, delivered twice or whose answer was lost. */
  readonly twin?: boolean;
}

const WAIT: Verdict = { retry: 'wait', cure: 'nothing to do: it is tried again' };
const IN_USE: Verdict = { retry: 'inUse', cure: 'remove what still uses it' };
const FINAL: Verdict = { retry: 'no', cure: 'correct the request: the cloud does not accept it as it is' };
const QUOTA: Verdict = {
  retry: 'no',
  cure: 'free some, or ask the cloud for a larger quota, then apply again',
  twin: true,
};
const ADDRESSES: Verdict = { retry: 'no', cure: 'free addresses, or use another network, then apply again' };

/** By `NeutronError.type`, Nova's key or Keystone's title. */
export const BY_TYPE: Readonly<Record<string, Verdict>> = {
  VPNStateInvalidToUpdate: WAIT,
  VPNGatewayNotReady: WAIT,
  NoVPNAgentAvailable: WAIT,
  IpAddressInUse: WAIT,
  RetryRequest: WAIT,
  DBDeadlock: WAIT,
  SecurityGroupRuleExists: WAIT,
  EndpointGroupInUse: IN_USE,
  VPNServiceInUse: IN_USE,
  IKEPolicyInUse: IN_USE,
  IPsecPolicyInUse: IN_USE,
  RouterInUse: IN_USE,
  NetworkInUse: IN_USE,
  SubnetInUse: IN_USE,
  PortInUse: IN_USE,
  SecurityGroupInUse: IN_USE,
  RouterInterfaceInUseByFloatingIP: IN_USE,
  RouterExternalGatewayInUseByFloatingIp: IN_USE,
  RouterInterfaceInUseByRoute: IN_USE,
  RouteInUseByVPN: IN_USE,
  SubnetInUseByEndpointGroup: IN_USE,
  SubnetInUseByVPNService: IN_USE,
  SubnetInUseByIPsecSiteConnection: IN_USE,
  ServicePortInUse: IN_USE,
  // A subnet that overlaps another of its network, among others.
  InvalidInput: { ...FINAL, twin: true },
  OverQuota: QUOTA,
  IpAddressGenerationFailure: ADDRESSES,
  ExternalIpAddressExhausted: ADDRESSES,
  VPNGatewayInError: { retry: 'no', cure: "remove the router's VPN services in ERROR, then apply again" },
  RouterIsNotExternal: { retry: 'no', cure: "set the router's external gateway" },
  SubnetIsNotConnectedToRouter: { retry: 'no', cure: 'attach the subnet to the router' },
  MissingPeerCidrs: {
    retry: 'no',
    cure: 'the VPN service has a subnet, which rules out endpoint groups: use a router without such a service',
  },
  InvalidEndpointGroup: {
    retry: 'no',
    cure: 'the VPN service has a subnet, which rules out endpoint groups: use a router without such a service',
  },
  // A 404, though it is the gateway that is not there and not the floating IP.
  ExternalGatewayForFloatingIPNotFound: {
    retry: 'no',
    cure: "attach the test VM's subnet to a router that has its external gateway on that network",
  },
  FloatingIPPortAlreadyAssociated: WAIT,
  ExternalNetworkHasNoSubnet: { retry: 'no', cure: 'use an external network with an IPv4 subnet' },
  conflictingRequest: WAIT,
  itemNotFound: { retry: 'gone', cure: 'it does not exist: check the name or id' },
  overLimit: QUOTA,
  // What its hypervisor cannot, such as to show a console.
  notImplemented: { retry: 'no', cure: 'the cloud does not offer this; for a console, use check: ssh or check: none' },
  Unauthorized: { retry: 'no', cure: 'check user, password and project in clouds.yaml' },
  // A path, not a resource: the VPN's API is not there, so nothing is known of what it holds.
  HTTPNotFound: { retry: 'no', cure: 'the cloud does not offer this call there: check the address and the extensions' },
};

/** By status, where the type says nothing. */
const BY_STATUS: Readonly<Record<number, Verdict>> = {
  400: FINAL,
  403: { retry: 'no', cure: 'give the credentials the role that this needs, or free some quota' },
  // Every service of OpenStack names a type with these. Without one, a gateway or proxy has answered.
  401: WAIT,
  404: WAIT,
  408: WAIT,
  409: WAIT,
  413: QUOTA,
  429: WAIT,
};

/** What to do about an error of a cloud. What is no answer of the service (reset, timeout, garbage, a proxy's page) passes. */
export function verdictOn(error: OpenStackError): Verdict {
  const { type, status, code } = error.fields;
  if (code === 'BAD_ANSWER') return WAIT;
  if (code === 'REDIRECT')
    return { retry: 'no', cure: 'give the final address of the service in the catalog or clouds.yaml' };
  const byType = type === undefined ? undefined : BY_TYPE[type];
  if (byType !== undefined) return byType;
  if (type !== undefined && /InUse/.test(type)) return IN_USE;
  // Not only at its end: RouterInterfaceNotFoundForSubnet.
  if (type !== undefined && /NotFound/.test(type) && status === 404)
    return { retry: 'gone', cure: 'it does not exist: check the name or id' };
  if (status === undefined || status >= 500 || status < 300) return WAIT;
  return BY_STATUS[status] ?? FINAL;
}

/** Whether a write that ended so may still take effect, now or minutes later. A login never does: it comes before the write. */
export function leavesInDoubt(error: unknown): boolean {
  if (!(error instanceof OpenStackError) || error.fields.service === 'identity') return false;
  const { sent, status } = error.fields;
  return sent === 'maybe' || (sent === 'answered' && (status === undefined || status >= 500 || status < 300));
}
