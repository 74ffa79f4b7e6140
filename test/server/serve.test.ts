/** The HTTP API as its callers meet it: the command as a process, a real Temporal server, a real worker, the simulator. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RegionLink } from '../../src/client/index.js';
import { startServer } from '../../src/server/index.js';
import { checked, vpnStatus } from '../../src/server/schemas.js';
import { addToken, removeToken, TokenFile } from '../../src/server/tokens.js';
import { MEMO, workflowIdOf } from '../../src/workflows/protocol.js';
import { schemathesis } from '../support/python-packages.js';
import { COMMAND } from '../support/terminal.js';
import { TestBed, tutorialSpec } from '../support/test-bed.js';

const { bin, missing } = schemathesis();

const file = join(mkdtempSync(join(tmpdir(), 'tokens-')), 'tokens');
const writer = addToken(file, 'portal', 'write');
const reader = addToken(file, 'dashboard', 'read');

let bed: TestBed;
let api: ChildProcess;
let url: string;
let output = '';

beforeAll(async () => {
  bed = await TestBed.start();
  const [program = '', ...before] = COMMAND;
  const args = [...before, 'serve', '--port', '0', '--rate', '100000', '--tokens', file, '--json'];
  api = spawn(program, args, {
    env: { PATH: process.env.PATH, HOME: '/nonexistent', TEMPORAL_ADDRESS: bed.server.address },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const read = (data: Buffer) => {
    output += data.toString();
  };
  api.stderr?.on('data', read);
  const ready = new Promise<string>((resolve) => {
    api.stdout?.on('data', (data: Buffer) => {
      read(data);
      const [, at] = /"ready","url":"([^"]+)"/.exec(output) ?? [];
      if (at !== undefined) resolve(at);
    });
  });
  const ended = once(api, 'exit').then(() => {
    throw new Error(`serve ended: ${output}`);
  });
  url = await Promise.race([ready, ended]);
});

afterAll(async () => {
  if (api.exitCode === null) api.kill('SIGKILL');
  await bed.stop();
});

interface Asked {
  readonly token?: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  readonly at?: string;
}

async function ask(method: string, path: string, { token = writer, body, signal, at = url }: Asked = {}) {
  const response = await fetch(`${at}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  return {
    status: response.status,
    headers: response.headers,
    body: type.includes('json') ? JSON.parse(text) : text,
    isProblem: type.startsWith('application/problem+json'),
  };
}

/** Events of a stream that has ended. */
function eventsIn(text: string): readonly { readonly event: string; readonly data: Record<string, never> }[] {
  return [...text.matchAll(/event: (\w+)\ndata: (.*)\n\n/g)].map(([, event = '', data = '']) => ({
    event,
    data: JSON.parse(data),
  }));
}

const spec = (changes: Record<string, unknown> = {}) => tutorialSpec({ check: 'none', ...changes });
const SLOW = {
  method: 'POST',
  path: '^/v2.0/vpn/vpnservices$',
  region: 'cbk',
  fault: { kind: 'delay', ms: 700 },
} as const;

