/**
 * A router's external gateway and its interface: parts that have no description, so they are ours when their router is (and the interface's subnet).
 * The rule: look first. Setting an equal gateway again may change the router's address and so break every tunnel that names it.
 */
import { OpenStackError } from '../../openstack/errors.js';
import { isGone, refuse } from '../failures.js';
import { type Found, type Kind, need, type StepScope } from '../kind.js';

const NO_INVENTORY = { restorable: [], inventory: async () => [], isReferenced: async () => false } as const;

export const externalGateway: Kind<'externalGateway'> = {
  ...NO_INVENTORY,
  kind: 'externalGateway',
  async find(scope) {
    const found = await showRouter(scope, need(scope, 'router').id);
    return found?.fields.network_id === undefined ? [] : [found];
  },
  async create(scope) {
    const networkId = await externalNetworkId(scope);
    const id = need(scope, 'router').id;
    await scope.attempt.write((call) =>
      scope.region.update('routers', id, { external_gateway_info: { network_id: networkId } }, call),
    );
    const found = await showRouter(scope, id);
    if (found === undefined)
      throw refuse('CloudRefused', `router ${id} vanished while its gateway was set; apply again`);
    return found;
  },
  differs: () => [],
  async update(found) {
    return found;
  },
  async remove(found, { region, attempt }) {
    try {
      await attempt.write((call) => region.update('routers', found.id, { external_gateway_info: null }, call));
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  },
  output: (found) => ({ address: String(found.fields.address ?? '') }),
};

/** The gateway of a router as a resource of its own. Undefined when the router is gone. */
async function showRouter(scope: StepScope, id: string): Promise<Found | undefined> {
  try {
    const router = await scope.attempt.read((call) => scope.region.show('routers', id, call));
    const gateway = router.external_gateway_info;
    return {
      id,
      name: router.name,
      mark: undefined,
      fields:
        gateway === null
          ? {}
          : {
              network_id: gateway.network_id,
              address: gateway.external_fixed_ips?.find((ip) => ip.ip_address.includes('.'))?.ip_address,
            },
    };
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Id of the external network that the spec names, by id or name. Fails with the candidates where it is not one. */
export async function externalNetworkId(
  scope: Pick<StepScope<'externalGateway'>, 'step' | 'region' | 'attempt'>,
): Promise<string> {
  const wanted = scope.step.want.externalNetwork;
  const all = (await scope.attempt.read((call) => scope.region.list('networks', call))).filter(
    (network) => network['router:external'],
  );
  const matches = all.filter((network) => network.id === wanted || network.name === wanted);
  const [match] = matches;
  if (match !== undefined && matches.length === 1) return match.id;
  const known = all.map((network) => `${network.name} (${network.id})`).join(', ') || 'none';
  throw refuse(
    'CloudNotSuitable',
    `external network "${wanted}" is ${matches.length === 0 ? 'not known' : 'ambiguous'} in region ${scope.region.name}; it has: ${known}`,
  );
}

export const routerInterface: Kind<'routerInterface'> = {
  ...NO_INVENTORY,
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
    try {
      await attempt.write((call) =>
        region.removeRouterInterface(String(found.fields.router), String(found.fields.subnet), call),
      );
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  },
  output: () => ({}),
};

function interfaceOf(router: string, subnet: string, id: string, name: string): Found {
  return { id, name, mark: undefined, fields: { router, subnet } };
}
