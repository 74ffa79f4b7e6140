/**
 * One region of a cloud: Neutron, Nova and Glance as typed calls. All addresses of all services stand here.
 * The rule: lists are never filtered by the server, since releases ignore or refuse filters on VPN collections; who needs less filters what came.
 */
import type { CloudConfig } from './clouds-config.js';
import { OpenStackError } from './errors.js';
import type { CallOptions } from './http.js';
import { Session } from './session.js';
import type { Collections, Flavor, Image, NetworkCollection, Server } from './types.js';

/** Path, and the keys of one and of many in bodies, of every collection of Neutron that is used. */
const NETWORK_COLLECTIONS: Readonly<Record<NetworkCollection, { path: string; one: string; many: string }>> = {
  networks: { path: 'networks', one: 'network', many: 'networks' },
  subnets: { path: 'subnets', one: 'subnet', many: 'subnets' },
  routers: { path: 'routers', one: 'router', many: 'routers' },
  ports: { path: 'ports', one: 'port', many: 'ports' },
  securityGroups: { path: 'security-groups', one: 'security_group', many: 'security_groups' },
  securityGroupRules: { path: 'security-group-rules', one: 'security_group_rule', many: 'security_group_rules' },
  ikePolicies: { path: 'vpn/ikepolicies', one: 'ikepolicy', many: 'ikepolicies' },
  ipsecPolicies: { path: 'vpn/ipsecpolicies', one: 'ipsecpolicy', many: 'ipsecpolicies' },
  vpnServices: { path: 'vpn/vpnservices', one: 'vpnservice', many: 'vpnservices' },
  endpointGroups: { path: 'vpn/endpoint-groups', one: 'endpoint_group', many: 'endpoint_groups' },
  siteConnections: { path: 'vpn/ipsec-site-connections', one: 'ipsec_site_connection', many: 'ipsec_site_connections' },
  extensions: { path: 'extensions', one: 'extension', many: 'extensions' },
};

/** Pages of a list after which it counts as endless. */
const MAX_PAGES = 1000;

/** Fields of a request body whose values must never be told. */
const SECRET_FIELDS = /^(psk|password|adminPass|secret|user_data)$/;

type Service = 'network' | 'compute' | 'image';
type Body = Readonly<Record<string, unknown>>;

export class Region {
  constructor(
    private readonly session: Session,
    readonly name: string,
  ) {}

  projectId(options: CallOptions): Promise<string> {
    return this.session.projectId(options);
  }

  /** Address of Neutron without its version. */
  async networkEndpoint(options: CallOptions): Promise<string> {
    return (await this.session.endpoint('network', this.name, options)).replace(/\/v2\.0$/, '');
  }

  /** Everything of a collection that the project may see, over all pages. */
  async list<C extends NetworkCollection>(collection: C, options: CallOptions): Promise<readonly Collections[C][]> {
    const { path, many } = NETWORK_COLLECTIONS[collection];
    return this.pages<Collections[C]>('network', `/v2.0/${path}`, many, options);
  }

  async show<C extends NetworkCollection>(collection: C, id: string, options: CallOptions): Promise<Collections[C]> {
    const { path, one } = NETWORK_COLLECTIONS[collection];
    return this.call<Collections[C]>('network', 'GET', `/v2.0/${path}/${id}`, one, undefined, options);
  }

  async create<C extends NetworkCollection>(collection: C, body: Body, options: CallOptions): Promise<Collections[C]> {
    const { path, one } = NETWORK_COLLECTIONS[collection];
    return this.call<Collections[C]>('network', 'POST', `/v2.0/${path}`, one, { [one]: body }, options);
  }

  async update<C extends NetworkCollection>(
    collection: C,
    id: string,
    body: Body,
    options: CallOptions,
  ): Promise<Collections[C]> {
    const { path, one } = NETWORK_COLLECTIONS[collection];
    return this.call<Collections[C]>('network', 'PUT', `/v2.0/${path}/${id}`, one, { [one]: body }, options);
  }

  async remove(collection: NetworkCollection, id: string, options: CallOptions): Promise<void> {
    await this.request('network', 'DELETE', `/v2.0/${NETWORK_COLLECTIONS[collection].path}/${id}`, undefined, options);
  }

  /** Id of the port that joins them. */
  async addRouterInterface(router: string, subnet: string, options: CallOptions): Promise<string> {
    const answer = await this.request(
      'network',
      'PUT',
      `/v2.0/routers/${router}/add_router_interface`,
      { subnet_id: subnet },
      options,
    );
    return String(answer.port_id ?? '');
  }

  async removeRouterInterface(router: string, subnet: string, options: CallOptions): Promise<void> {
    await this.request(
      'network',
      'PUT',
      `/v2.0/routers/${router}/remove_router_interface`,
      { subnet_id: subnet },
      options,
    );
  }

  async listServers(options: CallOptions): Promise<readonly Server[]> {
    return this.pages<Server>('compute', '/servers/detail', 'servers', options);
  }

