/**
 * Networks, subnets, routers, ports, security groups and floating IPs, with the rules between them, as Neutron's own plugins have them.
 */
import ipaddr from 'ipaddr.js';
import { badRequest, neutronError } from '../errors.js';
import { type CallContext, newId, newMac, type RegionState, type Row, timestamp } from '../state.js';
import { allocate, defaultPools, type FixedIp, inCidr, makePort } from './addresses.js';
import { mustGet, type Resource } from './resource.js';
import { routerUse, subnetUse } from './vpn-use.js';

const fixedIps = (port: Row) => port.fixed_ips as FixedIp[];
const portsOf = (region: RegionState, device: string) =>
  region.rows('port').filter((port) => port.device_id === device);

export const NETWORK: Resource = {
  kind: 'network',
  path: 'networks',
  many: 'networks',
  standard: true,
  notFound: ['NetworkNotFound', (id) => `Network ${id} could not be found.`],
  beforeCreate(row, { isAdmin }) {
    if (row['router:external'] === true && !isAdmin) {
      throw neutronError(
        403,
        'PolicyNotAuthorized',
        '(rule:create_network and rule:create_network:router:external) is disallowed by policy',
      );
    }
    Object.assign(row, {
      status: 'ACTIVE',
      subnets: [],
      availability_zones: [],
      ipv4_address_scope: null,
      ipv6_address_scope: null,
    });
  },
  beforeDelete(row, { region }) {
    const ports = region
      .rows('port')
      .filter((port) => port.network_id === row.id && port.device_owner !== 'network:dhcp');
    if (ports.length > 0) {
      throw neutronError(
        409,
        'NetworkInUse',
        `Unable to complete operation on network ${row.id}. There are one or more ports still in use on the network, id for these ports is: ${ports.map((port) => port.id).join(',')}.`,
      );
    }
  },
  afterDelete(row, { region }) {
    for (const table of ['port', 'subnet'] as const) {
      for (const one of region.rows(table)) if (one.network_id === row.id) region.delete(table, one.id);
    }
  },
};

export const SUBNET: Resource = {
  kind: 'subnet',
  path: 'subnets',
  many: 'subnets',
  standard: true,
  notFound: ['SubnetNotFound', (id) => `Subnet ${id} could not be found.`],
  beforeCreate(row, context) {
    const network = mustGet(NETWORK, row.network_id, context);
    const cidr = String(row.cidr);
    const [address, prefix] = ipaddr.parseCIDR(cidr);
    const version = address.kind() === 'ipv4' ? 4 : 6;
    if (row.ip_version !== version)
      throw neutronError(
        400,
        'InvalidInput',
        `Invalid input for operation: cidr ${cidr} does not match the ip_version '${String(row.ip_version)}'.`,
      );
    if (version === 4) row.cidr = `${ipaddr.IPv4.networkAddressFromCIDR(cidr)}/${prefix}`;
    const siblings = context.region.rows('subnet').filter((subnet) => subnet.network_id === network.id);
    const overlap = siblings.find((subnet) => overlapping(String(subnet.cidr), cidr));
    if (overlap !== undefined) {
      throw neutronError(
        400,
        'InvalidInput',
        `Invalid input for operation: Requested subnet with cidr: ${cidr} for network: ${network.id} overlaps with another subnet.`,
      );
    }
    if (row.gateway_ip === undefined) row.gateway_ip = version === 4 ? defaultPools(cidr, null)[0]?.start : null;
    if (row.gateway_ip !== null && !ipaddr.isValid(String(row.gateway_ip)))
      throw badRequest(`Invalid input for gateway_ip. Reason: '${String(row.gateway_ip)}' is not a valid IP address.`);
    row.allocation_pools ??= version === 4 ? defaultPools(cidr, row.gateway_ip as string | null) : [];
    for (const server of row.dns_nameservers as unknown[]) {
      if (!ipaddr.isValid(String(server)))
        throw badRequest(
          `Invalid input for dns_nameservers. Reason: '${String(server)}' is not a valid nameserver. '${String(server)}' is not a valid IP address.`,
        );
    }
  },
  afterCreate(row, { region }) {
    const network = region.get('network', row.network_id);
    if (network === undefined) return;
    (network.subnets as string[]).push(row.id);
    if (row.enable_dhcp === true && network['router:external'] !== true && row.ip_version === 4) {
      makePort(region, {
        network,
        projectId: String(row.project_id),
        fixedIps: [{ subnet_id: row.id }],
        fields: { device_owner: 'network:dhcp', device_id: `dhcp-${network.id}`, port_security_enabled: false },
      });
    }
  },
  beforeDelete(row, { region }) {
    const use = subnetUse(region, row.id);
    if (use !== undefined)
      throw neutronError(
        409,
        'SubnetInUse',
        `Unable to complete operation on subnet ${row.id}: Callback neutron_vpnaas.db.vpn.vpn_db.subnet_callback-8771885270320 failed with "${use.message}".`,
      );
    const ports = region
      .rows('port')
      .filter((port) => port.device_owner !== 'network:dhcp' && fixedIps(port).some((ip) => ip.subnet_id === row.id));
    if (ports.length > 0) {
      throw neutronError(
        409,
        'SubnetInUse',
        `Unable to complete operation on subnet ${row.id}: One or more ports have an IP allocation from this subnet.`,
      );
    }
  },
  afterDelete(row, { region }) {
    for (const port of region.rows('port'))
      if (fixedIps(port).some((ip) => ip.subnet_id === row.id)) region.delete('port', port.id);
    const network = region.get('network', row.network_id);
    if (network !== undefined) network.subnets = (network.subnets as string[]).filter((id) => id !== row.id);
  },
};

