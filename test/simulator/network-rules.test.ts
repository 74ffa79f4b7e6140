/** Neutron's rules of one resource at a time, by what its source says: what is refused, with which status and type, and what a change leaves alone. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cloud, makeNetwork, type Reply, startCloud } from './clouds.js';

let cloud: Cloud;
let outside: string;

beforeAll(async () => {
  cloud = await startCloud();
  outside = (await call('/networks?router:external=true')).body.networks[0].id;
});

afterAll(() => cloud.stop());

function call(path: string, body?: unknown, method?: string, headers: Record<string, string> = {}): Promise<Reply> {
  return cloud.call('network', `/v2.0${path}`, { body, headers, ...(method === undefined ? {} : { method }) });
}

async function make(kind: string, fields: Record<string, unknown>): Promise<Record<string, string>> {
  const reply = await call(`/${kind.replaceAll('_', '-')}s`, { [kind]: fields });
  expect(reply).toMatchObject({ status: 201 });
  return reply.body[kind];
}

/** Status and error type; the type is what clients branch on. */
function refusal(reply: Reply): string {
  return `${reply.status} ${reply.body?.NeutronError?.type}`;
}

describe('subnets', () => {
  const subnet = async (fields: Record<string, unknown>) => {
    const network = await make('network', {});
    return call('/subnets', { subnet: { network_id: network.id, ip_version: 4, ...fields } });
  };

  test.each([
    [
      'a pool beyond the network',
      { allocation_pools: [{ start: '10.9.0.2', end: '10.9.1.9' }] },
      '400 OutOfBoundsAllocationPool',
    ],
    [
      'pools that overlap',
      {
        allocation_pools: [
          { start: '10.9.0.2', end: '10.9.0.9' },
          { start: '10.9.0.5', end: '10.9.0.20' },
        ],
      },
      '409 OverlappingAllocationPools',
    ],
    [
      'a gateway in a pool',
      { gateway_ip: '10.9.0.5', allocation_pools: [{ start: '10.9.0.2', end: '10.9.0.9' }] },
      '409 GatewayConflictWithAllocationPools',
    ],
    ['the broadcast address as gateway', { gateway_ip: '10.9.0.255' }, '400 InvalidInput'],
    ['a name server of the other IP version', { dns_nameservers: ['2001:db8::1'] }, '400 InvalidInput'],
    [
      'six name servers',
      { dns_nameservers: [1, 2, 3, 4, 5, 6].map((n) => `10.0.0.${n}`) },
      '400 DNSNameServersExhausted',
    ],
    ['the same name server twice', { dns_nameservers: ['10.0.0.1', '10.0.0.1'] }, '400 HTTPBadRequest'],
    ['IPv6 modes on IPv4', { ipv6_ra_mode: 'slaac' }, '400 InvalidInput'],
    ['DHCP on two addresses', { cidr: '10.9.0.0/31' }, '400 InvalidInput'],
  ])('%s is refused', async (_what, fields, expected) => {
    expect(refusal(await subnet({ cidr: '10.9.0.0/24', ...fields }))).toBe(expected);
  });

  test('IPv6: the gateway is the first host, and the pool ends with the last address', async () => {
    const { body } = await subnet({ ip_version: 6, cidr: '2001:db8:0:0::/64' });
    expect(body.subnet).toMatchObject({
      cidr: '2001:db8::/64',
      gateway_ip: '2001:db8::1',
      allocation_pools: [{ start: '2001:db8::2', end: '2001:db8::ffff:ffff:ffff:ffff' }],
    });
  });

  test("a gateway that a router's port has cannot be moved", async () => {
    const { subnet: id } = await makeNetwork(cloud, { name: 'moved', cidr: '10.8.0.0/24' });
    expect(refusal(await call(`/subnets/${id}`, { subnet: { gateway_ip: '10.8.0.9' } }, 'PUT'))).toBe(
      '409 GatewayIpInUse',
    );
  });
});

describe('ports', () => {
  test('a port has an address of each IP version, and makes its own where hosts do', async () => {
    const { id: network_id } = await make('network', {});
    await make('subnet', { network_id, ip_version: 4, cidr: '10.7.0.0/24', enable_dhcp: false });
    const modes = { ipv6_ra_mode: 'slaac', ipv6_address_mode: 'slaac' };
    await make('subnet', { network_id, ip_version: 6, cidr: '2001:db8:7::/64', ...modes });
    const port = await make('port', { network_id, mac_address: 'fa:16:3e:00:11:22' });
    expect(port.fixed_ips).toMatchObject([
      { ip_address: '10.7.0.2' },
      { ip_address: '2001:db8:7:0:f816:3eff:fe00:1122' },
    ]);
    const twin = await call('/ports', { port: { network_id, mac_address: 'fa:16:3e:00:11:22' } });
    expect(refusal(twin)).toBe('409 MacAddressInUse');
  });

  test('port security goes only after the security groups', async () => {
    const { network: network_id } = await makeNetwork(cloud, { name: 'secure', cidr: '10.6.0.0/24' });
    const { id } = await make('port', { network_id });
    const off = { port_security_enabled: false };
    expect(refusal(await call(`/ports/${id}`, { port: off }, 'PUT'))).toBe('409 PortSecurityPortHasSecurityGroup');
    expect((await call(`/ports/${id}`, { port: { ...off, security_groups: [] } }, 'PUT')).status).toBe(200);
  });
});

