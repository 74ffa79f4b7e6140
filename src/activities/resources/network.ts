/** The network that a site's subnet is on: the tutorial's first command. */
import { neutronKind } from './neutron-kind.js';

export const network = neutronKind({
  kind: 'network',
  collection: 'networks',
  body: (scope) => ({ name: scope.step.name }),
  updatable: ['name'],
  isReferenced: async (found) => (found.fields.subnets as readonly string[] | undefined)?.length !== 0,
});
