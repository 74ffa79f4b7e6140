/** What an entry says of a service, a region or a login decides where requests go and who sends them. */
import { afterEach, expect, test } from 'vitest';
import { Regions } from '../../src/openstack/region.js';
import { load, write } from './configurations.js';
import { type LocalServer, localServer } from './local-server.js';

const CALL = { timeoutMs: 60_000 };
let server: LocalServer;
afterEach(() => server?.stop());

/** A cloud whose catalog names each endpoint by its type, region and interface. */
async function start(): Promise<void> {
  server = await localServer((request, response) => {
    if (request.url?.startsWith('/silent')) return;
    response.writeHead(201, { 'X-Subject-Token': 'token' });
    const endpoints = (type: string) =>
      ['one', 'two'].flatMap((region) =>
        ['public', 'internal'].map((face) => ({
          interface: face,
          region,
          url: `${server.url}/${type}/${region}/${face}`,
        })),
      );
    const catalog = ['network', 'sdn', 'compute'].map((type) => ({ type, endpoints: endpoints(type) }));
    response.end(JSON.stringify({ token: { expires_at: '2999-01-01T00:00:00Z', project: { id: 'p1' }, catalog } }));
  });
}

const cloudsOf = (more: object) => {
  const auth = { auth_url: server.url, user_id: 'u', password: 'p', project_id: 'p1' };
  return load(write({ files: { 'work/clouds.yaml': { clouds: { mine: { auth, ...more } } } } }));
};

/** Path of a service's address in a region. */
async function endpointOf(service: 'network' | 'compute', region: string, more: object): Promise<string> {
  const session = new Regions().session(cloudsOf(more).get('mine', region));
  return new URL(await session.endpoint(service, region, CALL)).pathname;
}

test('a service is found by its own type, region and interfaces in order of preference', async () => {
  await start();
  expect(await endpointOf('network', 'one', {})).toBe('/network/one/public');
  expect(await endpointOf('network', 'one', { interface: ['admin', 'internal', 'public'] })).toBe(
    '/network/one/internal',
  );
  const own = { network_service_type: 'sdn', network_region_name: 'two', network_interface: 'internalURL' };
  expect(await endpointOf('network', 'one', own)).toBe('/sdn/two/internal');
  expect(await endpointOf('compute', 'one', own)).toBe('/compute/one/public');
});

test('a service that is nowhere is told by its own type and region', async () => {
  await start();
  const nowhere = endpointOf('network', 'one', { network_service_type: 'none', interface: ['admin', 'public'] });
  await expect(nowhere).rejects.toThrow('has no none service at interface admin or public in region "one"');
});

test("a service's own address has the project filled in", async () => {
  await start();
  const address = 'https://compute/v2.1/%(project_id)s/%(tenant_id)s/';
  expect(await endpointOf('compute', 'one', { compute_endpoint_override: address })).toBe('/v2.1/p1/p1');
  expect(server.requests.length).toBe(1);
});

test('regions share a login unless one has values of its own', async () => {
  await start();
  const logins = async (second: unknown) => {
    const before = server.requests.length;
    const [clouds, regions] = [cloudsOf({ regions: ['one', second] }), new Regions()];
    for (const region of ['one', 'two']) await regions.session(clouds.get('mine', region)).projectId(CALL);
    return server.requests.length - before;
  };
  expect(await logins('two')).toBe(1);
  expect(await logins({ name: 'two', values: { auth: { project_id: 'p2' } } })).toBe(2);
});

test("the cloud's own limit ends a call before the worker's does", async () => {
  await start();
  const more = { network_endpoint_override: `${server.url}/silent`, api_timeout: '0.2' };
  const region = new Regions().open(cloudsOf(more).get('mine', 'one'), 'one');
  await expect(region.list('networks', CALL)).rejects.toThrow(/no answer within 0\.2 s/);
});

test('a token that is refused is told to have ended', async () => {
  server = await localServer((_, response) => {
    response.writeHead(401);
    response.end(JSON.stringify({ error: { code: 401, title: 'Unauthorized', message: 'no' } }));
  });
  const session = new Regions().session(
    cloudsOf({ auth_type: 'token', auth: { auth_url: server.url, token: 't0ken-1', project_id: 'p' } }).get('mine'),
  );
  await expect(session.projectId(CALL)).rejects.toThrow(/refuses the login: its token has ended .*It says: no/);
});
