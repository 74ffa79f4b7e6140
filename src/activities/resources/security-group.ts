/** The test VM's own security group: nothing of the project's groups is touched. */
import { neutronKind } from './neutron-kind.js';

export const securityGroup = neutronKind({
  kind: 'securityGroup',
  collection: 'securityGroups',
  body: (scope) => ({ name: scope.step.name }),
  updatable: [],
});