function overlapping(a: string, b: string): boolean {
  return inCidr(a.split('/')[0] ?? '', b) || inCidr(b.split('/')[0] ?? '', a);
}

export const ROUTER: Resource = {
  kind: 'router',
  path: 'routers',
  many: 'routers',
  standard: true,
  notFound: ['RouterNotFound', (id) => `Router ${id} could not be found`],
  beforeCreate(row, context) {
    const gateway = row.external_gateway_info as { network_id?: unknown } | null;
    Object.assign(row, { status: 'ACTIVE', availability_zones: [], external_gateway_info: null });
    if (gateway !== null) setGateway(row, externalNetwork(gateway.network_id, context), context);
  },
  beforeUpdate(row, change, context) {
    if (!('external_gateway_info' in change)) return;
    const gateway = change.external_gateway_info as { network_id?: unknown } | null;
    delete change.external_gateway_info;
    const network = gateway?.network_id === undefined ? undefined : externalNetwork(gateway.network_id, context);
    // The same network again is no change: the address stays.
    const current = row.external_gateway_info as { network_id?: string } | null;
    if (network !== undefined && current?.network_id === network.id) return;
    refuseUnderVpn(row, context.region);
    clearGateway(row, context.region);
    if (network !== undefined) setGateway(row, network, context);
  },
  beforeDelete(row, { region }) {
    const ports = portsOf(region, row.id).filter((port) => port.device_owner !== 'network:router_gateway');
    if (ports.length > 0) {
      throw neutronError(
        409,
        'RouterInUse',
        `Router ${row.id} has ports still attached: ${ports.map((port) => port.id).join(', ')}`,
      );
    }
    refuseUnderVpn(row, region);
    clearGateway(row, region);
  },
};

function clearGateway(router: Row, region: RegionState): void {
  for (const port of portsOf(region, router.id))
    if (port.device_owner === 'network:router_gateway') region.delete('port', port.id);
  router.external_gateway_info = null;
}

function refuseUnderVpn(router: Row, region: RegionState): void {
  const services = routerUse(region, router.id);
  if (services.length > 0) {
    throw neutronError(
      409,
      'RouterInUse',
      `Router ${router.id} is currently used by VPN service (${services.join(', ')})`,
    );
  }
}

function externalNetwork(id: unknown, context: CallContext): Row {
  const network = mustGet(NETWORK, id, context);
  if (network['router:external'] === true) return network;
  throw neutronError(400, 'BadRequest', `Bad router request: Network ${network.id} is not an external network.`);
}

function setGateway(router: Row, network: Row, context: CallContext): void {
  // The gateway's port belongs to no project, so its owner does not see it.
  const port = makePort(context.region, {
    network,
    projectId: '',
    fields: { device_owner: 'network:router_gateway', device_id: router.id, port_security_enabled: false },
  });
  router.external_gateway_info = { network_id: network.id, external_fixed_ips: fixedIps(port), enable_snat: true };
  router.availability_zones = ['nova'];
}

