/** What is let in to a test VM: pings, and with a check by SSH its one port; nothing else. */
import { type Kind, need } from '../kind.js';
import { neutronKind } from './neutron-kind.js';

type RuleKind = 'securityGroupRule' | 'sshRule';

function ingress<K extends RuleKind>(kind: K, what: Readonly<Record<string, unknown>>): Kind<K> {
  return neutronKind({
    kind,
    collection: 'securityGroupRules',
    body: (scope) => ({
      security_group_id: need(scope, 'securityGroup').id,
      direction: 'ingress',
      ethertype: 'IPv4',
      ...what,
    }),
    updatable: [],
  });
}

export const securityGroupRule = ingress('securityGroupRule', { protocol: 'icmp' });

export const sshRule = ingress('sshRule', { protocol: 'tcp', port_range_min: 22, port_range_max: 22 });