describe('the life of a VPN', () => {
  test('the same body is the same run, another one a conflict; it is followed to its end and shown with its result', async () => {
    bed.simulator.faults.add(SLOW);
    const made = await ask('POST', '/v1/vpns', { body: spec() });
    expect([made.status, made.headers.get('location'), made.body.joined]).toEqual([202, '/v1/vpns/left-right', false]);
    expect(made.body.warnings).toEqual(['check: none leaves the VPN unproven']);
    const again = await ask('POST', '/v1/vpns', { body: spec() });
    expect([again.status, again.body.joined]).toEqual([202, true]);
    const other = await ask('POST', '/v1/vpns', { body: spec({ tunnelTimeout: '31s' }) });
    expect([other.status, other.isProblem]).toEqual([409, true]);
    expect(other.body).toMatchObject({
      type: 'urn:regionlink:problem:vpn-busy',
      operation: 'provisionVpn',
      requestedBy: 'portal',
    });
    for (const [method, path] of [
      ['DELETE', '/v1/vpns/left-right'],
      ['POST', '/v1/vpns/left-right/check'],
    ] as const)
      expect((await ask(method, path)).status).toBe(409);

    const stream = await ask('GET', '/v1/vpns/left-right/progress', { token: reader });
    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    const events = eventsIn(stream.body);
    expect(new Set(events.slice(0, -1).map(({ event }) => event))).toEqual(new Set(['status']));
    expect(events.at(0)?.data).toMatchObject({ state: 'RUNNING' });
    expect(events.at(-1)).toMatchObject({
      event: 'end',
      data: { state: 'COMPLETED', result: { vpn: 'left-right', proof: 'unproven' } },
    });
    const shown = await ask('GET', '/v1/vpns/left-right', { token: reader });
    expect(shown.body).toEqual(events.at(-1)?.data);
    expect(vpnStatus.parse(shown.body)).toEqual(shown.body);
    const { memo } = await bed.client.workflow.getHandle(workflowIdOf('left-right')).describe();
    expect(memo?.[MEMO.requestedBy]).toBe('portal');
  });

  test('a check tells whether it stands as it was built, and changes nothing', async () => {
    const mark = bed.simulator.log.length;
    expect((await ask('POST', '/v1/vpns/left-right/check')).body).toMatchObject({
      vpn: 'left-right',
      asBuilt: true,
      up: true,
    });
    const connections = bed.simulator.regions.get('dbl')?.rows('ipsec_site_connection') ?? [];
    const [connection] = connections.filter(({ description }) => String(description).includes('owner=test@default'));
    if (connection === undefined) throw new Error('there is no connection');
    connection.mtu = 1400;
    bed.simulator.regions.get('dbl')?.stuck.set(connection.id, { status: 'DOWN' });
    const { status, body } = await ask('POST', '/v1/vpns/left-right/check');
    expect([status, body.asBuilt, body.up, body.plan.changes]).toEqual([200, false, false, 1]);
    expect(checked.parse(body)).toEqual(body);
    expect(body.plan.steps).toContainEqual(
      expect.objectContaining({
        action: 'change',
        status: 'DOWN',
        fields: [{ field: 'mtu', have: 1400, want: 1500, inPlace: true }],
      }),
    );
    bed.simulator.regions.get('dbl')?.stuck.delete(connection.id);
    expect(bed.writesSince(mark)).toEqual([]);
  });

  test('a stop waits for the answer that is under way', async () => {
    const slow = {
      method: 'GET',
      path: '^/v2.0/vpn/vpnservices',
      region: 'cbk',
      fault: { kind: 'delay', ms: 400 },
    } as const;
    bed.simulator.faults.clear();
    bed.simulator.faults.add(slow);
    const link = await RegionLink.connect({ address: bed.server.address });
    const log = { write: () => undefined };
    const server = await startServer({ link, tokens: new TokenFile(file), port: 0, rate: 10, log });
    const answer = ask('POST', '/v1/vpns/left-right/check', { at: server.url });
    await bed.met(slow);
    await server.stop();
    expect(await answer).toMatchObject({ status: 200, body: { asBuilt: false } });
    await expect(fetch(server.url)).rejects.toThrow();
    await link.close();
  });

  test('a cancel rolls back what the run made, and what does not run cannot be cancelled', async () => {
    bed.simulator.faults.clear();
    bed.simulator.faults.add(SLOW);
    await ask('POST', '/v1/vpns', { body: spec({ name: 'never' }) });
    await bed.met(SLOW);
    const cancelled = await ask('POST', '/v1/vpns/never/cancel');
    expect([cancelled.status, cancelled.body.operation]).toEqual([202, 'provisionVpn']);
    const events = eventsIn((await ask('GET', '/v1/vpns/never/progress')).body);
    expect(events.at(-1)).toMatchObject({ event: 'end', data: { state: 'CANCELLED', failure: { type: 'Cancelled' } } });
    expect(await ask('POST', '/v1/vpns/never/cancel')).toMatchObject({ status: 409, isProblem: true });
  });

  test('each VPN is listed once, with its newest run; a removed one is told as such', async () => {
    bed.simulator.faults.clear();
    const removal = await ask('DELETE', '/v1/vpns/left-right');
    expect([removal.status, removal.headers.get('location')]).toEqual([202, '/v1/vpns/left-right']);
    const events = eventsIn((await ask('GET', '/v1/vpns/left-right/progress')).body);
    expect(events.at(-1)).toMatchObject({ event: 'end', data: { operation: 'destroyVpn', state: 'COMPLETED' } });
    const { body } = await ask('POST', '/v1/vpns/left-right/check');
    expect(body).toMatchObject({ status: 404, detail: expect.stringContaining('was removed') });
    const { vpns } = (await ask('GET', '/v1/vpns', { token: reader })).body;
    expect(vpns.map(({ vpn }: { vpn: string }) => vpn).sort()).toEqual(['left-right', 'never']);
  });
});

