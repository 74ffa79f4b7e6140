/** How many requests reach one API at a time, in what order, and what becomes of those that wait: against a real server that answers when it is told to. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { leavesInDoubt, verdictOn } from '../../src/openstack/error-table.js';
import { AbortError, type OpenStackError } from '../../src/openstack/errors.js';
import type { CallOptions, HttpRequest } from '../../src/openstack/http.js';
import { type RequestReport, Traffic } from '../../src/openstack/traffic.js';
import { type LocalServer, localServer } from './local-server.js';

let server: LocalServer;
let open: ServerResponse[];
let arrived: EventTarget;
let reports: RequestReport[];
let traffic: Traffic;

beforeEach(async () => {
  open = [];
  arrived = new EventTarget();
  reports = [];
  traffic = new Traffic({ atATime: 2, tell: (report) => reports.push(report) });
  server = await localServer((_, response) => {
    open.push(response);
    arrived.dispatchEvent(new Event('request'));
  });
});
afterEach(() => server.stop());

function ask(path: string, options: Partial<CallOptions> = {}, request: Partial<HttpRequest> = {}) {
  const url = `${server.url}/${path}`;
  const all: HttpRequest = {
    service: 'network',
    region: 'left',
    method: 'GET',
    url,
    headers: {},
    secrets: [],
    ...request,
  };
  return traffic.send(all, { timeoutMs: 30_000, ...options }).catch((error: unknown) => error);
}

/** Resolves when so many requests have reached the server whole, so that each can be answered. */
async function reached(count: number): Promise<void> {
  while (open.length < count) await once(arrived, 'request');
}

const paths = () => server.requests.map(({ path }) => path);
const answer = (response: ServerResponse | undefined) => response?.end('{}');

test('no more than so many are on their way; the others follow as they came, whether the one before succeeds or fails', async () => {
  const first = ask('1');
  await reached(1);
  const rest = ['2', '3', '4'].map((path) => ask(path));
  await reached(2);
  expect(paths()).toEqual(['/1', '/2']);
  open[0]?.writeHead(500).end();
  await first;
  await reached(3);
  expect(paths()).toEqual(['/1', '/2', '/3']);
  answer(open[1]);
  await reached(4);
  for (const response of open) answer(response);
  await Promise.all(rest);
  expect(paths().at(-1)).toBe('/4');
});

test('another service, and another region, has a turn of its own', async () => {
  const all = [ask('1'), ask('2'), ask('3', {}, { service: 'compute' }), ask('4', {}, { region: 'right' })];
  await reached(4);
  for (const response of open) answer(response);
  await Promise.all(all);
});

test('a read that is cancelled while it waits is not sent, and takes no turn', async () => {
  const running = [ask('1'), ask('2')];
  const abort = new AbortController();
  const waiting = ask('3', { signal: abort.signal });
  abort.abort();
  expect(await waiting).toBeInstanceOf(AbortError);
  expect(await ask('4', { signal: AbortSignal.abort() })).toBeInstanceOf(AbortError);
  const last = ask('5');
  await reached(2);
  answer(open[0]);
  await reached(3);
  for (const response of open) answer(response);
  await Promise.all([...running, last]);
  expect(paths().sort()).toEqual(['/1', '/2', '/5']);
});

test('a write whose time has passed while it waited is not sent, and leaves no doubt', async () => {
  const running = [ask('1'), ask('2')];
  let mayBeSent = true;
  const late = ask('3', { notAfter: () => (mayBeSent ? Date.now() + 1000 : 0) }, { method: 'POST', body: {} });
  await reached(2);
  mayBeSent = false;
  for (const response of open) answer(response);
  const error = await late;
  await Promise.all(running);
  expect(error).toMatchObject({ fields: { code: 'TOO_LATE', sent: 'no' } });
  expect(leavesInDoubt(error)).toBe(false);
  expect(server.requests).toHaveLength(2);
});

test('what waits for longer than it may take gives up, to be tried again', async () => {
  const running = [ask('1'), ask('2')];
  const error = await ask('3', { timeoutMs: 20 }, { method: 'POST', body: {} });
  expect(error).toMatchObject({ fields: { code: 'BUSY', sent: 'no' } });
  expect(verdictOn(error as OpenStackError).retry).toBe('wait');
  expect(leavesInDoubt(error)).toBe(false);
  await reached(2);
  for (const response of open) answer(response);
  await Promise.all(running);
  expect(paths()).not.toContain('/3');
});

test('each is told with its outcome and request id, and nothing that was sent', async () => {
  const asked = [ask('1'), ask('2', {}, { headers: { 'X-Auth-Token': 'secret-token' }, secrets: ['secret-token'] })];
  await reached(2);
  const [fine, refused] = open[0]?.req.url === '/1' ? open : [...open].reverse();
  fine?.setHeader('X-OpenStack-Request-ID', 'req-1').writeHead(200).end('{}');
  refused?.writeHead(409).end(JSON.stringify({ NeutronError: { type: 'InUse', message: 'secret-token' } }));
  await Promise.all(asked);
  expect(reports.find(({ path }) => path === '/1')).toMatchObject({ status: 200, requestId: 'req-1', region: 'left' });
  expect(reports.find(({ path }) => path === '/2')).toMatchObject({ status: 409, type: 'InUse' });
  expect(JSON.stringify(reports)).not.toContain('secret-token');
});
