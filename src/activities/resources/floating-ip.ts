/**
 * The floating IP of the test VM that a check by SSH logs in to: the tutorial's own way in.
 * The rule: it comes from the network of the router's gateway, whoever set that: from no other network could it be routed.
 */
import { need } from '../kind.js';
import { neutronKind } from './neutron-kind.js';

export const floatingIp = neutronKind({
  kind: 'floatingIp',
  collection: 'floatingIps',
  body: (scope) => ({
    floating_network_id: need(scope, 'externalGateway').parent,
    port_id: need(scope, 'port').id,
  }),
  updatable: ['port_id'],
  output: (resource) => ({ address: resource.floating_ip_address }),
});
