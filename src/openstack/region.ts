/**
 * One region of a cloud: Neutron, Nova and Glance as typed calls. All addresses of all services stand here.
 * The rule: lists are never filtered by the server, since releases ignore or refuse filters on VPN collections; who needs less filters what came.
 */
import { badAnswer, bodyOf, type ResourceSchema, readMany, readOne, readValue } from './answers.js';
import type { CloudConfig } from './clouds-config.js';
import type { CallOptions, HttpAnswer } from './http.js';
import { Session } from './session.js';
import { Traffic } from './traffic.js';
import {
  COLLECTION_SCHEMAS,
  type Collections,
  consoleSchema,
  type Flavor,
  flavorSchema,
  type Image,
  imageSchema,
  type Limits,
  limitsSchema,
  type NetworkCollection,
  newServerSchema,
  type Quotas,
  quotasSchema,
  routerInterfaceSchema,
  type Server,
  serverSchema,
} from './types.js';

/** Path, and the keys of one and of many in bodies, of every collection of Neutron that is used. */
const NETWORK_COLLECTIONS: Readonly<Record<NetworkCollection, { path: string; one: string; many: string }>> = {
  networks: { path: 'networks', one: 'network', many: 'networks' },
  subnets: { path: 'subnets', one: 'subnet', many: 'subnets' },
  routers: { path: 'routers', one: 'router', many: 'routers' },
  ports: { path: 'ports', one: 'port', many: 'ports' },
  securityGroups: { path: 'security-groups', one: 'security_group', many: 'security_groups' },
  securityGroupRules: { path: 'security-group-rules', one: 'security_group_rule', many: 'security_group_rules' },
  floatingIps: { path: 'floatingips', one: 'floatingip', many: 'floatingips' },
  ikePolicies: { path: 'vpn/ikepolicies', one: 'ikepolicy', many: 'ikepolicies' },
  ipsecPolicies: { path: 'vpn/ipsecpolicies', one: 'ipsecpolicy', many: 'ipsecpolicies' },
  vpnServices: { path: 'vpn/vpnservices', one: 'vpnservice', many: 'vpnservices' },
  endpointGroups: { path: 'vpn/endpoint-groups', one: 'endpoint_group', many: 'endpoint_groups' },
  siteConnections: { path: 'vpn/ipsec-site-connections', one: 'ipsec_site_connection', many: 'ipsec_site_connections' },
  extensions: { path: 'extensions', one: 'extension', many: 'extensions' },
};

