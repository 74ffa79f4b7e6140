/** From errors to problem documents, row by row. */
import { ServiceError } from '@temporalio/client';
import { expect, test } from 'vitest';
import {
  InvalidNameError,
  SearchAttributesMissingError,
  TemporalUnavailableError,
  VpnBusyError,
  VpnCancelledError,
  VpnFailedError,
  VpnNotFoundError,
} from '../../src/client/index.js';
import { documentOf, HttpProblem, PROBLEMS, problemOf } from '../../src/server/problems.js';
import { TokenFileError } from '../../src/server/tokens.js';
import { InvalidSpecError } from '../../src/spec/index.js';

const ofGrpc = (code: number) => Object.assign(new Error('14 UNAVAILABLE'), { code, details: '', metadata: {} });
const ofServer = (fields: object) => Object.assign(new Error('psk: hunter2'), fields);

test.each([
  [new InvalidSpecError([{ path: 'a', at: ['a'], message: 'is wrong' }]), 'invalid-spec'],
  [new InvalidNameError('Bad'), 'invalid-name'],
  [new VpnNotFoundError('v'), 'no-such-vpn'],
  [new VpnBusyError('v', 'destroyVpn', 'r', new Date(0), 'x'), 'vpn-busy'],
  [new VpnFailedError('v', 'CloudUnavailable', 'region dbl is away', []), 'look-failed'],
  [new VpnCancelledError('v', 'was cancelled'), 'unavailable'],
  [new TemporalUnavailableError('a:7233', 'refused'), 'unavailable'],
  [ofGrpc(14), 'unavailable'],
  [new ServiceError('Unexpected error', { cause: ofGrpc(4) }), 'unavailable'],
  [new ServiceError('Unexpected error', { cause: ofGrpc(13) }), 'unexpected'],
  [new SearchAttributesMissingError('default', 'no mapping'), 'not-ready'],
  [new TokenFileError('/etc/tokens cannot be read'), 'unavailable'],
  [ofServer({ code: 'FST_ERR_HANDLER_TIMEOUT', statusCode: 503 }), 'too-slow'],
  [ofServer({ statusCode: 400 }), 'bad-request'],
  [ofServer({ statusCode: 413 }), 'too-large'],
  [ofServer({ statusCode: 415 }), 'not-json'],
  [ofServer({ statusCode: 429 }), 'too-many-requests'],
  [ofServer({}), 'unexpected'],
  ['no error at all', 'unexpected'],
] as const)('%s is %s, and no words of the server itself are passed on', (error, kind) => {
  const document = documentOf(problemOf(error));
  const { status, title } = PROBLEMS[kind];
  expect(document).toMatchObject({ type: `urn:regionlink:problem:${kind}`, status, title });
  for (const never of ['hunter2', '/etc/tokens', 'UNAVAILABLE']) expect(JSON.stringify(document)).not.toContain(never);
});

test('a VPN that is busy: what runs, in whose phase, for whom', () => {
  const busy = new VpnBusyError('v', 'provisionVpn', 'r', new Date(0), 'x', 'settling');
  expect(documentOf(problemOf(busy))).toMatchObject({
    detail: expect.stringMatching(/^provision runs on v since /),
    operation: 'provisionVpn',
    phase: 'settling',
    requestedBy: 'x',
  });
  expect(busy.message).toContain('provision runs since 1970-01-01T00:00:00.000Z, settling by now, asked for by x');
});

test('a place in a spec is a JSON pointer in a fragment, whatever stands in its keys', () => {
  const at = ['sites', 'a/b~c d', 'network', 'subnets', 0];
  const { members } = problemOf(new InvalidSpecError([{ path: 'sites', at, message: 'is wrong' }]));
  expect(members.problems).toEqual([
    { pointer: '#/sites/a~1b~0c%20d/network/subnets/0', path: 'sites', message: 'is wrong' },
  ]);
});

test('what passes by itself says when to come again', () => {
  expect(problemOf(ofGrpc(14)).headers).toEqual({ 'retry-after': '5' });
  expect(problemOf(new HttpProblem('forbidden', 'no')).headers).toEqual({});
});
