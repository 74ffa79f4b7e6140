/** The local endpoint group: which of a site's subnets the tunnel carries. Endpoints cannot change once made. */
import { needAll } from '../kind.js';
import { neutronKind } from './neutron-kind.js';
import { usedByConnection } from './used-by-connection.js';

export const localEndpointGroup = neutronKind({
  kind: 'localEndpointGroup',
  collection: 'endpointGroups',
  body: (scope) => ({
    name: scope.step.name,
    type: 'subnet',
    endpoints: needAll(scope, 'subnet').map(({ output }) => output.id),
  }),
  updatable: ['name'],
  isReferenced: usedByConnection('local_ep_group_id', 'peer_ep_group_id'),
});
