import type { IncomingMessage, ServerResponse } from 'node:http';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { leavesInDoubt, verdictOn } from '../../src/openstack/error-table.js';
import { AbortError, OpenStackError } from '../../src/openstack/errors.js';
import {
  type CallOptions,
  type HttpAnswer,
  type HttpRequest,
  retryAfter,
  scrub,
  send,
} from '../../src/openstack/http.js';
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

  test.each([301, 302, 303, 307, 308])(
    'a redirect (%s) is not followed, so the token goes nowhere else',
    async (status) => {
      const other = await localServer(json(200, {}));
      const error = (await ask(json(status, '', { Location: `${other.url}/stolen` }), {
        method: 'POST',
        body: { password: 'p' },
      })) as OpenStackError;
      expect(error.fields.code).toBe('REDIRECT');
      expect(leavesInDoubt(error)).toBe(false);
      expect(other.requests).toEqual([]);
      await other.stop();
    },
  );

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

/** Writes for as long as the client reads; resolves with what was written once the connection is closed. */
function endless(status: number, headers: Record<string, string> = {}, chunk = Buffer.alloc(64 * 1024, 'x')) {
  let done: (written: number) => void;
  const closed = new Promise<number>((resolve) => {
    done = resolve;
  });
  const answer = (_: IncomingMessage, response: ServerResponse) => {
    let written = 0;
    response.writeHead(status, headers);
    const more = () => {
      while (!response.destroyed) {
        written += chunk.length;
        if (!response.write(chunk)) return;
      }
    };
    response.on('drain', more);
    response.on('close', () => done(written));
    more();
  };
  return { answer, closed };
}

/** Besides what a client reads, this much may be on its way in the buffers of two sockets. */
const ON_ITS_WAY = 16 * 1024 * 1024;

describe('an answer without an end', () => {
  test.each([200, 201])('(%s) is read to 10 MB, then its connection is closed', async (status) => {
    const { answer, closed } = endless(status);
    const error = (await ask(answer, { method: 'POST', body: {} }, { timeoutMs: 60_000 })) as OpenStackError;
    expect(error.said).toContain('larger than 10 MB');
    expect(error.fields).toMatchObject({ status, code: 'BAD_ANSWER', sent: 'answered' });
    expect(leavesInDoubt(error)).toBe(true);
    expect(await closed).toBeLessThan(10 * 1024 * 1024 + ON_ITS_WAY);
  });

  test.each([400, 404, 500, 503])('(%s), an error, is read for its first words only', async (status) => {
    const { answer, closed } = endless(status, {}, Buffer.from('it went wrong. '.repeat(4_000)));
    const error = (await ask(answer, {}, { timeoutMs: 60_000 })) as OpenStackError;
    expect(error.fields.status).toBe(status);
    expect(error.said).toMatch(/^it went wrong\. it went wrong/);
    expect(error.message.length).toBeLessThan(700);
    expect(await closed).toBeLessThan(ON_ITS_WAY);
  });

  test('(500), an error, is not waited for once its first words are there', async () => {
    const error = (await ask(
      (_, response) => {
        response.writeHead(500);
        response.write('it went wrong. '.repeat(20_000));
      },
      {},
      { timeoutMs: 5_000 },
    )) as OpenStackError;
    expect(error.fields).toMatchObject({ status: 500, sent: 'answered' });
  });

  test('of a redirect is not read at all: its connection is closed', async () => {
    const { answer, closed } = endless(302, { Location: '/' });
    expect(((await ask(answer, {}, { timeoutMs: 1_000_000 })) as OpenStackError).fields.code).toBe('REDIRECT');
    expect(await closed).toBeLessThan(ON_ITS_WAY);
  });

  test('a hundred errors of 10 MB leave nothing in memory', async () => {
    const page = 'x'.repeat(10 * 1024 * 1024);
    await ask(json(500, page));
    const { url } = server;
    const request = { service: 'network', region: 'left', method: 'GET', url, headers: {}, secrets: [] } as const;
    const before = process.memoryUsage();
    const errors = [];
    for (let i = 0; i < 100; i++) errors.push(await send(request, { timeoutMs: 60_000 }).catch((one: unknown) => one));
    const after = process.memoryUsage();
    expect(errors.every((error) => (error as OpenStackError).fields.status === 500)).toBe(true);
    // Whole, they would be a gigabyte.
    expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(200 * 1024 * 1024);
  });

  test.each(['gzip', 'deflate', 'br'] as const)('packed small by %s, it counts as it unpacks', async (encoding) => {
    const plain = Buffer.alloc(24 * 1024 * 1024, ' ');
    const packed = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync }[encoding](plain);
    expect(packed.length).toBeLessThan(1024 * 1024);
    const error = (await ask(
      (_, response) => {
        response.writeHead(200, { 'Content-Encoding': encoding });
        response.end(packed);
      },
      {},
      { timeoutMs: 60_000 },
    )) as OpenStackError;
    expect(error.said).toContain('larger than 10 MB');
  });

  test('that drips after its status ends at the timeout, an error as well', async () => {
    for (const status of [200, 500]) {
      const error = (await ask(
        (_, response) => {
          response.writeHead(status);
          const drip = setInterval(() => response.write('{'), 20);
          response.on('close', () => clearInterval(drip));
        },
        {},
        { timeoutMs: 200 },
      )) as OpenStackError;
      expect(error.fields.code, String(status)).toBe('ETIMEDOUT');
      await server.stop();
    }
  });

  test('of headers ends as well', async () => {
    const error = (await ask((_, response) => {
      response.socket?.write(`HTTP/1.1 200 OK\r\nX-Long: ${'y'.repeat(1024 * 1024)}`);
    })) as OpenStackError;
    expect(error).toBeInstanceOf(OpenStackError);
    expect(error.message.length).toBeLessThan(400);
  });
});

