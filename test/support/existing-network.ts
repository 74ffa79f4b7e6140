/** A network in region cbk as its owner made it: with the API, and no mark. */
import { Regions } from '../../src/openstack/region.js';
import type { Simulator } from '../../src/simulator/index.js';
import { workerConfig } from './test-bed.js';

const CALL = { timeoutMs: 2_000 };

/** Network, subnet and router, named `{name}-network` and so on, attached and with a gateway. */
export async function makeNetwork(simulator: Simulator, name: string, cidr: string): Promise<void> {
  const region = new Regions().open(workerConfig(simulator).clouds.get(undefined), 'cbk');
  const external = (await region.list('networks', CALL)).find((network) => network['router:external']);
  const network = await region.create('networks', { name: `${name}-network` }, CALL);
  const subnet = await region.create(
    'subnets',
    { name: `${name}-subnet`, network_id: network.id, ip_version: 4, cidr },
    CALL,
  );
  const router = await region.create(
    'routers',
    { name: `${name}-router`, external_gateway_info: { network_id: external?.id } },
    CALL,
  );
  await region.addRouterInterface(router.id, subnet.id, CALL);
}