/** PUT /routers/{id}/add_router_interface with a subnet or a port. */
export function addRouterInterface(id: string, body: unknown, context: CallContext): unknown {
  const router = mustGet(ROUTER, id, context);
  const { subnet_id: subnetId, port_id: portId } = (body ?? {}) as { subnet_id?: unknown; port_id?: unknown };
  if (subnetId === undefined && portId === undefined)
    throw neutronError(400, 'BadRequest', 'Bad router request: Either subnet_id or port_id must be specified.');
  const { region } = context;
  const given = portId === undefined ? undefined : mustGet(PORT, portId, context);
  const subnet = mustGet(SUBNET, given === undefined ? subnetId : fixedIps(given)[0]?.subnet_id, context);
  const attached = portsOf(region, id)
    .flatMap(fixedIps)
    .map((ip) => ip.subnet_id);
  if (attached.includes(subnet.id))
    throw neutronError(400, 'BadRequest', `Bad router request: Router already has a port on subnet ${subnet.id}.`);
  for (const other of attached.map((one) => region.get('subnet', one))) {
    if (other !== undefined && overlapping(String(other.cidr), String(subnet.cidr))) {
      throw neutronError(
        400,
        'BadRequest',
        `Bad router request: Cidr ${String(subnet.cidr)} of subnet ${subnet.id} overlaps with cidr ${String(other.cidr)} of subnet ${other.id}.`,
      );
    }
  }
  if (given === undefined && subnet.gateway_ip === null)
    throw neutronError(400, 'BadRequest', `Bad router request: Subnet for router interface must have a gateway IP.`);
  const network = region.get('network', subnet.network_id);
  const fields = { device_owner: 'network:router_interface', device_id: id, port_security_enabled: false };
  const port =
    given !== undefined
      ? Object.assign(given, fields)
      : makePort(region, {
          network: network ?? subnet,
          projectId: String(router.project_id),
          fixedIps: [{ subnet_id: subnet.id, ip_address: String(subnet.gateway_ip) }],
          fields,
        });
  return interfaceAnswer(router, port, subnet);
}

/** PUT /routers/{id}/remove_router_interface. */
export function removeRouterInterface(id: string, body: unknown, context: CallContext): unknown {
  const router = mustGet(ROUTER, id, context);
  const { subnet_id: subnetId, port_id: portId } = (body ?? {}) as { subnet_id?: unknown; port_id?: unknown };
  const { region } = context;
  const port = portsOf(region, id).find(
    (one) => one.id === portId || fixedIps(one).some((ip) => ip.subnet_id === subnetId),
  );
  if (port === undefined) {
    if (portId !== undefined)
      throw neutronError(
        404,
        'RouterInterfaceNotFound',
        `Router ${id} does not have an interface with id ${String(portId)}`,
      );
    mustGet(SUBNET, subnetId, context);
    throw neutronError(
      404,
      'RouterInterfaceNotFoundForSubnet',
      `Router ${id} has no interface on subnet ${String(subnetId)}`,
    );
  }
  const subnet = mustGet(SUBNET, fixedIps(port)[0]?.subnet_id, context);
  const use = subnetUse(region, subnet.id, 'interface');
  if (use !== undefined) throw neutronError(409, use.type, use.message);
  const floating = region
    .rows('floatingip')
    .find((ip) => ip.router_id === id && inCidr(String(ip.fixed_ip_address), String(subnet.cidr)));
  if (floating !== undefined) {
    throw neutronError(
      409,
      'RouterInterfaceInUseByFloatingIP',
      `Router interface for subnet ${subnet.id} on router ${id} cannot be deleted, as it is required by one or more floating IPs.`,
    );
  }
  region.delete('port', port.id);
  return interfaceAnswer(router, port, subnet);
}

function interfaceAnswer(router: Row, port: Row, subnet: Row) {
  return {
    id: router.id,
    tenant_id: router.project_id,
    port_id: port.id,
    network_id: subnet.network_id,
    subnet_id: subnet.id,
    subnet_ids: [subnet.id],
  };
}

