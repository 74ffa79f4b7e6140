/** The test VM's port, made before the VM, so that both scripts know each other's address. */
import { need } from '../kind.js';
import { neutronKind } from './neutron-kind.js';

export const port = neutronKind({
  kind: 'port',
  collection: 'ports',
  body: (scope) => ({
    name: scope.step.name,
    network_id: need(scope, 'subnet').parent,
    fixed_ips: [{ subnet_id: need(scope, 'subnet').id }],
    security_groups: [need(scope, 'securityGroup').id],
  }),
  updatable: [],
  output: (resource) => {
    const address = resource.fixed_ips[0]?.ip_address;
    return address === undefined ? {} : { address };
  },
});
