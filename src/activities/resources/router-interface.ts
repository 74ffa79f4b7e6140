/**
 * The router's leg in a created subnet: its gateway, and what serves metadata to the test VM.
 * The rule: it is ours when its router and subnet are.
 */
import { OpenStackError } from '../../openstack/errors.js';
import { orGone } from '../failures.js';
import { type Found, type Kind, need } from '../kind.js';
import { PART_OF_A_ROUTER } from './part-of-a-router.js';

export const routerInterface: Kind<'routerInterface'> = {
  ...PART_OF_A_ROUTER,
  kind: 'routerInterface',
  async find(scope) {
    const [router, subnet] = [need(scope, 'router').id, need(scope, 'subnet').id];
    const ports = await scope.attempt.read((call) => scope.region.list('ports', call));
    // Owners differ by router type: router_interface, router_interface_distributed, ha_router_replicated_interface.
    const own = ports.filter((port) => port.device_id === router && /interface/.test(port.device_owner));
    return own
      .filter((port) => port.fixed_ips.some((ip) => ip.subnet_id === subnet))
      .slice(0, 1)
      .map((port) => interfaceOf(router, subnet, port.id, scope.step.name));
  },
  async create(scope) {
    const [router, subnet] = [need(scope, 'router').id, need(scope, 'subnet').id];
    let port = '';
    try {
      port = await scope.attempt.write((call) => scope.region.addRouterInterface(router, subnet, call));
    } catch (error) {
      // "Router already has a port on subnet": an earlier write whose answer was lost, and which the list did not show yet.
      const already =
        error instanceof OpenStackError && error.fields.status === 400 && /already has a port/.test(error.said);
      if (!already) throw error;
    }
    return interfaceOf(router, subnet, port || `${router}/${subnet}`, scope.step.name);
  },
  differs: () => [],
  async update(found) {
    return found;
  },
  async remove(found, { region, attempt }) {
    await orGone(
      attempt.write((call) =>
        region.removeRouterInterface(String(found.fields.router), String(found.fields.subnet), call),
      ),
    );
  },
  output: () => ({}),
};

function interfaceOf(router: string, subnet: string, id: string, name: string): Found {
  return { id, name, mark: undefined, fields: { router, subnet } };
}