export const PORT: Resource = {
  kind: 'port',
  path: 'ports',
  many: 'ports',
  standard: true,
  notFound: ['PortNotFound', (id) => `Port ${id} could not be found.`],
  beforeCreate(row, context) {
    const network = mustGet(NETWORK, row.network_id, context);
    const asked = row.fixed_ips as Partial<FixedIp>[] | undefined;
    const made = makePort(context.region, {
      network,
      projectId: String(row.project_id),
      ...(asked === undefined ? {} : { fixedIps: asked }),
    });
    context.region.delete('port', made.id);
    const secured = row.port_security_enabled ?? network.port_security_enabled ?? true;
    const groups =
      (row.security_groups as string[] | undefined) ??
      (secured === true ? [defaultGroup(context.region, String(row.project_id)).id] : []);
    for (const group of groups) mustGet(SECURITY_GROUP, group, context);
    if (secured === false && groups.length > 0) {
      throw neutronError(
        400,
        'PortSecurityPortHasSecurityGroup',
        'Port has security group associated. Cannot disable port security or IP address until security group is removed.',
      );
    }
    Object.assign(row, {
      status: 'DOWN',
      fixed_ips: made.fixed_ips,
      mac_address: row.mac_address ?? newMac(),
      security_groups: groups,
      port_security_enabled: secured,
    });
  },
  beforeUpdate(row, change, context) {
    const groups = change.security_groups as string[] | undefined;
    for (const group of groups ?? []) mustGet(SECURITY_GROUP, group, context);
    if (change.port_security_enabled === false && (groups ?? (row.security_groups as string[])).length > 0) {
      throw neutronError(
        400,
        'PortSecurityPortHasSecurityGroup',
        'Port has security group associated. Cannot disable port security or IP address until security group is removed.',
      );
    }
  },
  beforeDelete(row) {
    const owner = String(row.device_owner);
    if (/^network:router_(interface|gateway)/.test(owner)) {
      throw neutronError(
        409,
        'ServicePortInUse',
        `Port ${row.id} cannot be deleted directly via the port API: has device owner ${owner}.`,
      );
    }
  },
  afterDelete(row, { region }) {
    for (const ip of region.rows('floatingip'))
      if (ip.port_id === row.id)
        Object.assign(ip, { port_id: null, router_id: null, fixed_ip_address: null, status: 'DOWN' });
  },
};

/** A project's default security group, made when it is first needed: out to everywhere, in from itself. */
export function defaultGroup(region: RegionState, projectId: string): Row {
  const found = region
    .rows('security_group')
    .find((group) => group.project_id === projectId && group.name === 'default');
  if (found !== undefined) return found;
  const now = timestamp();
  const group = region.insert('security_group', {
    id: newId(),
    name: 'default',
    description: 'Default security group',
    tenant_id: projectId,
    project_id: projectId,
    stateful: true,
    tags: [],
    created_at: now,
    updated_at: now,
    revision_number: 1,
  });
  addEgress(region, group);
  for (const ethertype of ['IPv4', 'IPv6'])
    addRule(region, group, { direction: 'ingress', ethertype, remote_group_id: group.id });
  return group;
}

function addEgress(region: RegionState, group: Row): void {
  for (const ethertype of ['IPv4', 'IPv6']) addRule(region, group, { direction: 'egress', ethertype });
}

function addRule(region: RegionState, group: Row, fields: Record<string, unknown>): void {
  const now = timestamp();
  region.insert('security_group_rule', {
    id: newId(),
    tenant_id: group.project_id,
    security_group_id: group.id,
    protocol: null,
    port_range_min: null,
    port_range_max: null,
    remote_ip_prefix: null,
    remote_address_group_id: null,
    normalized_cidr: null,
    remote_group_id: null,
    description: '',
    created_at: now,
    updated_at: now,
    revision_number: 0,
    project_id: group.project_id,
    tags: [],
    ...fields,
  });
}

export const SECURITY_GROUP: Resource = {
  kind: 'security_group',
  path: 'security-groups',
  many: 'security_groups',
  standard: true,
  notFound: ['SecurityGroupNotFound', (id) => `Security group ${id} does not exist`],
  beforeCreate(row) {
    if (row.name === 'default')
      throw neutronError(409, 'SecurityGroupDefaultAlreadyExists', 'Default security group already exists.');
  },
  afterCreate(row, { region }) {
    addEgress(region, row);
  },
  refresh(row, { region }) {
    row.security_group_rules = region.rows('security_group_rule').filter((rule) => rule.security_group_id === row.id);
  },
  beforeDelete(row, { region, isAdmin }) {
    if (row.name === 'default' && !isAdmin)
      throw neutronError(
        409,
        'SecurityGroupCannotRemoveDefault',
        'Insufficient rights for removing default security group.',
      );
    if (region.rows('port').some((port) => (port.security_groups as string[]).includes(row.id))) {
      throw neutronError(409, 'SecurityGroupInUse', `Security Group ${row.id} in use.`);
    }
  },
  afterDelete(row, { region }) {
    for (const rule of region.rows('security_group_rule'))
      if (rule.security_group_id === row.id) region.delete('security_group_rule', rule.id);
  },
};

const RULE_IDENTITY = [
  'direction',
  'ethertype',
  'protocol',
  'port_range_min',
  'port_range_max',
  'remote_ip_prefix',
  'remote_group_id',
];

