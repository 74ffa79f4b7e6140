/** A region that answers anything but what was asked for: told by call and field, never by a value, and tried again. */
import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { Clouds } from '../../src/openstack/clouds-config.js';
import { leavesInDoubt, verdictOn } from '../../src/openstack/error-table.js';
import { OpenStackError } from '../../src/openstack/errors.js';
import { type Region, Regions } from '../../src/openstack/region.js';
import {
  COLLECTION_SCHEMAS,
  catalogEntrySchema,
  consoleSchema,
  flavorSchema,
  imageSchema,
  newServerSchema,
  routerInterfaceSchema,
  serverSchema,
  tokenSchema,
} from '../../src/openstack/types.js';
import { type LocalServer, localServer } from './local-server.js';

const CALL = { timeoutMs: 5_000 };
const ID = 'd2a5c1f0-0000-4000-8000-00000000000a';
let server: LocalServer;
afterEach(() => server?.stop());

/** A region whose Keystone is sound and whose other services answer as the test says. */
async function regionThat(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<Region> {
  server = await localServer((request, response) => {
    if (request.url !== '/v3/auth/tokens') return answer(request, response);
    const endpoint = (path: string) => [
      { interface: 'public', region: 'left', region_id: 'left', url: `${server.url}${path}` },
    ];
    const catalog = [
      { type: 'network', endpoints: endpoint('') },
      { type: 'compute', endpoints: endpoint('/compute') },
      { type: 'image', endpoints: endpoint('/image') },
    ];
    response.writeHead(201, { 'X-Subject-Token': 'token-1234', 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ token: { expires_at: '2999-01-01T00:00:00Z', project: { id: 'p1' }, catalog } }));
  });
  return new Regions().open(cloudAt(server.url), 'left');
}

function cloudAt(url: string) {
  const login = { OS_USERNAME: 'demo', OS_PASSWORD: 'lab-password', OS_PROJECT_NAME: 'demo', HOME: '/nonexistent' };
  return Clouds.load({ OS_AUTH_URL: `${url}/v3`, ...login }, '/nonexistent').get(undefined);
}

const says =
  (text: string, status = 200) =>
  (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(text);
  };

const thrownBy = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: unknown) => error as OpenStackError,
  );

interface Form {
  readonly name: string;
  readonly path: string;
  /** A body of the right form around what stands for the resource. */
  wrap(resource: unknown): unknown;
  call(region: Region): Promise<unknown>;
}

const many = (key: string) => (resource: unknown) => ({ [key]: [resource] });
const one = (key: string) => (resource: unknown) => ({ [key]: resource });

const FORMS: readonly Form[] = [
  { name: 'list', path: 'GET /v2.0/networks', wrap: many('networks'), call: (region) => region.list('networks', CALL) },
  {
    name: 'show',
    path: `GET /v2.0/routers/${ID}`,
    wrap: one('router'),
    call: (region) => region.show('routers', ID, CALL),
  },
  {
    name: 'create',
    path: 'POST /v2.0/vpn/ikepolicies',
    wrap: one('ikepolicy'),
    call: (region) => region.create('ikePolicies', {}, CALL),
  },
  {
    name: 'update',
    path: `PUT /v2.0/subnets/${ID}`,
    wrap: one('subnet'),
    call: (region) => region.update('subnets', ID, {}, CALL),
  },
  {
    name: 'interface',
    path: `PUT /v2.0/routers/${ID}/add_router_interface`,
    wrap: (resource) => resource,
    call: (region) => region.addRouterInterface(ID, ID, CALL),
  },
  {
    name: 'servers',
    path: 'GET /compute/servers/detail',
    wrap: many('servers'),
    call: (region) => region.listServers(CALL),
  },
  {
    name: 'server',
    path: `GET /compute/servers/${ID}`,
    wrap: one('server'),
    call: (region) => region.showServer(ID, CALL),
  },
  {
    name: 'new server',
    path: 'POST /compute/servers',
    wrap: one('server'),
    call: (region) => region.createServer({}, CALL),
  },
  {
    name: 'flavors',
    path: 'GET /compute/flavors/detail',
    wrap: many('flavors'),
    call: (region) => region.listFlavors(CALL),
  },
  { name: 'images', path: 'GET /image/v2/images', wrap: many('images'), call: (region) => region.listImages(CALL) },
];

const BODIES: readonly (readonly [name: string, body: (form: Form) => string])[] = [
  ['nothing', () => ''],
  ['HTML', () => '<html><body>value-1: sign in</body></html>'],
  ['garbage', () => '{"network": value-1}'],
  ['half of its JSON', ({ wrap }) => JSON.stringify(wrap({ id: ID, name: 'value-1' })).slice(0, -4)],
  ['a list', () => '["value-1"]'],
  ['a text', () => '"value-1"'],
  ['null', () => 'null'],
  ['a number', () => '5'],
  ['an empty object', () => '{}'],
  ['null for a resource', ({ wrap }) => JSON.stringify(wrap(null))],
  ['a number for a resource', ({ wrap }) => JSON.stringify(wrap(5))],
  ['a text for a resource', ({ wrap }) => JSON.stringify(wrap('value-1'))],
  ['a list for a resource', ({ wrap }) => JSON.stringify(wrap(['value-1']))],
  ['a resource without an id', ({ wrap }) => JSON.stringify(wrap({ name: 'value-1' }))],
  ['a number as id', ({ wrap }) => JSON.stringify(wrap({ id: 5, port_id: 5, name: 'value-1' }))],
];