describe('who may do what', () => {
  test('a token for reading changes nothing, none at all reads nothing, and health needs none', async () => {
    expect(await ask('DELETE', '/v1/vpns/never', { token: reader })).toMatchObject({ status: 403, isProblem: true });
    const nobody = await ask('GET', '/v1/vpns', { token: `${writer}x` });
    expect([nobody.status, nobody.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="regionlink"']);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ status: 'ready', workers: 1 });
  });

  test('a token is refused from the moment that it is taken out of the file, which never had it in clear', async () => {
    const passing = addToken(file, 'passing', 'read');
    expect((await ask('GET', '/v1/vpns', { token: passing })).status).toBe(200);
    expect(readFileSync(file, 'utf8')).not.toContain(passing.slice(-20));
    removeToken(file, 'passing');
    expect((await ask('GET', '/v1/vpns', { token: passing })).status).toBe(401);
    expect((await ask('GET', '/v1/vpns', { token: reader })).status).toBe(200);
  });
});

describe('what cannot be answered', () => {
  test('all problems of a spec at once, with their places, and no secret', async () => {
    const bad = { name: 'Bad', sites: { left: { region: 'a', network: { subnets: ['s'] } } }, psk: 'hunter2-hunter2' };
    const { status, body } = await ask('POST', '/v1/vpns', { body: bad });
    expect([status, body.type]).toEqual([422, 'urn:regionlink:problem:invalid-spec']);
    const pointers = body.problems.map(({ pointer }: { pointer: string }) => pointer);
    expect(pointers).toEqual(expect.arrayContaining(['#/name', '#/sites', '#/psk', '#/sites/left/network/router']));
    expect(JSON.stringify(body)).not.toContain('hunter2');
  });

  test.each([
    ['GET', '/nothing', undefined, 404],
    ['PUT', '/v1/vpns', {}, 405],
    ['GET', '/v1/vpns/Bad%20Name', undefined, 400],
    ['GET', '/v1/vpns/unheard-of', undefined, 404],
    ['GET', '/v1/vpns/unheard-of/progress', undefined, 404],
    ['POST', '/v1/vpns', 'x'.repeat(300_000), 413],
  ])('%s %s: a problem document', async (method, path, body, status) => {
    expect(await ask(method, path, { body })).toMatchObject({ status, isProblem: true, body: { status } });
  });

  test('too many requests of one token are told when to come again, and another token is still answered', async () => {
    const link = await RegionLink.connect({ address: bed.server.address, taskQueue: 'nobody' });
    const options = { link, tokens: new TokenFile(file), port: 0, log: { write: () => undefined } };
    const server = await startServer({ ...options, rate: 2 });
    const at = server.url;
    for (const status of [200, 200, 429]) {
      const answer = await ask('GET', '/v1/vpns', { token: reader, at });
      expect(answer.status).toBe(status);
      expect(answer.headers.has('retry-after')).toBe(status === 429);
    }
    expect((await ask('GET', '/v1/vpns', { at })).status).toBe(200);
    // Nobody takes this client's tasks.
    expect(await (await fetch(`${at}/readyz`)).json()).toMatchObject({ status: 503, detail: 'no worker takes tasks' });
    await server.stop();
    await link.close();
  });
});

test.skipIf(missing !== undefined)(
  'requests made of its own OpenAPI document meet no error of the server, and no answer that is not in it',
  async () => {
    const args = [
      'run',
      `${url}/openapi.json`,
      ...['--header', `Authorization: Bearer ${writer}`],
      ...['--phases', 'examples,coverage,fuzzing'],
      ...['--max-examples', '5'],
      // A slow machine is no fault of the API.
      ...['--request-timeout', '60'],
      ...['--seed', '1'],
      // The schema cannot say that ranges must not overlap, so a spec that it allows may be refused.
      ...['--exclude-checks', 'positive_data_acceptance'],
      '--no-shrink',
      '--continue-on-failure',
    ];
    const folder = mkdtempSync(join(tmpdir(), 'schemathesis-'));
    const [failed, said] = await new Promise<[unknown, string]>((resolve) => {
      const options = { cwd: folder, env: { PATH: process.env.PATH, HOME: folder, NO_COLOR: '1' }, timeout: 280_000 };
      execFile(join(bin, 'schemathesis'), args, options, (error, stdout, stderr) => resolve([error, stdout + stderr]));
    });
    expect(failed, said).toBeNull();
    expect(Number(/(\d+) generated/.exec(said)?.[1] ?? 0), said).toBeGreaterThan(100);
  },
  300_000,
);

test('a stop ends the streams and leaves the run; no token and no stack stands in the log', async () => {
  bed.simulator.faults.add({ ...SLOW, method: 'POST', path: '^/v2.0/networks$', times: 1_000 });
  await ask('POST', '/v1/vpns', { body: spec({ name: 'goes-on' }) });
  const stream = await fetch(`${url}/v1/vpns/goes-on/progress`, { headers: { authorization: `Bearer ${reader}` } });
  const text = stream.text();
  const gone = once(api, 'exit');
  api.kill('SIGTERM');
  const [code] = await gone;
  expect(code).toBe(0);
  expect(eventsIn(await text).map(({ event }) => event)).not.toContain('end');
  expect(output).toContain('"state":"stopped"');
  for (const never of [writer, reader, 'hunter2', '    at ']) expect(output).not.toContain(never);
  expect(output).toMatch(/"method":"DELETE","path":"\/v1\/vpns\/never","status":403,"ms":\d+,"caller":"dashboard"/);
  bed.simulator.faults.clear();
  const handle = bed.client.workflow.getHandle(workflowIdOf('goes-on'));
  await handle.cancel();
  await bed.end(handle);
});