describe('routers', () => {
  test('a route needs a next hop in one of its networks, and then keeps the interface', async () => {
    const { router, subnet } = await makeNetwork(cloud, { name: 'routes', cidr: '10.5.0.0/24' });
    const route = (nexthop: string) => ({ router: { routes: [{ destination: '10.99.0.0/24', nexthop }] } });
    expect(refusal(await call(`/routers/${router}`, route('10.98.0.1'), 'PUT'))).toBe('400 InvalidRoutes');
    expect(refusal(await call(`/routers/${router}`, route('10.5.0.1'), 'PUT'))).toBe('400 InvalidRoutes');
    expect((await call(`/routers/${router}/add_extraroutes`, route('10.5.0.9'), 'PUT')).status).toBe(200);
    const detach = () => call(`/routers/${router}/remove_router_interface`, { subnet_id: subnet }, 'PUT');
    expect(refusal(await detach())).toBe('409 RouterInterfaceInUseByRoute');
    await call(`/routers/${router}/remove_extraroutes`, route('10.5.0.9'), 'PUT');
    expect((await detach()).status).toBe(200);
  });

  test('a gateway that a floating IP needs stays', async () => {
    const { router, network: network_id } = await makeNetwork(cloud, { name: 'gateway', cidr: '10.4.0.0/24' });
    const { id: port_id } = await make('port', { network_id });
    const floating = await make('floatingip', { floating_network_id: outside, port_id });
    const clear = () => call(`/routers/${router}`, { router: { external_gateway_info: null } }, 'PUT');
    expect(refusal(await clear())).toBe('409 RouterExternalGatewayInUseByFloatingIp');
    // A change of something else leaves the port; an empty one lets it go.
    const put = (fields: object) => call(`/floatingips/${floating.id}`, { floatingip: fields }, 'PUT');
    expect((await put({ description: 'x' })).body.floatingip.port_id).toBe(port_id);
    expect((await put({})).body.floatingip).toMatchObject({ port_id: null, router_id: null, status: 'DOWN' });
    expect((await clear()).status).toBe(200);
  });

  test('only an administrator chooses the gateway address', async () => {
    const gateway = { network_id: outside, external_fixed_ips: [{ ip_address: '172.24.4.99' }] };
    const reply = await call('/routers', { router: { external_gateway_info: gateway } });
    expect(refusal(reply)).toBe('403 PolicyNotAuthorized');
  });
});

describe('security group rules', () => {
  test.each([
    [
      'ports without a protocol',
      { port_range_min: 1, port_range_max: 2 },
      '400 SecurityGroupProtocolRequiredWithPorts',
    ],
    [
      'ports upside down',
      { protocol: 'tcp', port_range_min: 9, port_range_max: 2 },
      '400 SecurityGroupInvalidPortRange',
    ],
    ['an ICMP code without a type', { protocol: 'icmp', port_range_max: 2 }, '400 SecurityGroupMissingIcmpType'],
    [
      'ports of ESP',
      { protocol: 'esp', port_range_min: 1, port_range_max: 2 },
      '400 SecurityGroupInvalidProtocolForPort',
    ],
    ['an unknown protocol', { protocol: 'nonsense' }, '400 SecurityGroupRuleInvalidProtocol'],
    [
      'an IPv6 network in an IPv4 rule',
      { remote_ip_prefix: '2001:db8::/64' },
      '400 SecurityGroupRuleParameterConflict',
    ],
    ['no network', { remote_ip_prefix: '256' }, '400 InvalidCIDR'],
    [
      'the same under another name',
      { direction: 'egress', protocol: null, remote_ip_prefix: '0.0.0.0/0' },
      '409 SecurityGroupRuleExists',
    ],
  ])('%s is refused', async (_what, fields, expected) => {
    const { id: security_group_id } = await make('security_group', { name: 'rules' });
    const rule = { security_group_id, direction: 'ingress', ...fields };
    expect(refusal(await call('/security-group-rules', { security_group_rule: rule }))).toBe(expected);
  });
});

describe('revisions', () => {
  test('a change bound to an old revision is refused, and to the current one taken', async () => {
    const { id } = await make('network', {});
    const put = (revision: number) =>
      call(`/networks/${id}`, { network: { name: 'x' } }, 'PUT', { 'If-Match': `revision_number=${revision}` });
    expect(refusal(await put(7))).toBe('412 RevisionNumberConstraintFailed');
    expect((await put(1)).body.network.revision_number).toBe(2);
  });
});

test('a policy answers a lifetime as it was sent, and stores it as a number', async () => {
  const ikepolicy = { lifetime: { value: '7200' } };
  const { body } = await call('/vpn/ikepolicies', { ikepolicy });
  expect(body.ikepolicy.lifetime).toEqual({ units: 'seconds', value: '7200' });
  expect((await call(`/vpn/ikepolicies/${body.ikepolicy.id}`)).body.ikepolicy.lifetime.value).toBe(7200);
});
