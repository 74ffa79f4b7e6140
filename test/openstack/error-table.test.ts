import { expect, test } from 'vitest';
import { BY_TYPE, verdictOn } from '../../src/openstack/error-table.js';
import { OpenStackError } from '../../src/openstack/errors.js';

const error = (status: number | undefined, type?: string, code?: string) =>
  new OpenStackError('said', {
    service: 'network',
    region: 'left',
    method: 'POST',
    path: '/',
    sent: 'answered',
    status,
    type,
    code,
  });

test.each([
  [400, 'VPNStateInvalidToUpdate', 'wait'],
  [400, 'VPNGatewayNotReady', 'wait'],
  [400, 'EndpointGroupInUse', 'inUse'],
  [409, 'VPNServiceInUse', 'inUse'],
  [409, 'RouterInUse', 'inUse'],
  [409, 'SubnetInUseByIPsecSiteConnection', 'inUse'],
  [409, 'SomethingNewInUse', 'inUse'],
  [409, 'OverQuota', 'no'],
  [409, 'IpAddressGenerationFailure', 'no'],
  [400, 'ExternalIpAddressExhausted', 'no'],
  [409, 'VPNGatewayInError', 'no'],
  [503, 'NoVPNAgentAvailable', 'wait'],
  [400, 'MissingPeerCidrs', 'no'],
  [400, 'HTTPBadRequest', 'no'],
  [404, 'RouterNotFound', 'gone'],
  [404, 'itemNotFound', 'gone'],
  [403, undefined, 'no'],
  [401, undefined, 'no'],
  [409, undefined, 'wait'],
  [429, undefined, 'wait'],
  [500, undefined, 'wait'],
  [502, undefined, 'wait'],
  [504, undefined, 'wait'],
  [undefined, undefined, 'wait'],
] as const)('%s %s is "%s"', (status, type, retry) => {
  expect(verdictOn(error(status, type)).retry).toBe(retry);
});

test('a redirect is final', () => {
  expect(verdictOn(error(302, undefined, 'REDIRECT')).retry).toBe('no');
});

test('every row says what a person can do', () => {
  for (const [type, { cure }] of Object.entries(BY_TYPE)) expect(cure.length, type).toBeGreaterThan(10);
});
