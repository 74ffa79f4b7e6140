/**
 * The IPsec policy of a site: what is negotiated is the same at both ends by construction.
 * The rule: every crypto field is sent, as for the IKE policy.
 */
import { neutronKind } from './neutron-kind.js';
import { usedByConnection } from './used-by-connection.js';

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
  mark: ({ step }) => ({ note: step.want.description ?? '' }),
  updatable: [],
  isReferenced: usedByConnection('ipsecpolicy_id'),
});
