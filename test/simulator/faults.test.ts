/** Every fault that can be ordered, seen from a client of the simulator: what it is answered, and what its request did all the same. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FAST_DELAYS, type FaultPlan, type Simulator, startSimulator } from '../../src/simulator/index.js';

let simulator: Simulator;
let token: string;

beforeAll(async () => {
  simulator = await startSimulator({ delays: FAST_DELAYS });
  token = await login();
});
afterAll(() => simulator.stop());

const empty = () => {
  simulator.faults.clear();
  for (const region of simulator.regions.values()) region.tables.network.clear();
};
beforeEach(empty);

async function login(): Promise<string> {
  const answer = await fetch(`${simulator.authUrl}/auth/tokens`, {
    method: 'POST',
    body: JSON.stringify({
      auth: {
        identity: {
          methods: ['password'],
          password: { user: { name: 'demo', domain: { id: 'default' }, password: 'lab' } },
        },
        scope: { project: { name: 'demo', domain: { id: 'default' } } },
      },
    }),
  });
  return answer.headers.get('x-subject-token') ?? '';
}

function call(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  return fetch(`${simulator.url}/left/network${path}`, {
    method,
    headers: { 'X-Auth-Token': token, 'Content-Type': 'application/json', Connection: 'close' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
}

const make = (name = 'n', signal?: AbortSignal) => call('POST', '/v2.0/networks', { network: { name } }, signal);
const made = () => simulator.regions.get('left')?.rows('network').length ?? 0;
const listed = async () =>
  ((await (await call('GET', '/v2.0/networks')).json()) as { networks: { name: string }[] }).networks;
const onCreate = (fault: FaultPlan['fault'], more: Partial<FaultPlan> = {}): FaultPlan => ({
  method: 'POST',
  path: '^/v2.0/networks$',
  region: 'left',
  ...more,
  fault,
});

describe('a fault', () => {
  test('answer: as ordered, with headers, with and without the effect', async () => {
    const headers = { 'Retry-After': '7' };
    simulator.faults.add(onCreate({ kind: 'answer', status: 503, body: '<html>', headers, effect: false }));
    simulator.faults.add(onCreate({ kind: 'answer', status: 500, body: {}, effect: true }));
    const first = await make();
    expect([first.status, first.headers.get('retry-after'), await first.text()]).toEqual([503, '7', '<html>']);
    expect(made()).toBe(0);
    expect([(await make()).status, made()]).toEqual([500, 1]);
    expect([(await make()).status, made()]).toEqual([201, 2]);
  });

  test('lag: the effect is there before the answer; delay: neither is', async () => {
    simulator.faults.add(onCreate({ kind: 'lag', ms: 150 }));
    const lagging = make();
    await expect.poll(made).toBe(1);
    expect((await lagging).status).toBe(201);
    simulator.faults.add(onCreate({ kind: 'delay', ms: 150 }));
    const delayed = make();
    await expect.poll(() => simulator.faults.list()[1]?.acted).toBe(1);
    expect(made()).toBe(1);
    expect((await delayed).status).toBe(201);
    expect(made()).toBe(2);
  });

  test('hold: neither is there until the faults are cleared', async () => {
    simulator.faults.add(onCreate({ kind: 'hold' }));
    const held = make();
    await expect.poll(() => simulator.faults.list()[0]?.acted).toBe(1);
    expect((await make()).status).toBe(201);
    expect(made()).toBe(1);
    simulator.faults.clear();
    expect((await held).status).toBe(201);
    expect(made()).toBe(2);
  });

  test('reset: no answer, before or after the effect', async () => {
    simulator.faults.add(onCreate({ kind: 'reset', effect: false }));
    simulator.faults.add(onCreate({ kind: 'reset', effect: true }));
    await expect(make()).rejects.toThrow();
    expect(made()).toBe(0);
    await expect(make()).rejects.toThrow();
    expect(made()).toBe(1);
  });

  test('truncate: JSON that ends in the middle, after the effect', async () => {
    simulator.faults.add(onCreate({ kind: 'truncate' }));
    await expect((await make()).json()).rejects.toThrow();
    expect(made()).toBe(1);
  });

  test('hang: acts after the client has given up and the collection was listed once more', async () => {
    simulator.faults.add(onCreate({ kind: 'hang', lateAfterLookUp: true }));
    const patience = new AbortController();
    const hung = make('late', patience.signal);
    await expect.poll(() => simulator.faults.list()[0]?.acted).toBe(1);
    patience.abort();
    await expect(hung).rejects.toThrow();
    expect(await listed()).toEqual([]);
    await expect.poll(made).toBe(1);
    expect((await listed()).map((one) => one.name)).toEqual(['late']);
    expect(simulator.log.at(-2)).toMatchObject({ status: 'hang', fault: 'hang', effects: [{ op: 'created' }] });
  });

  test('duplicate: one request, two effects', async () => {
    simulator.faults.add(onCreate({ kind: 'duplicate' }));
    expect((await make()).status).toBe(201);
    expect(made()).toBe(2);
  });

  test('forget: answered with what someone has removed by then', async () => {
    simulator.faults.add(onCreate({ kind: 'forget' }));
    expect((await make()).status).toBe(201);
    expect(made()).toBe(0);
  });

  test('forget: what a call names is gone before it acts, unless the cloud refuses to remove it', async () => {
    const { network } = (await (await make()).json()) as { network: { id: string } };
    const path = `/v2.0/networks/${network.id}`;
    const port = (await (await call('POST', '/v2.0/ports', { port: { network_id: network.id } })).json()) as {
      port: { id: string };
    };
    const rename = () => call('PUT', path, { network: { name: 'renamed' } });
    simulator.faults.add({ method: 'PUT', times: 2, fault: { kind: 'forget' } });
    expect((await rename()).status).toBe(200);
    await call('DELETE', `/v2.0/ports/${port.port.id}`);
    expect((await rename()).status).toBe(404);
    expect(made()).toBe(0);
  });

  test('expireTokens: this call is refused, and so is every later one with that token', async () => {
    simulator.faults.add(onCreate({ kind: 'expireTokens' }));
    expect((await make()).status).toBe(401);
    expect((await call('GET', '/v2.0/networks')).status).toBe(401);
    token = await login();
    expect((await make()).status).toBe(201);
  });

  test.each([
    ['networks', 409, 'NetworkInUse'],
    ['subnets', 409, 'SubnetInUse'],
    ['routers', 409, 'RouterInUse'],
    ['security-groups', 409, 'SecurityGroupInUse'],
    ['vpn/ikepolicies', 409, 'IKEPolicyInUse'],
    ['vpn/ipsecpolicies', 409, 'IPsecPolicyInUse'],
    ['vpn/vpnservices', 409, 'VPNServiceInUse'],
    ['vpn/endpoint-groups', 400, 'EndpointGroupInUse'],
  ])('inUse: %s are refused with %i %s', async (collection, status, type) => {
    simulator.faults.add({ method: 'DELETE', fault: { kind: 'inUse' } });
    const answer = await call('DELETE', `/v2.0/${collection}/x`);
    const body = (await answer.json()) as { NeutronError: { type: string } };
    expect([answer.status, body.NeutronError.type]).toEqual([status, type]);
  });

  test('overQuota: 409 OverQuota by the resource', async () => {
    simulator.faults.add(onCreate({ kind: 'overQuota' }));
    const answer = await make();
    expect([answer.status, await answer.json()]).toMatchObject([
      409,
      { NeutronError: { type: 'OverQuota', message: "Quota exceeded for resources: ['network']." } },
    ]);
    expect(made()).toBe(0);
  });

  test('stale: lists show the region as it was when the fault first acted; writes act on what is', async () => {
    await make('old');
    simulator.faults.add({ method: 'GET', region: 'left', times: 0, fault: { kind: 'stale' } });
    expect((await listed()).map((one) => one.name)).toEqual(['old']);
    await make('new');
    expect((await listed()).map((one) => one.name)).toEqual(['old']);
    simulator.faults.clear();
    expect((await listed()).map((one) => one.name).sort()).toEqual(['new', 'old']);
  });
});

describe('a plan', () => {
  test('acts on the n-th call, so many times', async () => {
    simulator.faults.add(onCreate({ kind: 'answer', status: 500, body: {}, effect: false }, { skip: 1, times: 2 }));
    const statuses: number[] = [];
    for (let count = 0; count < 4; count++) statuses.push((await make()).status);
    expect(statuses).toEqual([201, 500, 500, 201]);
  });

  test('acts on every call, and by a seeded chance the same way each time', async () => {
    const draw = async () => {
      const own = await startSimulator({ delays: FAST_DELAYS });
      own.faults.add({
        method: 'GET',
        times: 0,
        chance: 0.5,
        fault: { kind: 'answer', status: 500, body: {}, effect: false },
      });
      const statuses: number[] = [];
      for (let count = 0; count < 20; count++) statuses.push((await fetch(`${own.url}/left/network/`)).status);
      await own.stop();
      return statuses;
    };
    const statuses = await draw();
    expect(new Set(statuses)).toEqual(new Set([200, 500]));
    expect(await draw()).toEqual(statuses);
  });

  test('with forMs acts from its first call on until the time is over: an outage of a region', async () => {
    simulator.faults.add({ region: 'left', forMs: 150, fault: { kind: 'reset', effect: false } });
    await expect(make()).rejects.toThrow();
    await expect(listed()).rejects.toThrow();
    await expect.poll(() => listed().catch(() => 'away')).toEqual([]);
  });

  test('with wholeRegion begins in its call, and acts on every call to that region from there', async () => {
    const path = '^/v2.0/subnets$';
    simulator.faults.add({ path, wholeRegion: true, times: 0, fault: { kind: 'reset', effect: false } });
    expect(await listed()).toEqual([]);
    await expect(call('GET', '/v2.0/subnets')).rejects.toThrow();
    await expect(listed()).rejects.toThrow();
    expect((await fetch(`${simulator.url}/right/network/`)).status).toBe(200);
    simulator.faults.clear();
    expect(await listed()).toEqual([]);
  });

  test('is ordered, listed and forgotten over HTTP; a wrong one is refused with its field', async () => {
    const orders = `${simulator.url}/_simulator/faults`;
    const wrong = await fetch(orders, { method: 'POST', body: JSON.stringify({ fault: { kind: 'delay', ms: -1 } }) });
    expect([wrong.status, ((await wrong.json()) as { message: string }).message]).toEqual([
      400,
      expect.stringContaining('fault.ms'),
    ]);
    await fetch(orders, { method: 'POST', body: JSON.stringify(onCreate({ kind: 'overQuota' })) });
    expect(await (await fetch(orders)).json()).toMatchObject({ faults: [{ acted: 0, fault: { kind: 'overQuota' } }] });
    expect((await make()).status).toBe(409);
    expect(await (await fetch(orders, { method: 'DELETE' })).json()).toEqual({ faults: [] });
  });

  test('stick: a status stays until its time is over or the faults are cleared', async () => {
    const { id } = simulator.seed('left', 'ipsec_site_connection', { name: 'c', status: 'DOWN', vpnservice_id: 'v' });
    const path = `/v2.0/vpn/ipsec-site-connections/${id}`;
    const status = async () =>
      ((await (await call('GET', path)).json()) as { ipsec_site_connection: { status: string } }).ipsec_site_connection
        .status;
    simulator.faults.add({
      method: 'GET',
      fault: { kind: 'stick', resource: 'ipsec_site_connection', status: 'ERROR' },
    });
    expect(await status()).toBe('ERROR');
    expect(await status()).toBe('ERROR');
    simulator.faults.clear();
    expect(await status()).toBe('DOWN');
    simulator.regions.get('left')?.delete('ipsec_site_connection', id);
  });

  test('stick until: its agent has forgotten it, until its router is updated, or its service was seen down and is set up', async () => {
    const row = (kind: Parameters<typeof simulator.seed>[1], fields: Record<string, unknown>) =>
      simulator.seed('left', kind, { admin_state_up: true, ...fields }).id;
    const router = row('router', { external_gateway_info: null });
    const service = row('vpnservice', { router_id: router, status: 'ACTIVE' });
    const connection = row('ipsec_site_connection', { vpnservice_id: service, status: 'DOWN', peer_cidrs: [] });
    const path = `/v2.0/vpn/ipsec-site-connections/${connection}`;
    const status = async () =>
      ((await (await call('GET', path)).json()) as { ipsec_site_connection: { status: string } }).ipsec_site_connection
        .status;
    const forgotten = (until: 'routerUpdate' | 'serviceUpdate') =>
      simulator.faults.add({ method: 'GET', fault: { kind: 'stick', resource: connection, status: 'BUILD', until } });
    const setService = (up: boolean) =>
      call('PUT', `/v2.0/vpn/vpnservices/${service}`, { vpnservice: { admin_state_up: up } });
    const updateRouter = () => call('PUT', `/v2.0/routers/${router}`, { router: { name: '' } });

    forgotten('routerUpdate');
    await setService(false);
    await setService(true);
    expect(await status()).toBe('BUILD');
    expect((await updateRouter()).status).toBe(200);
    await expect.poll(status, { interval: 5 }).toBe('DOWN');

    forgotten('serviceUpdate');
    await updateRouter();
    // Down and up before the agent has looked is nothing to it.
    await setService(false);
    await setService(true);
    expect(await status()).toBe('BUILD');
    await setService(false);
    await new Promise((resolve) => setTimeout(resolve, 2 * FAST_DELAYS.agentMs));
    expect((await setService(true)).status).toBe(200);
    await expect.poll(status, { interval: 5 }).toBe('DOWN');
    for (const [table, id] of [
      ['ipsec_site_connection', connection],
      ['vpnservice', service],
      ['router', router],
    ] as const)
      simulator.regions.get('left')?.delete(table, id);
  });
});
