/**
 * A router's external gateway.
 * The rule: look first. Setting an equal gateway again may change the router's address and so break every tunnel that names it.
 */
import type { Collections } from '../../openstack/types.js';
import { orGone, refuse } from '../failures.js';
import { type Found, type Kind, need, type StepScope } from '../kind.js';
import { PART_OF_A_ROUTER } from './part-of-a-router.js';

export const externalGateway: Kind<'externalGateway'> = {
  ...PART_OF_A_ROUTER,
  kind: 'externalGateway',
  async find(scope) {
    const found = await showRouter(scope, need(scope, 'router').id);
    return found?.fields.network_id === undefined ? [] : [found];
  },
  async create(scope) {
    const networkId = await externalNetworkId(scope);
    const id = need(scope, 'router').id;
    // What the cloud answers is what is: a look after it may reach a replica that lags behind.
    return gatewayOf(
      await scope.attempt.write((call) =>
        scope.region.update('routers', id, { external_gateway_info: { network_id: networkId } }, call),
      ),
    );
  },
  differs: () => [],
  async update(found) {
    return found;
  },
  async remove(found, { region, attempt }) {
    await orGone(attempt.write((call) => region.update('routers', found.id, { external_gateway_info: null }, call)));
  },
  output: ({ fields }) => ({ address: String(fields.address ?? ''), parent: String(fields.network_id ?? '') }),
};

/** The gateway of a router as it stands. Undefined when the router is gone. */
async function showRouter(scope: StepScope, id: string): Promise<Found | undefined> {
  const router = await orGone(scope.attempt.read((call) => scope.region.show('routers', id, call)));
  return router === undefined ? undefined : gatewayOf(router);
}

/** The gateway of a router as a resource of its own, without fields where there is none. */
function gatewayOf({ id, name, external_gateway_info: gateway }: Collections['routers']): Found {
  const address = gateway?.external_fixed_ips?.find((ip) => ip.ip_address.includes('.'))?.ip_address;
  return { id, name, mark: undefined, fields: gateway === null ? {} : { network_id: gateway.network_id, address } };
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
