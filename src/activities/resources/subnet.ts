/** The subnet of a created network. Its range cannot change; its name and name servers can. */
import { siteStepKey } from '../../graph/step-keys.js';
import { needAt } from '../kind.js';
import { neutronKind } from './neutron-kind.js';

export const subnet = neutronKind({
  kind: 'subnet',
  collection: 'subnets',
  body: (scope) => ({
    name: scope.step.name,
    network_id: needAt(scope, siteStepKey(scope.step.site, 'network', scope.step.want.network)).id,
    ip_version: 4,
    cidr: scope.step.want.cidr,
    gateway_ip: scope.step.want.gateway,
    dns_nameservers: scope.step.want.dns,
  }),
  updatable: ['name', 'dns_nameservers'],
  output: (resource) => ({
    parent: resource.network_id,
    cidr: resource.cidr,
    ...(resource.gateway_ip === null ? {} : { address: resource.gateway_ip }),
  }),
  isReferenced: async (found, { region, attempt }) => {
    const ports = await attempt.read((call) => region.list('ports', call));
    return ports.some(
      (port) => port.device_owner !== 'network:dhcp' && port.fixed_ips.some((ip) => ip.subnet_id === found.id),
    );
  },
});
