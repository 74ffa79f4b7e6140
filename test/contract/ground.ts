/** What the recorded requests of Nova and Glance stand on: in each region a network, a subnet, and a router to the outside, by the recordings' names. */
import type { Target } from './target.js';

const RANGES = { left: '10.1.0.0/24', right: '10.2.0.0/24' } as const;

interface Row {
  readonly id: string;
}

/** Makes it in both regions. @returns what removes it again */
export async function makeGround(target: Target): Promise<() => Promise<void>> {
  const undo: (() => Promise<unknown>)[] = [];
  for (const [region, cidr] of Object.entries(RANGES)) {
    const send = async (method: string, path: string, body?: unknown): Promise<Record<string, unknown>> => {
      const text = body === undefined ? {} : { body: JSON.stringify(body) };
      const answer = await target.send({
        user: 'demo',
        region,
        service: 'network',
        method,
        path: `/v2.0${path}`,
        ...text,
      });
      if (answer.status >= 400)
        throw new Error(`${method} ${path} in ${region}: ${answer.status} ${JSON.stringify(answer.body)}`);
      return (answer.body ?? {}) as Record<string, unknown>;
    };
    const make = async (kind: string, fields: Record<string, unknown>): Promise<string> => {
      const { id } = (await send('POST', `/${kind}s`, { [kind]: fields }))[kind] as Row;
      undo.push(() => send('DELETE', `/${kind}s/${id}`));
      return id;
    };
    const network = await make('network', { name: `net-${region}` });
    const subnet = await make('subnet', { name: `subnet-${region}`, network_id: network, ip_version: 4, cidr });
    const { networks } = (await send('GET', '/networks?router:external=true')) as { networks: readonly Row[] };
    const gateway = { network_id: networks[0]?.id };
    const router = await make('router', { name: `router-${region}`, external_gateway_info: gateway });
    await send('PUT', `/routers/${router}/add_router_interface`, { subnet_id: subnet });
    undo.push(() => send('PUT', `/routers/${router}/remove_router_interface`, { subnet_id: subnet }));
  }
  return async () => {
    for (const one of undo.reverse()) await one();
  };
}