describe.each(BODIES)('%s', (_, body) => {
  test.each(FORMS)('as answer to "$name" is told by its call, and passes', async (form) => {
    const error = await thrownBy(form.call(await regionThat(says(body(form)))));
    expect(error).toBeInstanceOf(OpenStackError);
    expect(error?.message.startsWith(`${form.path} in region left: 200 BAD_ANSWER: `), error?.message).toBe(true);
    expect(error?.message).not.toContain('value-1');
    expect(error && verdictOn(error).retry).toBe('wait');
  });
});

describe('one field of the wrong type', () => {
  const network = { id: ID, name: 'value-1', subnets: ['value-2'] };

  test('is told by its path and what was expected', async () => {
    const region = await regionThat(says(JSON.stringify({ network: { ...network, subnets: ['value-2', 7] } })));
    const error = await thrownBy(region.show('networks', ID, CALL));
    expect(error?.said).toBe('network.subnets[1]: expected string, received number');
  });

  test('deep within is told by its whole path', async () => {
    const gateway = { network_id: 'value-1', external_fixed_ips: [{ ip_address: null }] };
    const region = await regionThat(says(JSON.stringify({ router: { id: ID, external_gateway_info: gateway } })));
    const error = await thrownBy(region.show('routers', ID, CALL));
    expect(error?.said).toContain('router.external_gateway_info.external_fixed_ips[0].ip_address: expected string');
  });

  test('after a POST leaves the write in doubt, after a GET nothing', async () => {
    const region = await regionThat(says(JSON.stringify({ network: { ...network, subnets: 5 } }), 201));
    const error = await thrownBy(region.create('networks', {}, CALL));
    expect(error?.fields).toMatchObject({ sent: 'answered', status: 201, code: 'BAD_ANSWER', method: 'POST' });
    expect(leavesInDoubt(error)).toBe(true);
  });

  test('of an id that would lead a path elsewhere is refused, anywhere in a list', async () => {
    const networks = [{ ...network, id: '../../v3/users' }, network];
    const region = await regionThat(says(JSON.stringify({ networks })));
    expect((await thrownBy(region.list('networks', CALL)))?.said).toBe('networks[0].id: expected an id');
  });
});

describe("someone else's odd resource in a list", () => {
  const odd = { id: 'b', name: null, project_id: 'other', description: 7, subnets: { vendor: 'value-1' } };
  const sound = { id: 'a', name: 'mine', project_id: 'p1', description: null, subnets: [], 'vendor:ext': { x: 1 } };

  test('stops nobody who does not read the odd field', async () => {
    const region = await regionThat(says(JSON.stringify({ networks: [odd, sound] })));
    const networks = await region.list('networks', CALL);
    expect(networks.map(({ id, name, project_id }) => [id, name, project_id])).toEqual([
      ['b', '', 'other'],
      ['a', 'mine', 'p1'],
    ]);
    expect(networks[1]).toMatchObject({ 'vendor:ext': { x: 1 } });
  });

  test('stops who does, and then it is told by call and field', async () => {
    const region = await regionThat(says(JSON.stringify({ networks: [sound, odd] })));
    const [, network] = await region.list('networks', CALL);
    expect(() => network?.subnets).toThrow(
      /^GET \/v2\.0\/networks in region left: 200 BAD_ANSWER: networks\[1\]\.subnets: expected array, received object/,
    );
  });

  test('or what it lacks: a field left out is an error for its reader only', async () => {
    const region = await regionThat(says(JSON.stringify({ vpnservices: [{ id: 'a', router_id: 'r1' }] })));
    const [service] = await region.list('vpnServices', CALL);
    expect([service?.router_id, service?.subnet_id]).toEqual(['r1', null]);
    expect(() => service?.status).toThrow(/vpnservices\[0\]\.status: expected string, received undefined/);
  });
});

