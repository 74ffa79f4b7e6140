/** What answers a login, if it is not Keystone in good health: only its own refusal is final, since a proxy's hiccup must not end a rollback. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { Clouds } from '../../src/openstack/clouds-config.js';
import { leavesInDoubt, verdictOn } from '../../src/openstack/error-table.js';
import { CloudConfigError, OpenStackError } from '../../src/openstack/errors.js';
import { type Region, Regions } from '../../src/openstack/region.js';
import { type LocalServer, localServer } from './local-server.js';

const CALL = { timeoutMs: 5_000 };
const TOKEN = 'token-1234';
const PASSWORD = 'lab-password';
let server: LocalServer;
afterEach(() => server?.stop());

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

async function regionWithLogin(answer: Answer): Promise<Region> {
  server = await localServer(answer);
  const login = { OS_USERNAME: 'demo', OS_PASSWORD: PASSWORD, OS_PROJECT_NAME: 'demo', HOME: '/nonexistent' };
  const clouds = Clouds.load({ OS_AUTH_URL: `${server.url}/v3`, ...login }, '/nonexistent');
  return new Regions().open(clouds.get(undefined), 'left');
}

const says =
  (status: number, body: unknown, headers: Record<string, string> = { 'X-Subject-Token': TOKEN }): Answer =>
  (_, response) => {
    response.writeHead(status, headers);
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };

const thrownBy = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );

const endpoint = { interface: 'public', region: 'left', region_id: 'left', url: 'http://127.0.0.1:9/' };
const network = { type: 'network', endpoints: [endpoint] };
const token = (more: Record<string, unknown>) => ({
  token: { expires_at: '2999-01-01T00:00:00Z', project: { id: 'p1' }, catalog: [network], ...more },
});

describe('an answer that is no login', () => {
  test.each([
    ['nothing', 200, ''],
    ['HTML', 200, '<html>Sign in</html>'],
    ['an empty object', 200, {}],
    ['a list', 201, []],
    ['null', 201, 'null'],
    ['half of its JSON', 201, '{"token": {"expires_at": "2999-01'],
    ['null for the token', 201, { token: null }],
    ['a token without its end', 201, token({ expires_at: undefined })],
    ['an end that is no date', 201, token({ expires_at: 'soon' })],
    ['a project of the wrong form', 201, token({ project: 'p1' })],
    ['a catalog of the wrong form', 201, token({ catalog: { network: 'here' } })],
    ['no catalog', 201, token({ catalog: undefined })],
    ['an entry without endpoints', 201, token({ catalog: [{ type: 'network' }] })],
    ['endpoints of the wrong form', 201, token({ catalog: [{ type: 'compute', endpoints: [5] }] })],
    ['an address that is none', 201, token({ catalog: [{ ...network, endpoints: [{ ...endpoint, url: 'here' }] }] })],
    [
      'an address of another kind',
      201,
      token({ catalog: [{ ...network, endpoints: [{ ...endpoint, url: 'file:///etc' }] }] }),
    ],
    ["a proxy's 401", 401, '<html>Proxy authentication</html>'],
    ["a gateway's 401", 401, { message: 'no credentials' }],
    ['an empty 401', 401, ''],
    ["a proxy's 404", 404, '<html>Not Found</html>'],
    ["a proxy's 403", 403, '<html>Forbidden</html>'],
    ['a 502', 502, '<html>Bad Gateway</html>'],
  ] as const)('%s is an error of the cloud, and passes', async (_, status, body) => {
    const error = await thrownBy((await regionWithLogin(says(status, body))).list('networks', CALL));
    expect(error).toBeInstanceOf(OpenStackError);
    expect((error as OpenStackError).message).toMatch(/^POST \/v3\/auth\/tokens: /);
    expect(verdictOn(error as OpenStackError).retry).toBe('wait');
    expect(leavesInDoubt(error)).toBe(false);
    expect(JSON.stringify([error, (error as Error).stack])).not.toContain(PASSWORD);
    expect(server.requests.map(({ path }) => path)).toEqual(['/v3/auth/tokens']);
  });

  test('nor is one without a token in its header', async () => {
    const error = await thrownBy((await regionWithLogin(says(201, token({}), {}))).list('networks', CALL));
    expect((error as OpenStackError).fields.code).toBe('BAD_ANSWER');
    expect((error as OpenStackError).said).toContain('X-Subject-Token');
  });

  test('of a catalog tells the entry and its field', async () => {
    const catalog = [
      { type: 'metering', endpoints: null },
      { ...network, endpoints: [{ ...endpoint, url: 5 }] },
    ];
    const error = await thrownBy((await regionWithLogin(says(201, token({ catalog })))).list('networks', CALL));
    expect((error as OpenStackError).said).toBe('token.catalog[1].endpoints[0].url: expected string, received number');
  });

  test('is tried again by the next call, which then succeeds', async () => {
    let logins = 0;
    const region = await regionWithLogin((request, response) => {
      if (request.method === 'GET') return says(200, { networks: [] })(request, response);
      const catalog = [{ type: 'network', endpoints: [{ ...endpoint, url: server.url }] }];
      says(201, logins++ === 0 ? '<html>one moment</html>' : token({ catalog }))(request, response);
    });
    expect(await thrownBy(region.list('networks', CALL))).toBeInstanceOf(OpenStackError);
    expect(await region.list('networks', CALL)).toEqual([]);
  });
});

test("Keystone's own refusal is final, in its words", async () => {
  const refusal = { error: { code: 401, title: 'Unauthorized', message: 'The request needs\nauthentication.' } };
  const error = await thrownBy((await regionWithLogin(says(401, refusal, {}))).list('networks', CALL));
  expect(error).toBeInstanceOf(CloudConfigError);
  expect((error as Error).message).toContain(
    'refuses the login: check user, password and project. It says: The request needs authentication.',
  );
});

test('an odd entry of a service that is not used stops nobody', async () => {
  const region = await regionWithLogin((request, response) => {
    if (request.method === 'GET') return says(200, { networks: [] })(request, response);
    const odd = [null, 5, {}, { type: 'metering', endpoints: 'none' }, { type: 7, endpoints: [] }];
    const catalog = [...odd, { type: 'network', endpoints: [{ ...endpoint, region: null, url: `${server.url}/` }] }];
    says(201, token({ catalog }))(request, response);
  });
  expect(await region.list('networks', CALL)).toEqual([]);
});

describe('no password and no token goes where it was not meant to', () => {
  test.each([301, 302, 307, 308])('a login that is redirected (%s) sends nothing there', async (status) => {
    const thief = await localServer(says(201, token({})));
    const headers = { Location: `${thief.url}/v3/auth/tokens` };
    const error = await thrownBy((await regionWithLogin(says(status, '', headers))).list('networks', CALL));
    expect((error as OpenStackError).fields.code).toBe('REDIRECT');
    expect(thief.requests).toEqual([]);
    await thief.stop();
  });

  test("a page's next link to another host is asked of our own", async () => {
    const thief = await localServer(says(200, { networks: [] }));
    const region = await regionWithLogin((request, response) => {
      if (request.method === 'POST') {
        const catalog = [{ type: 'network', endpoints: [{ ...endpoint, url: server.url }] }];
        return says(201, token({ catalog }))(request, response);
      }
      const links = [{ rel: 'next', href: `${thief.url}/v2.0/networks?marker=a` }];
      const first = { networks: [{ id: 'a', subnets: [] }], networks_links: links };
      says(200, request.url?.includes('marker=a') ? { networks: [] } : first)(request, response);
    });
    expect((await region.list('networks', CALL)).length).toBe(1);
    expect(thief.requests).toEqual([]);
    expect(server.requests.at(-1)).toMatchObject({
      path: '/v2.0/networks?marker=a',
      headers: { 'x-auth-token': TOKEN },
    });
    await thief.stop();
  });

  test("a region's redirect to another host takes no token there", async () => {
    const thief = await localServer(says(200, { networks: [] }));
    const region = await regionWithLogin((request, response) => {
      const catalog = [{ type: 'network', endpoints: [{ ...endpoint, url: server.url }] }];
      if (request.method === 'POST') return says(201, token({ catalog }))(request, response);
      says(307, '', { Location: `${thief.url}/v2.0/networks` })(request, response);
    });
    expect(await thrownBy(region.list('networks', CALL))).toBeInstanceOf(OpenStackError);
    expect(thief.requests).toEqual([]);
    await thief.stop();
  });
});
