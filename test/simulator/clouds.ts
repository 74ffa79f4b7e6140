/** A simulator and a caller with a token, for tests of one service's API. */
import { type Delays, FAST_DELAYS, type Simulator, startSimulator } from '../../src/simulator/index.js';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: the body of any answer; a wrong guess fails the test
  readonly body: any;
}

export interface Cloud {
  readonly simulator: Simulator;
  /** Calls one service of region left, or of another; `body` makes it a POST. */
  call(service: string, path: string, options?: CallOptions): Promise<Reply>;
  stop(): Promise<void>;
}

export interface CallOptions {
  readonly method?: string;
  readonly body?: unknown;
  readonly region?: string;
  readonly user?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

export async function startCloud(delays: Partial<Delays> = {}): Promise<Cloud> {
  const simulator = await startSimulator({ delays: { ...FAST_DELAYS, ...delays } });
  const tokens = new Map<string, string>();
  const tokenOf = async (name: string): Promise<string> => {
    const known = tokens.get(name);
    if (known !== undefined) return known;
    const user = { name, password: 'lab', domain: { id: 'default' } };
    const scope = { project: { name, domain: { id: 'default' } } };
    const auth = { identity: { methods: ['password'], password: { user } }, scope };
    const answer = await fetch(`${simulator.authUrl}/auth/tokens`, { method: 'POST', body: JSON.stringify({ auth }) });
    const token = answer.headers.get('x-subject-token') ?? '';
    tokens.set(name, token);
    return token;
  };
  return {
    simulator,
    async call(service, path, { body, method, region = 'left', user = 'demo', headers = {} } = {}) {
      const answer = await fetch(`${simulator.url}/${region}/${service}${path}`, {
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        headers: {
          ...(user === null ? {} : { 'X-Auth-Token': await tokenOf(user) }),
          'Content-Type': 'application/json',
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      return { status: answer.status, headers: answer.headers, body: parse(text) };
    },
    stop: () => simulator.stop(),
  };
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}

/** A network with a subnet, and on request a router between it and the outside. @returns their ids */
export async function makeNetwork(
  cloud: Cloud,
  options: {
    readonly name: string;
    readonly cidr: string;
    readonly region?: string;
    readonly routed?: boolean;
    readonly dhcp?: boolean;
  },
): Promise<{ readonly network: string; readonly subnet: string; readonly router: string }> {
  const region = options.region ?? 'left';
  const post = async (kind: string, fields: Record<string, unknown>): Promise<string> =>
    (await cloud.call('network', `/v2.0/${kind}s`, { region, body: { [kind]: fields } })).body[kind].id;
  const network = await post('network', { name: `net-${options.name}` });
  const subnet = await post('subnet', {
    name: `subnet-${options.name}`,
    network_id: network,
    ip_version: 4,
    cidr: options.cidr,
    enable_dhcp: options.dhcp ?? true,
  });
  if (options.routed === false) return { network, subnet, router: '' };
  const outside = (await cloud.call('network', '/v2.0/networks?router:external=true', { region })).body.networks[0].id;
  const router = await post('router', {
    name: `router-${options.name}`,
    external_gateway_info: { network_id: outside },
  });
  await cloud.call('network', `/v2.0/routers/${router}/add_router_interface`, {
    region,
    method: 'PUT',
    body: { subnet_id: subnet },
  });
  return { network, subnet, router };
}
