/** The rule that lets pings in to the test VM, and nothing else. */
import { need } from '../kind.js';
import { neutronKind } from './neutron-kind.js';

export const securityGroupRule = neutronKind({
  kind: 'securityGroupRule',
  collection: 'securityGroupRules',
  body: (scope) => ({
    security_group_id: need(scope, 'securityGroup').id,
    direction: 'ingress',
    ethertype: 'IPv4',
    protocol: 'icmp',
  }),
  updatable: [],
});