describe('a list without an end', () => {
  const page = (items: readonly string[]) => ({
    networks: items.map((id) => ({ id, subnets: [] })),
    networks_links: [{ rel: 'next', href: 'http://elsewhere.invalid/' }],
  });

  test('of pages that come again ends at the first that does', async () => {
    const region = await regionThat((request, response) => {
      const after = new URL(request.url ?? '', server.url).searchParams.get('marker');
      says(JSON.stringify(page([after === 'b' ? 'a' : after === 'a' ? 'b' : 'a'])))(request, response);
    });
    const error = await thrownBy(region.list('networks', CALL));
    expect(error?.said).toContain('does not end');
    expect(server.requests.filter(({ method }) => method === 'GET').length).toBeLessThan(5);
  });

  test('of ever new pages ends by the number of items, before memory does', async () => {
    let count = 0;
    const region = await regionThat((request, response) => {
      const items = Array.from({ length: 20_000 }, () => `n${count++}`);
      says(JSON.stringify(page(items)))(request, response);
    });
    const error = await thrownBy(region.list('networks', CALL));
    expect(error?.said).toContain('does not end');
    expect(count).toBeLessThanOrEqual(200_000);
  });

  test('of ever new small pages ends by the number of pages', async () => {
    let count = 0;
    const region = await regionThat((request, response) =>
      says(JSON.stringify(page([`n${count++}`])))(request, response),
    );
    expect((await thrownBy(region.list('networks', CALL)))?.said).toContain('does not end');
    expect(count).toBeLessThanOrEqual(1_000);
  });

  test('whose links are odd is taken as it is', async () => {
    const body = { networks: [{ id: 'a', subnets: [] }], networks_links: [null, 5, { rel: 7 }] };
    const region = await regionThat(says(JSON.stringify(body)));
    expect((await region.list('networks', CALL)).length).toBe(1);
  });
});

test('a DELETE that a proxy answers with its page has not removed anything', async () => {
  for (const status of [200, 404]) {
    const region = await regionThat(says('<html>Sign in</html>', status));
    const error = await thrownBy(region.remove('networks', ID, CALL));
    expect(error && verdictOn(error).retry, String(status)).toBe('wait');
    await server.stop();
  }
});

describe('what a real cloud answered parses', () => {
  interface Recording {
    readonly file: string;
    readonly service: string;
    readonly method: string;
    readonly path: string;
    readonly status: number;
    readonly response_body: unknown;
  }
  const recordings: readonly Recording[] = ['test/recordings', 'test/recordings/nova'].flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => /^\d+-.*\.json$/.test(file))
      .map((file) => ({ file, ...(JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as Omit<Recording, 'file'>) })),
  );

  const {
    networks,
    subnets,
    routers,
    ports,
    securityGroups,
    securityGroupRules,
    ikePolicies,
    ipsecPolicies,
    vpnServices,
    endpointGroups,
    siteConnections,
    extensions,
  } = COLLECTION_SCHEMAS;
  const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
    network: networks,
    subnet: subnets,
    router: routers,
    port: ports,
    security_group: securityGroups,
    security_group_rule: securityGroupRules,
    ikepolicy: ikePolicies,
    ikepolicie: ikePolicies,
    ipsecpolicy: ipsecPolicies,
    ipsecpolicie: ipsecPolicies,
    vpnservice: vpnServices,
    endpoint_group: endpointGroups,
    ipsec_site_connection: siteConnections,
    extension: extensions,
    flavor: flavorSchema,
    image: imageSchema,
    token: tokenSchema,
    output: consoleSchema,
  };

  /** Each resource of a recorded answer with its schema. */
  function resourcesOf({ method, path, response_body }: Recording): readonly (readonly [z.ZodType, unknown])[] {
    if (typeof response_body !== 'object' || response_body === null) return [];
    if (path.endsWith('/add_router_interface')) return [[routerInterfaceSchema, response_body]];
    return Object.entries(response_body).flatMap(([key, value]) => {
      const singular = key.replace(/s$/, '');
      const schema = singular === 'server' ? (method === 'POST' ? newServerSchema : serverSchema) : SCHEMAS[singular];
      if (schema === undefined) return [];
      return (Array.isArray(value) ? value : [value]).map((resource) => [schema, resource] as const);
    });
  }

  // Asked for by `fields=`, an answer holds what was asked for and no more; no call here asks so.
  const used = recordings.filter(
    ({ status, method, path }) => status < 300 && method !== 'DELETE' && !path.includes('fields='),
  );

  test.each(used.map((recording) => [recording.file, recording] as const))('%s', (_, recording) => {
    for (const [schema, resource] of resourcesOf(recording)) {
      const read = schema.safeParse(resource);
      expect(read.error?.issues ?? []).toEqual([]);
      // Loose: what is not read here is kept.
      if (typeof resource === 'object') expect(read.data).toMatchObject(resource as object);
    }
  });

  test('each schema is tried by at least one of them', () => {
    const tried = new Set(used.flatMap((recording) => resourcesOf(recording).map(([schema]) => schema)));
    const all = [...Object.values(SCHEMAS), serverSchema, newServerSchema, routerInterfaceSchema];
    expect(all.filter((schema) => !tried.has(schema))).toEqual([]);
  });

  test('and so does every entry of its catalog', () => {
    const tokens = used.flatMap(
      ({ response_body }) => (response_body as { token?: { catalog?: unknown[] } })?.token ?? [],
    );
    const entries = tokens.flatMap(({ catalog }) => catalog ?? []);
    expect(entries.length).toBeGreaterThan(10);
    for (const entry of entries) expect(catalogEntrySchema.safeParse(entry).error?.issues ?? []).toEqual([]);
  });
});
