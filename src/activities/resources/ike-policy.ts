/**
 * The IKE policy of a site: what is negotiated is the same at both ends by construction.
 * The rule: every crypto field is sent. The API's defaults differ between releases, and on some no longer work.
 */
import { neutronKind } from './neutron-kind.js';
import { usedByConnection } from './used-by-connection.js';

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
  mark: ({ step }) => ({ note: step.want.description ?? '' }),
  // Not even name and description can be changed while a connection uses a policy.
  updatable: [],
  isReferenced: usedByConnection('ikepolicy_id'),
});