  async showServer(id: string, options: CallOptions): Promise<Server> {
    return this.call<Server>('compute', 'GET', `/servers/${id}`, 'server', undefined, options);
  }

  /** Nova answers with little but the id. */
  async createServer(body: Body, options: CallOptions): Promise<{ readonly id: string }> {
    return this.call<{ readonly id: string }>('compute', 'POST', '/servers', 'server', { server: body }, options);
  }

  async removeServer(id: string, options: CallOptions): Promise<void> {
    await this.request('compute', 'DELETE', `/servers/${id}`, undefined, options);
  }

  /** The last `lines` lines of a server's console. Asking is a POST, but it changes nothing. */
  async consoleOutput(id: string, lines: number, options: CallOptions): Promise<string> {
    return this.call<string>(
      'compute',
      'POST',
      `/servers/${id}/action`,
      'output',
      { 'os-getConsoleOutput': { length: lines } },
      options,
    );
  }

  async listFlavors(options: CallOptions): Promise<readonly Flavor[]> {
    return this.pages<Flavor>('compute', '/flavors/detail', 'flavors', options);
  }

  async listImages(options: CallOptions): Promise<readonly Image[]> {
    return this.pages<Image>('image', '/v2/images', 'images', options);
  }

  /** Pages by `marker` against our own address: a cloud's `next` link may name a host that only it can reach. */
  private async pages<T extends { readonly id?: string }>(
    service: Service,
    path: string,
    key: string,
    options: CallOptions,
  ): Promise<readonly T[]> {
    const all: T[] = [];
    for (let page = 0, marker = ''; page < MAX_PAGES; page++) {
      const answer = await this.request(
        service,
        'GET',
        marker === '' ? path : `${path}?marker=${marker}`,
        undefined,
        options,
      );
      const items = answer[key];
      if (!Array.isArray(items)) throw this.unexpected(service, 'GET', path, `a list "${key}"`);
      all.push(...(items as T[]));
      const next =
        service === 'image'
          ? answer.next
          : (answer[`${key}_links`] as { rel?: string }[] | undefined)?.some((link) => link.rel === 'next');
      const last = (items as T[]).at(-1)?.id;
      if (!next || last === undefined) return all;
      if (last === marker) throw this.unexpected(service, 'GET', path, 'a list that ends: the same page came twice');
      marker = last;
    }
    throw this.unexpected(service, 'GET', path, `a list that ends: it has more than ${MAX_PAGES} pages`);
  }

  private async call<T>(
    service: Service,
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    key: string,
    body: Body | undefined,
    options: CallOptions,
  ): Promise<T> {
    const value = (await this.request(service, method, path, body, options))[key];
    if (value === undefined || value === null) throw this.unexpected(service, method, path, `"${key}"`);
    if (typeof value === 'object' && typeof (value as { id?: unknown }).id !== 'string')
      throw this.unexpected(service, method, path, `"${key}" with an id`);
    return value as T;
  }

  private async request(
    service: Service,
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body: Body | undefined,
    options: CallOptions,
  ): Promise<Record<string, unknown>> {
    const base =
      service === 'network'
        ? await this.networkEndpoint(options)
        : await this.session.endpoint(service, this.name, options);
    // Catalogs list Glance with and without its version.
    const url = `${service === 'image' ? base.replace(/\/v2(\.\d+)?$/, '') : base}${path}`;
    const answer = await this.session.send(
      {
        service,
        region: this.name,
        method,
        url,
        headers: {
          'Content-Type': 'application/json',
          // One low microversion, always sent: every Nova has it, and none then answers in a newer shape.
          ...(service === 'compute' ? { 'OpenStack-API-Version': 'compute 2.1' } : {}),
        },
        body,
        secrets: secretsIn(body),
      },
      options,
    );
    if (method !== 'DELETE' && (typeof answer.body !== 'object' || answer.body === null))
      throw this.unexpected(service, method, path, 'a JSON object');
    return (answer.body ?? {}) as Record<string, unknown>;
  }

  private unexpected(service: Service, method: string, path: string, wanted: string): OpenStackError {
    return new OpenStackError(`the answer has not ${wanted}`, {
      service,
      region: this.name,
      method,
      path,
      sent: 'answered',
      code: 'BAD_ANSWER',
    });
  }
}

/** One session per cloud, one region object per cloud and region, for the life of a worker. */
export class Regions {
  private readonly sessions = new Map<string, Session>();

  open(cloud: CloudConfig, region: string): Region {
    return new Region(this.session(cloud), region);
  }

  session(cloud: CloudConfig): Session {
    const session = this.sessions.get(cloud.name) ?? new Session(cloud);
    this.sessions.set(cloud.name, session);
    return session;
  }
}

function secretsIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    SECRET_FIELDS.test(key) && typeof inner === 'string' ? [inner] : secretsIn(inner),
  );
}
