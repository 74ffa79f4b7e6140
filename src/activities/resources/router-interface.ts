/**
 * The router's leg in a created subnet: its gateway, and what serves metadata to the test VM.
 * The rule: it is ours when its router and subnet are.
 */
import { OpenStackError } from '../../openstack/errors.js';
import type { Port } from '../../openstack/types.js';
import { orGone } from '../failures.js';
import { type Found, type Kind, need } from '../kind.js';
import { PART_OF_A_ROUTER } from './part-of-a-router.js';

export const routerInterface: Kind<'routerInterface'> = {
  ...PART_OF_A_ROUTER,
  kind: 'routerInterface',
  async find(scope) {
    const [router, subnet] = [need(scope, 'router').id, need(scope, 'subnet').id];
    const ports = await scope.attempt.read((call) => scope.region.list('ports', call));
    return ports
      .filter((port) => isLeg(port, router, subnet))
      .slice(0, 1)
      .map((port) => interfaceOf(router, subnet, port.id, scope.step.name));
  },
  async show(id, scope) {
    const [router, subnet] = [need(scope, 'router').id, need(scope, 'subnet').id];
    if (id === unlisted(router, subnet)) return undefined;
    const port = await orGone(scope.attempt.read((call) => scope.region.show('ports', id, call)));
    return port !== undefined && isLeg(port, router, subnet)
      ? interfaceOf(router, subnet, id, scope.step.name)
      : undefined;
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
    return interfaceOf(router, subnet, port || unlisted(router, subnet), scope.step.name);
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

/** Stands for the id of a leg's port where that is not known. */
function unlisted(router: string, subnet: string): string {
  return `${router}/${subnet}`;
}

function isLeg({ device_id, device_owner, fixed_ips }: Port, router: string, subnet: string): boolean {
  // Owners differ by router type: router_interface, router_interface_distributed, ha_router_replicated_interface.
  return device_id === router && /interface/.test(device_owner) && fixed_ips.some((ip) => ip.subnet_id === subnet);
}

function interfaceOf(router: string, subnet: string, id: string, name: string): Found {
  return { id, name, mark: undefined, fields: { router, subnet } };
}