/** Pages and items of a list after which it counts as endless. The items bound its memory. */
const MAX_PAGES = 1_000;
const MAX_ITEMS = 100_000;

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

  /** Everything of a collection that the project may see, over all pages. A field that does not match its schema throws when it is read. */
  async list<C extends NetworkCollection>(collection: C, options: CallOptions): Promise<readonly Collections[C][]> {
    const { path, many } = NETWORK_COLLECTIONS[collection];
    return this.pages('network', `/v2.0/${path}`, many, schemaOf(collection), options);
  }

  async show<C extends NetworkCollection>(collection: C, id: string, options: CallOptions): Promise<Collections[C]> {
    const { path, one } = NETWORK_COLLECTIONS[collection];
    const answer = await this.request('network', 'GET', `/v2.0/${path}/${id}`, undefined, options);
    return readOne(schemaOf(collection), answer, one);
  }

  async create<C extends NetworkCollection>(collection: C, body: Body, options: CallOptions): Promise<Collections[C]> {
    const { path, one } = NETWORK_COLLECTIONS[collection];
    const answer = await this.request('network', 'POST', `/v2.0/${path}`, { [one]: body }, options);
    return readOne(schemaOf(collection), answer, one);
  }

  async update<C extends NetworkCollection>(
    collection: C,
    id: string,
    body: Body,
    options: CallOptions,
  ): Promise<Collections[C]> {
    const { path, one } = NETWORK_COLLECTIONS[collection];
    const answer = await this.request('network', 'PUT', `/v2.0/${path}/${id}`, { [one]: body }, options);
    return readOne(schemaOf(collection), answer, one);
  }

  async remove(collection: NetworkCollection, id: string, options: CallOptions): Promise<void> {
    const { path } = NETWORK_COLLECTIONS[collection];
    bodyOf(await this.request('network', 'DELETE', `/v2.0/${path}/${id}`, undefined, options));
  }

  /** Id of the port that joins them. */
  async addRouterInterface(router: string, subnet: string, options: CallOptions): Promise<string> {
    const path = `/v2.0/routers/${router}/add_router_interface`;
    const answer = await this.request('network', 'PUT', path, { subnet_id: subnet }, options);
    return readValue(routerInterfaceSchema, answer, bodyOf(answer), 'interface').port_id;
  }

  async removeRouterInterface(router: string, subnet: string, options: CallOptions): Promise<void> {
    const path = `/v2.0/routers/${router}/remove_router_interface`;
    bodyOf(await this.request('network', 'PUT', path, { subnet_id: subnet }, options));
  }

  async listServers(options: CallOptions): Promise<readonly Server[]> {
    return this.pages('compute', '/servers/detail', 'servers', serverSchema, options);
  }

  async showServer(id: string, options: CallOptions): Promise<Server> {
    return readOne(serverSchema, await this.request('compute', 'GET', `/servers/${id}`, undefined, options), 'server');
  }

  async createServer(body: Body, options: CallOptions): Promise<{ readonly id: string }> {
    const answer = await this.request('compute', 'POST', '/servers', { server: body }, options);
    return readOne(newServerSchema, answer, 'server');
  }

  async removeServer(id: string, options: CallOptions): Promise<void> {
    bodyOf(await this.request('compute', 'DELETE', `/servers/${id}`, undefined, options));
  }

  /** The last `lines` lines of a server's console. Asking is a POST, but it changes nothing. */
  async consoleOutput(id: string, lines: number, options: CallOptions): Promise<string> {
    const body = { 'os-getConsoleOutput': { length: lines } };
    return readOne(
      consoleSchema,
      await this.request('compute', 'POST', `/servers/${id}/action`, body, options),
      'output',
    );
  }

  async listFlavors(options: CallOptions): Promise<readonly Flavor[]> {
    return this.pages('compute', '/flavors/detail', 'flavors', flavorSchema, options);
  }

  /** Neutron's quotas of the project, with what is used of them. */
  async quotas(options: CallOptions): Promise<Quotas> {
    const path = `/v2.0/quotas/${await this.projectId(options)}/details.json`;
    return readOne(quotasSchema, await this.request('network', 'GET', path, undefined, options), 'quota');
  }

  /** Nova's quotas of the project, with what is used of them. */
  async limits(options: CallOptions): Promise<Limits> {
    const answer = await this.request('compute', 'GET', '/limits', undefined, options);
    return readOne(limitsSchema, answer, 'limits').absolute;
  }

  async listImages(options: CallOptions): Promise<readonly Image[]> {
    return this.pages('image', '/v2/images', 'images', imageSchema, options);
  }

  /** Pages by `marker` against our own address: a cloud's `next` link may name a host that only it can reach. */
  private async pages<T extends { readonly id?: unknown }>(
    service: Service,
    path: string,
    key: string,
    schema: ResourceSchema<T>,
    options: CallOptions,
  ): Promise<readonly T[]> {
    const all: T[] = [];
    const markers = new Set<string>();
    let next = path;
    for (;;) {
      const answer = await this.request(service, 'GET', next, undefined, options);
      const items = readMany(schema, answer, key);
      for (const item of items) all.push(item);
      const marker = items.at(-1)?.id;
      if (!hasNext(service, key, answer) || typeof marker !== 'string') return all;
      if (markers.has(marker)) throw badAnswer(answer, `${key} does not end: the same page came twice`);
      markers.add(marker);
      if (markers.size >= MAX_PAGES || all.length > MAX_ITEMS)
        throw badAnswer(answer, `${key} does not end: ${markers.size} pages with ${all.length} items came`);
      next = `${path}?marker=${encodeURIComponent(marker)}`;
    }
  }

  private async request(
    service: Service,
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body: Body | undefined,
    options: CallOptions,
  ): Promise<HttpAnswer> {
    const base =
      service === 'network'
        ? await this.networkEndpoint(options)
        : await this.session.endpoint(service, this.name, options);
    // Catalogs list Glance with and without its version.
    const url = `${service === 'image' ? base.replace(/\/v2(\.\d+)?$/, '') : base}${path}`;
    return this.session.send(
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
  }
}

/** One session per cloud, or per region where its regions have logins of their own, for the life of a worker. */
export class Regions {
  private readonly sessions = new Map<string, Session>();

  constructor(private readonly traffic = new Traffic()) {}

  open(cloud: CloudConfig, region: string): Region {
    return new Region(this.session(cloud), region);
  }

  session(cloud: CloudConfig): Session {
    const key = JSON.stringify([cloud.name, cloud.region]);
    const session = this.sessions.get(key) ?? new Session(cloud, this.traffic);
    this.sessions.set(key, session);
    return session;
  }
}

/** The one cast: a schema is not known to be that of its own collection once the collection is generic. */
function schemaOf<C extends NetworkCollection>(collection: C): ResourceSchema<Collections[C]> {
  return COLLECTION_SCHEMAS[collection] as unknown as ResourceSchema<Collections[C]>;
}

/** Glance puts `next` beside its list, the others a list of links. */
function hasNext(service: Service, key: string, answer: HttpAnswer): boolean {
  const body = bodyOf(answer);
  if (service === 'image') return Boolean(body.next);
  const links = body[`${key}_links`];
  return Array.isArray(links) && links.some((link: { rel?: unknown } | null) => link?.rel === 'next');
}

function secretsIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    SECRET_FIELDS.test(key) && typeof inner === 'string' ? [inner] : secretsIn(inner),
  );
}