export const SECURITY_GROUP_RULE: Resource = {
  kind: 'security_group_rule',
  path: 'security-group-rules',
  many: 'security_group_rules',
  standard: true,
  notFound: ['SecurityGroupRuleNotFound', (id) => `Security group rule ${id} does not exist`],
  beforeCreate(row, context) {
    const group = mustGet(SECURITY_GROUP, row.security_group_id, context);
    if (row.remote_ip_prefix !== null && row.remote_group_id !== null) {
      throw neutronError(
        400,
        'SecurityGroupRemoteGroupAndRemoteIpPrefix',
        'Only remote_ip_prefix or remote_group_id may be provided.',
      );
    }
    row.normalized_cidr = row.remote_ip_prefix;
    const anyone = (value: unknown) => (value === '0.0.0.0/0' || value === '::/0' ? null : value);
    const same = context.region
      .rows('security_group_rule')
      .find(
        (rule) =>
          rule.security_group_id === group.id &&
          RULE_IDENTITY.every((field) => anyone(rule[field]) === anyone(row[field])),
      );
    if (same !== undefined)
      throw neutronError(409, 'SecurityGroupRuleExists', `Security group rule already exists. Rule id is ${same.id}.`);
  },
};

export const FLOATING_IP: Resource = {
  kind: 'floatingip',
  path: 'floatingips',
  many: 'floatingips',
  standard: true,
  notFound: ['FloatingIPNotFound', (id) => `Floating IP ${id} could not be found`],
  beforeCreate(row, context) {
    const network = mustGet(NETWORK, row.floating_network_id, context);
    if (network['router:external'] !== true)
      throw neutronError(
        400,
        'BadRequest',
        `Bad floatingip request: Network ${network.id} is not a valid external network.`,
      );
    const port = makePort(context.region, {
      network,
      projectId: '',
      fields: { device_owner: 'network:floatingip', device_id: row.id },
    });
    Object.assign(row, {
      floating_ip_address: fixedIps(port)[0]?.ip_address,
      _port: port.id,
      status: 'DOWN',
      router_id: null,
      fixed_ip_address: null,
      port_details: null,
    });
    associate(row, row.port_id, context);
  },
  beforeUpdate(row, change, context) {
    if ('port_id' in change) associate(row, change.port_id, context);
  },
  afterDelete(row, { region }) {
    region.delete('port', String(row._port));
  },
};

function associate(row: Row, portId: unknown, context: CallContext): void {
  if (portId === null || portId === undefined) {
    Object.assign(row, { port_id: null, router_id: null, fixed_ip_address: null, status: 'DOWN' });
    return;
  }
  const port = mustGet(PORT, portId, context);
  const { region } = context;
  const fixed = fixedIps(port)[0];
  const other = region.rows('floatingip').find((ip) => ip.port_id === port.id && ip.id !== row.id);
  if (other !== undefined) {
    throw neutronError(
      409,
      'FloatingIPPortAlreadyAssociated',
      `Cannot associate floating IP ${String(row.floating_ip_address)} (${row.id}) with port ${port.id} using fixed IP ${fixed?.ip_address}, as that fixed IP already has a floating IP on external network ${String(row.floating_network_id)}.`,
    );
  }
  const router = region
    .rows('router')
    .find(
      (one) =>
        (one.external_gateway_info as { network_id?: string } | null)?.network_id === row.floating_network_id &&
        portsOf(region, one.id).some((leg) => fixedIps(leg).some((ip) => ip.subnet_id === fixed?.subnet_id)),
    );
  if (router === undefined) {
    throw neutronError(
      404,
      'ExternalGatewayForFloatingIPNotFound',
      `External network ${String(row.floating_network_id)} is not reachable from subnet ${fixed?.subnet_id}.  Therefore, cannot associate Port ${port.id} with a Floating IP.`,
    );
  }
  Object.assign(row, { port_id: port.id, router_id: router.id, fixed_ip_address: fixed?.ip_address, status: 'ACTIVE' });
}

/** An address on an external network without a port that its project sees: what OVN's VPN gateway has. */
export function externalAddress(region: RegionState, networkId: string): string {
  const network = region.get('network', networkId);
  const subnet = region.rows('subnet').find((one) => one.network_id === networkId && one.ip_version === 4);
  if (network === undefined || subnet === undefined)
    throw neutronError(400, 'ExternalNetworkHasNoSubnet', `Router's external network ${networkId} has no IPv4 subnet`);
  const address = allocate(region, subnet);
  makePort(region, {
    network,
    projectId: '',
    fixedIps: [{ subnet_id: subnet.id, ip_address: address }],
    fields: { device_owner: 'network:vpn_router_gateway', name: 'vpn-gw' },
  });
  return address;
}
