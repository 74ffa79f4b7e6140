/** What is done about each error that Neutron, its VPN plugin, Nova and Keystone are known to answer: one row each, by type, status and verdict. */
import { describe, expect, test } from 'vitest';
import { BY_TYPE, leavesInDoubt, type Verdict, verdictOn } from '../../src/openstack/error-table.js';
import { OpenStackError, type OpenStackErrorFields } from '../../src/openstack/errors.js';

const error = (fields: Partial<OpenStackErrorFields>) =>
  new OpenStackError('said', {
    service: 'network',
    region: 'left',
    method: 'POST',
    path: '/',
    sent: 'answered',
    ...fields,
  });

type Row = readonly [status: number, type: string, retry: Verdict['retry']];

const NEUTRON: readonly Row[] = [
  [400, 'VPNStateInvalidToUpdate', 'wait'],
  [400, 'EndpointGroupInUse', 'inUse'],
  [409, 'VPNServiceInUse', 'inUse'],
  [409, 'IKEPolicyInUse', 'inUse'],
  [409, 'IPsecPolicyInUse', 'inUse'],
  [409, 'SubnetInUseByEndpointGroup', 'inUse'],
  [409, 'SubnetInUseByVPNService', 'inUse'],
  [409, 'SubnetInUseByIPsecSiteConnection', 'inUse'],
  [409, 'RouterInUse', 'inUse'],
  [400, 'RouterIsNotExternal', 'no'],
  [400, 'SubnetIsNotConnectedToRouter', 'no'],
  [400, 'ExternalNetworkHasNoSubnet', 'no'],
  [400, 'MissingPeerCidrs', 'no'],
  [400, 'InvalidEndpointGroup', 'no'],
  [400, 'PeerCidrsInvalid', 'no'],
  [400, 'MissingRequiredEndpointGroup', 'no'],
  [400, 'WrongEndpointGroupType', 'no'],
  [400, 'MixedIPVersionsForIPSecEndpoints', 'no'],
  [400, 'MixedIPVersionsForPeerCidrs', 'no'],
  [400, 'MixedIPVersionsForIPSecConnection', 'no'],
  [400, 'MissingEndpointForEndpointGroup', 'no'],
  [400, 'NonExistingSubnetInEndpointGroup', 'no'],
  [400, 'InvalidEndpointInEndpointGroup', 'no'],
  [400, 'IPsecSiteConnectionDpdIntervalValueError', 'no'],
  [400, 'IPsecSiteConnectionMtuError', 'no'],
  [400, 'IPsecSiteConnectionPeerCidrError', 'no'],
  [400, 'VPNPeerAddressNotResolved', 'no'],
  [400, 'IpsecValidationFailure', 'no'],
  [503, 'NoVPNAgentAvailable', 'wait'],
  [400, 'VPNGatewayNotReady', 'wait'],
  [409, 'VPNGatewayInError', 'no'],
  [409, 'RouteInUseByVPN', 'inUse'],
  [409, 'OverQuota', 'no'],
  [409, 'IpAddressGenerationFailure', 'no'],
  [400, 'ExternalIpAddressExhausted', 'no'],
  [409, 'RouterExternalGatewayInUseByFloatingIp', 'inUse'],
  [409, 'RouterInterfaceInUseByFloatingIP', 'inUse'],
  [404, 'ExternalGatewayForFloatingIPNotFound', 'no'],
  [409, 'FloatingIPPortAlreadyAssociated', 'wait'],
  [409, 'SomethingNewInUse', 'inUse'],
  [400, 'HTTPBadRequest', 'no'],
  [400, 'InvalidInput', 'no'],
  [403, 'PolicyNotAuthorized', 'no'],
  [404, 'RouterNotFound', 'gone'],
  [404, 'IPsecSiteConnectionNotFound', 'gone'],
  [404, 'RouterInterfaceNotFoundForSubnet', 'gone'],
  [404, 'HTTPNotFound', 'no'],
  [409, 'RetryRequest', 'wait'],
  [409, 'SecurityGroupRuleExists', 'wait'],
  [409, 'IpAddressInUse', 'wait'],
  [500, 'DBDeadlock', 'wait'],
  [404, 'RouterInterfaceNotFound', 'gone'],
  [500, 'HTTPInternalServerError', 'wait'],
];

const NOVA: readonly Row[] = [
  [404, 'itemNotFound', 'gone'],
  [409, 'conflictingRequest', 'wait'],
  [400, 'badRequest', 'no'],
  [403, 'forbidden', 'no'],
  [413, 'overLimit', 'no'],
  [501, 'notImplemented', 'no'],
  [500, 'computeFault', 'wait'],
];

const KEYSTONE: readonly Row[] = [
  [401, 'Unauthorized', 'no'],
  [403, 'Forbidden', 'no'],
];

/** What an answer without a type, or none at all, leads to. */
const BY_STATUS: readonly (readonly [status: number | undefined, retry: Verdict['retry']])[] = [
  [400, 'no'],
  [401, 'wait'],
  [403, 'no'],
  [404, 'wait'],
  [408, 'wait'],
  [409, 'wait'],
  [413, 'no'],
  [429, 'wait'],
  [500, 'wait'],
  [502, 'wait'],
  [503, 'wait'],
  [504, 'wait'],
  [undefined, 'wait'],
];

test.each([...NEUTRON, ...NOVA, ...KEYSTONE])('%s %s is "%s"', (status, type, retry) => {
  expect(verdictOn(error({ status, type })).retry).toBe(retry);
});

test.each(BY_STATUS)('%s without a type is "%s"', (status, retry) => {
  expect(verdictOn(error({ status })).retry).toBe(retry);
});

test('every type that the table names has a row here, but for those that say so themselves', () => {
  const tested = new Set([...NEUTRON, ...NOVA, ...KEYSTONE].map(([, type]) => type));
  expect(Object.keys(BY_TYPE).filter((type) => !tested.has(type) && !/InUse/.test(type))).toEqual([]);
});

test('a redirect is final', () => {
  expect(verdictOn(error({ status: 302, code: 'REDIRECT' })).retry).toBe('no');
});

test.each([200, 201, 400, 401, 403, 404, 409, 413])('a bad answer passes, whatever its status: %s', (status) => {
  expect(verdictOn(error({ status, code: 'BAD_ANSWER' })).retry).toBe('wait');
});

test('every row says what a person can do', () => {
  for (const [type, { cure }] of Object.entries(BY_TYPE)) expect(cure.length, type).toBeGreaterThan(10);
});

test('a gateway in ERROR is cured by hand, and the cure says how', () => {
  expect(verdictOn(error({ status: 409, type: 'VPNGatewayInError' })).cure).toMatch(/remove .*VPN services in ERROR/);
});

describe('doubt', () => {
  test.each([
    ['no answer came', { sent: 'maybe' }, true],
    ['nothing was sent', { sent: 'no' }, false],
    ['an answer of no use', { status: 201, code: 'BAD_ANSWER' }, true],
    ['a 5xx', { status: 502 }, true],
    ['a refusal', { status: 409, type: 'OverQuota' }, false],
    ['a redirect', { status: 302, code: 'REDIRECT' }, false],
    ['a login that got no answer: the write itself was never sent', { service: 'identity', sent: 'maybe' }, false],
  ] as const)('after a write: %s', (_, fields, doubt) => {
    expect(leavesInDoubt(error(fields))).toBe(doubt);
  });
});
