/**
 * What each collection answers when a resource is still in use or a quota is used up, for faults that order it where it is not so.
 * The rule: Neutron's own statuses and types (neutron-lib's exceptions), the misleading ones included.
 */
import { type Answer, neutronError, novaError } from './errors.js';

interface InUse {
  readonly status: number;
  readonly type: string;
  message(id: string): string;
}

const IN_USE: Readonly<Record<string, InUse>> = {
  networks: {
    status: 409,
    type: 'NetworkInUse',
    message: (id) =>
      `Unable to complete operation on network ${id}. There are one or more ports still in use on the network.`,
  },
  subnets: {
    status: 409,
    type: 'SubnetInUse',
    message: (id) =>
      `Unable to complete operation on subnet ${id}: One or more ports have an IP allocation from this subnet.`,
  },
  routers: { status: 409, type: 'RouterInUse', message: (id) => `Router ${id} still has ports` },
  ports: {
    status: 409,
    type: 'PortInUse',
    message: (id) => `Unable to complete operation on port ${id}. It is in use.`,
  },
  'security-groups': { status: 409, type: 'SecurityGroupInUse', message: (id) => `Security Group ${id} in use.` },
  ikepolicies: {
    status: 409,
    type: 'IKEPolicyInUse',
    message: (id) => `IKEPolicy ${id} is in use by existing IPsecSiteConnection and can't be updated or deleted`,
  },
  ipsecpolicies: {
    status: 409,
    type: 'IPsecPolicyInUse',
    message: (id) => `IPsecPolicy ${id} is in use by existing IPsecSiteConnection and can't be updated or deleted`,
  },
  vpnservices: { status: 409, type: 'VPNServiceInUse', message: (id) => `VPNService ${id} is still in use` },
  'endpoint-groups': {
    status: 400,
    type: 'EndpointGroupInUse',
    message: (id) => `Endpoint group ${id} is in use and cannot be deleted`,
  },
};

/** The refusal of the collection in a path; a conflict in general where the collection knows no such thing. */
export function inUse(path: string): Answer {
  const [id = '', collection = ''] = path
    .split('/')
    .filter((part) => !part.endsWith('_router_interface'))
    .reverse();
  const known = IN_USE[collection];
  if (known === undefined) return neutronError(409, 'Conflict', `${collection} ${id} is busy`).answer;
  return neutronError(known.status, known.type, known.message(id)).answer;
}

/** The refusal of a create beyond the quota of its collection. */
export function overQuota(service: string, path: string): Answer {
  if (service === 'compute')
    return novaError(403, 'forbidden', 'Quota exceeded for instances: Requested 1, but already used 10 of 10 instances')
      .answer;
  const collection = path.split('/').at(-1) ?? '';
  const one = collection.replaceAll('-', '_').replace(/ies$/, 'y').replace(/s$/, '');
  return neutronError(409, 'OverQuota', `Quota exceeded for resources: ['${one}'].`).answer;
}
