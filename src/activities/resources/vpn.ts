/**
 * The VPN's own resources: IKE and IPsec policy, endpoint groups. Service and connection, which have rules of their own, stand beside.
 * The rule: every crypto field is sent. The API's defaults differ between releases, and on some no longer work.
 */
import type { Region } from '../../openstack/region.js';
import type { SiteConnection } from '../../openstack/types.js';
import type { Attempt } from '../attempt.js';
import { need } from '../kind.js';
import { neutronKind } from './neutron-kind.js';

/** Whether any connection refers to an id by one of these fields. */
function usedByConnection(...fields: readonly (keyof SiteConnection)[]) {
  return async (
    found: { readonly id: string },
    { region, attempt }: { readonly region: Region; readonly attempt: Attempt },
  ) => {
    const connections = await attempt.read((call) => region.list('siteConnections', call));
    return connections.some((connection) => fields.some((field) => connection[field] === found.id));
  };
}

export const ikePolicy = neutronKind({
  kind: 'ikePolicy',
  collection: 'ikePolicies',
  body: ({ step }) => ({
    name: step.name,
    ike_version: step.want.version,
    phase1_negotiation_mode: step.want.mode,
    encryption_algorithm: step.want.encryption,
    auth_algorithm: step.want.auth,
    pfs: step.want.pfs,
    lifetime: { units: 'seconds', value: step.want.lifetimeSeconds },
  }),
  // Not even the name can be changed while a connection uses a policy.
  updatable: [],
  isReferenced: usedByConnection('ikepolicy_id'),
});

export const ipsecPolicy = neutronKind({
  kind: 'ipsecPolicy',
  collection: 'ipsecPolicies',
  body: ({ step }) => ({
    name: step.name,
    transform_protocol: step.want.protocol,
    encapsulation_mode: step.want.encapsulation,
    encryption_algorithm: step.want.encryption,
    auth_algorithm: step.want.auth,
    pfs: step.want.pfs,
    lifetime: { units: 'seconds', value: step.want.lifetimeSeconds },
  }),
  updatable: [],
  isReferenced: usedByConnection('ipsecpolicy_id'),
});

export const localEndpointGroup = neutronKind({
  kind: 'localEndpointGroup',
  collection: 'endpointGroups',
  body: (scope) => ({ name: scope.step.name, type: 'subnet', endpoints: [need(scope, 'subnet').id] }),
  updatable: ['name'],
  isReferenced: usedByConnection('local_ep_group_id', 'peer_ep_group_id'),
});

export const peerEndpointGroup = neutronKind({
  kind: 'peerEndpointGroup',
  collection: 'endpointGroups',
  body: ({ step }) => ({ name: step.name, type: 'cidr', endpoints: step.want.cidrs }),
  updatable: ['name'],
  isReferenced: usedByConnection('local_ep_group_id', 'peer_ep_group_id'),
});
