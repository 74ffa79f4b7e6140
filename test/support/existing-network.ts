/** Networks and VPN services, in region cbk if nothing else is said, as their owner made them: with the API, and no mark. */
import { Regions } from '../../src/openstack/region.js';
import type { Simulator } from '../../src/simulator/index.js';
import { workerConfig } from './test-bed.js';

const CALL = { timeoutMs: 2_000 };

/**
 * A router `{name}-router` with a gateway, and for each range a network `{name}-network` with a subnet `{name}-subnet` attached to it; the second of each is
 * called `{name}-network2` and so on.
 */
export function makeNetwork(simulator: Simulator, name: string, ...cidrs: readonly string[]): Promise<void> {
  return makeNetworkIn('cbk', simulator, name, ...cidrs);
}

export async function makeNetworkIn(
  regionName: string,
  simulator: Simulator,
  name: string,
  ...cidrs: readonly string[]
): Promise<void> {
  const region = openRegion(simulator, regionName);
  const external = (await region.list('networks', CALL)).find((network) => network['router:external']);
  const router = await region.create(
    'routers',
    { name: `${name}-router`, external_gateway_info: { network_id: external?.id } },
    CALL,
  );
  for (const [index, cidr] of cidrs.entries()) {
    const n = index === 0 ? '' : index + 1;
    const network = await region.create('networks', { name: `${name}-network${n}` }, CALL);
    const subnet = await region.create(
      'subnets',
      { name: `${name}-subnet${n}`, network_id: network.id, ip_version: 4, cidr },
      CALL,
    );
    await region.addRouterInterface(router.id, subnet.id, CALL);
  }
}

/** A VPN service on the router `{name}-router`, with a subnet or without. Resolves to its id. */
export async function makeService(simulator: Simulator, name: string, subnetName?: string): Promise<string> {
  const region = openRegion(simulator);
  const [router] = (await region.list('routers', CALL)).filter((one) => one.name === `${name}-router`);
  const [subnet] = (await region.list('subnets', CALL)).filter((one) => one.name === subnetName);
  const body = { name: `${name}-service`, router_id: router?.id, subnet_id: subnet?.id ?? null };
  return (await region.create('vpnServices', body, CALL)).id;
}

function openRegion(simulator: Simulator, name = 'cbk') {
  return new Regions().open(workerConfig(simulator).clouds.get(undefined), name);
}
