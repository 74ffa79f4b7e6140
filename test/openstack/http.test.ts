import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { leavesInDoubt } from '../../src/openstack/error-table.js';
import { AbortError, OpenStackError } from '../../src/openstack/errors.js';
import { type CallOptions, type HttpRequest, retryAfter, scrub, send } from '../../src/openstack/http.js';
import { type LocalServer, localServer } from './local-server.js';

let server: LocalServer;
afterEach(() => server?.stop());

async function ask(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  more: Partial<HttpRequest> = {},
  options: Partial<CallOptions> = {},
): Promise<unknown> {
  server = await localServer(answer);
  const request = {
    service: 'network',
    region: 'left',
    method: 'GET',
    url: `${server.url}/v2.0/networks`,
    headers: { 'X-Auth-Token': 'token-1234' },
    secrets: ['token-1234'],
    ...more,
  } as const;
  return send(request, { timeoutMs: 2_000, ...options }).catch((error: unknown) => error);
}

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}) =>
  (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };

describe('an answer that is no use becomes one clear error', () => {
  test("Neutron's type, message and request id are told, the host is not", async () => {
    const error = (await ask(
      json(
        409,
        { NeutronError: { type: 'OverQuota', message: 'Quota exceeded', detail: '' } },
        { 'X-Openstack-Request-Id': 'req-42' },
      ),
    )) as OpenStackError;
    expect(error.fields).toMatchObject({
      status: 409,
      type: 'OverQuota',
      requestId: 'req-42',
      path: '/v2.0/networks',
      sent: 'answered',
    });
    expect(error.message).toContain('Quota exceeded');
    expect(error.message).not.toContain('127.0.0.1');
  });

  test('HTML where JSON is due is told as such, and a write of it is in doubt', async () => {
    const error = await ask(json(200, '<html>proxy</html>'), { method: 'POST', body: {} });
    expect((error as OpenStackError).fields.code).toBe('BAD_ANSWER');
    expect(leavesInDoubt(error)).toBe(true);
  });

  test('half an answer is an error, and a write of it is in doubt', async () => {
    const error = await ask(
      (_, response) => {
        response.writeHead(201, { 'Content-Length': 100 });
        response.write('{"network":');
        response.socket?.destroy();
      },
      { method: 'POST', body: {} },
    );
    expect(error).toBeInstanceOf(OpenStackError);
    expect(leavesInDoubt(error)).toBe(true);
  });

  test('an answer of more than 10 MB ends in an error', async () => {
    const error = (await ask(json(200, { x: 'y'.repeat(11 * 1024 * 1024) }))) as OpenStackError;
    expect(error).toBeInstanceOf(OpenStackError);
    expect(error.message.length).toBeLessThan(400);
  });

  test('a redirect is not followed, so the token goes nowhere else', async () => {
    const other = await localServer(json(200, {}));
    const error = (await ask(json(302, '', { Location: `${other.url}/stolen` }))) as OpenStackError;
    expect(error.fields.code).toBe('REDIRECT');
    expect(other.requests).toEqual([]);
    await other.stop();
  });

  test('an answer that drips ends at the timeout, though every byte comes in time', async () => {
    const error = (await ask(
      (_, response) => {
        const drip = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(drip));
      },
      {},
      { timeoutMs: 200 },
    )) as OpenStackError;
    expect(error.fields.code).toBe('ETIMEDOUT');
  });
});

describe('what a write may leave', () => {
  test('a connection that never stood: nothing was sent, no doubt', async () => {
    server = await localServer(json(200, {}));
    const { url } = server;
    await server.stop();
    const error = await send(
      { service: 'network', region: 'left', method: 'POST', url, headers: {}, body: {}, secrets: [] },
      { timeoutMs: 1_000 },
    ).catch((one: unknown) => one);
    expect((error as OpenStackError).fields.sent).toBe('no');
    expect(leavesInDoubt(error)).toBe(false);
  });

  test('a connection reset after the request: in doubt', async () => {
    const error = await ask((_, response) => response.socket?.resetAndDestroy(), { method: 'POST', body: {} });
    expect(leavesInDoubt(error)).toBe(true);
  });

  test('too late: nothing reaches the server', async () => {
    const error = await ask(json(200, {}), { method: 'POST', body: {} }, { notAfter: Date.now() - 1 });
    expect((error as OpenStackError).fields.sent).toBe('no');
    expect(server.requests).toEqual([]);
  });

  test('an abort is known by the name that Temporal knows', async () => {
    const abort = new AbortController();
    const error = await ask(() => abort.abort(), {}, { signal: abort.signal });
    expect(error).toBeInstanceOf(AbortError);
    expect((error as Error).name).toBe('AbortError');
  });
});

describe('secrets', () => {
  const psk = 'a "quoted" key & more';

  test('no form of a secret that the cloud echoes is told', async () => {
    const echo = [
      psk,
      JSON.stringify(psk),
      encodeURIComponent(psk),
      Buffer.from(psk).toString('base64'),
      'token-1234',
    ].join(' | ');
    const error = (await ask(json(400, { NeutronError: { type: 'HTTPBadRequest', message: echo, detail: '' } }), {
      secrets: [psk, 'token-1234'],
    })) as OpenStackError;
    const told = JSON.stringify({ ...error, message: error.message, stack: error.stack, cause: error.cause });
    for (const form of [
      psk,
      JSON.stringify(psk).slice(1, -1),
      encodeURIComponent(psk),
      Buffer.from(psk).toString('base64'),
      'token-1234',
    ])
      expect(told.includes(form), form).toBe(false);
    expect(told).toContain('[secret]');
  });

  test('text without secrets is told as it is, and not at length', () => {
    expect(scrub('plain words', ['something'])).toBe('plain words');
    expect(scrub('x'.repeat(2_000), []).length).toBeLessThan(600);
  });
});

test.each([
  ['7', 7_000],
  ['Wed, 21 Oct 2015 07:28:10 GMT', 10_000],
  ['999999', 600_000],
  ['soon', undefined],
])('Retry-After "%s" is %s ms', (value, ms) => {
  expect(retryAfter(value, Date.parse('Wed, 21 Oct 2015 07:28:00 GMT'))).toBe(ms);
});
