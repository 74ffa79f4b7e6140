/** The peer endpoint group of one end of a link: the other site's ranges, by address, since the other region knows no ids of this one. */
import { neutronKind } from './neutron-kind.js';
import { usedByConnection } from './used-by-connection.js';

export const peerEndpointGroup = neutronKind({
  kind: 'peerEndpointGroup',
  collection: 'endpointGroups',
  body: ({ step }) => ({ name: step.name, type: 'cidr', endpoints: step.want.cidrs }),
  updatable: ['name'],
  isReferenced: usedByConnection('local_ep_group_id', 'peer_ep_group_id'),
});