describe('packed answers', () => {
  test('are unpacked', async () => {
    const answer = (await ask((_, response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip' });
      response.end(gzipSync('{"networks":[]}'));
    })) as HttpAnswer;
    expect(answer.body).toEqual({ networks: [] });
  });

  test.each([
    ['that are no such thing', Buffer.from('{"networks":[]}')],
    [
      'cut short',
      gzipSync(JSON.stringify({ networks: Array.from({ length: 500 }, (_, i) => `network ${i}`) })).subarray(0, 400),
    ],
  ])('%s are bad answers', async (_, body) => {
    const error = (await ask((_request, response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip' });
      response.end(body);
    })) as OpenStackError;
    expect(error.fields.code).toBe('BAD_ANSWER');
  });
});

describe('an error that is not the service speaking', () => {
  test.each([
    ['HTML', '<html><h1>404</h1> no route</html>'],
    ['a text', 'no route'],
    ['a JSON text', '"no route"'],
    ['a JSON list', '["no route"]'],
    ['half of its JSON', '{"NeutronError": {"type": "NetworkNotFound", "message": "no rou'],
  ])('%s with 404 does not say that the resource is gone', async (_, body) => {
    const error = (await ask(json(404, body), { method: 'DELETE' })) as OpenStackError;
    expect(error.said).toContain('no rou');
    expect(verdictOn(error).retry).toBe('wait');
  });

  test('nor does a 404 that names no type, or none at all', async () => {
    for (const body of [
      '',
      '{}',
      '{"message":"no Route matched with those values"}',
      '{"error":null}',
      '{"a":{"type":5}}',
    ]) {
      const error = (await ask(json(404, body), { method: 'DELETE' })) as OpenStackError;
      expect(verdictOn(error).retry, body).toBe('wait');
      await server.stop();
    }
  });

  test('half a refusal is no refusal: its type may be in the other half', async () => {
    const error = (await ask((_, response) => {
      response.writeHead(400, { 'Content-Length': 100 });
      response.write('{"NeutronError":{"ty');
      response.socket?.end();
    })) as OpenStackError;
    expect(error.fields).toMatchObject({ status: 400, code: 'BAD_ANSWER' });
    expect(verdictOn(error).retry).toBe('wait');
  });
});

test("a cloud's words reach a terminal as words only", async () => {
  const words = 'red \u001b[31m bell \u0007 line\r\nnext\u2028last \u202egnp.exe \u009b1m \ud800 end';
  const error = (await ask(
    json(
      400,
      { NeutronError: { type: 'Bad\u001b]0;x\u0007', message: words } },
      { 'X-Openstack-Request-Id': 'req 1; rm' },
    ),
  )) as OpenStackError;
  expect(error.message).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
  expect(error.said).toBe('red [31m bell line next last gnp.exe 1m end');
  expect(error.fields.type).toBe('NeutronError');
  expect(error.fields.requestId).toMatch(/^req-[\w-]+$/);
  expect(new OpenStackError('a\u001b[1m\nb', error.fields).message).toContain(': a [1m b (');
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
    const justNow = Date.now() - 1;
    const error = await ask(json(200, {}), { method: 'POST', body: {} }, { notAfter: () => justNow });
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

  test('a secret is taken out before tags and blanks are', async () => {
    for (const secret of ['two  blanks', 'a<b>c', 'tab\there']) {
      const error = (await ask(json(502, `<html>you sent ${secret}</html>`), { secrets: [secret] })) as OpenStackError;
      expect(error.said).toBe('you sent [secret]');
      await server.stop();
    }
  });

  test('text without secrets is told as it is, and not at length', () => {
    expect(scrub('plain words', ['something'])).toBe('plain words');
    expect(scrub('x'.repeat(2_000), []).length).toBeLessThan(600);
  });
});

const NOW = Date.parse('Wed, 21 Oct 2015 07:28:00 GMT');

test.each([
  ['7', 7_000],
  [' 7 ', 7_000],
  ['Wed, 21 Oct 2015 07:28:10 GMT', 10_000],
  ['Wednesday, 21-Oct-15 07:28:10 GMT', 10_000],
  ['999999', 600_000],
  ['9'.repeat(400), 600_000],
  ['Wed, 21 Oct 2099 07:28:10 GMT', 600_000],
  ['0', undefined],
  ['-5', undefined],
  ['-2099', undefined],
  ['2099-01-01', undefined],
  ['1.5', undefined],
  ['1e9', undefined],
  ['Wed, 21 Oct 2015 07:27:00 GMT', undefined],
  ['soon', undefined],
  ['Wed, soon', undefined],
  ['', undefined],
  [undefined, undefined],
])('Retry-After "%s" is %s ms', (value, ms) => {
  expect(retryAfter(value, NOW)).toBe(ms);
});

test.each([
  [429, 7_000],
  [503, 7_000],
  [409, undefined],
  [500, undefined],
])('Retry-After of a %s is %s', async (status, ms) => {
  const error = (await ask(json(status, {}, { 'Retry-After': '7' }))) as OpenStackError;
  expect(error.fields.retryAfterMs).toBe(ms);
});
