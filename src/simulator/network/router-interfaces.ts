/** Interfaces of a router: add and remove by subnet or by port, by l3_db, extraroute_db and neutron-vpnaas's checks. */
import { neutronError } from '../errors.js';
import { pythonText } from '../python-text.js';
import { type CallContext, type RegionState, type Row, revise } from '../state.js';
import { makePort } from './address-allocation.js';
import { type FixedIp, inCidr } from './addresses.js';
import { isUuid } from './checks.js';
import { PORT } from './ports.js';
import { mustGet } from './resource.js';
import { overlapProblem, portsOf, subnetsOf } from './router-ports.js';
import type { Route } from './router-routes.js';
import { ROUTER } from './routers.js';
import { SUBNET } from './subnets.js';
import { subnetUse } from './vpn-use.js';

const OWNER = 'network:router_interface';
const badRouter = (reason: string) => neutronError(400, 'BadRequest', `Bad router request: ${reason}.`);
const fixedIps = (port: Row) => port.fixed_ips as FixedIp[];

interface Asked {
  readonly subnet_id?: unknown;
  readonly port_id?: unknown;
}

/** PUT /routers/{id}/add_router_interface with a subnet or a port. */
export function addRouterInterface(id: string, body: unknown, context: CallContext): unknown {
  const router = mustGet(ROUTER, id, context);
  const asked = checked(body);
  if (asked.port_id !== undefined && asked.subnet_id !== undefined)
    throw badRouter('Cannot specify both subnet-id and port-id');
  return asked.port_id === undefined
    ? addSubnet(router, mustGet(SUBNET, asked.subnet_id, context), context)
    : addPort(router, mustGet(PORT, asked.port_id, context), context);
}

function checked(body: unknown): Asked {
  const asked = (body ?? {}) as Asked;
  if (asked.port_id === undefined && asked.subnet_id === undefined)
    throw badRouter('Either subnet_id or port_id must be specified');
  for (const value of [asked.port_id, asked.subnet_id])
    if (value !== undefined && !isUuid(value)) throw badRouter(`'${pythonText(value)}' is not a valid UUID`);
  return asked;
}

function addSubnet(router: Row, subnet: Row, context: CallContext): unknown {
  const { region } = context;
  if (subnet.gateway_ip === null) throw badRouter('Subnet for router interface must have a gateway IP');
  if (subnet.project_id !== context.projectId && !context.isAdmin)
    throw badRouter(
      `Cannot add interface to router because subnet ${subnet.id} is not owned by project making the request`,
    );
  refuseOverlap([subnet], router, region);
  const fixed = { subnet_id: subnet.id, ip_address: String(subnet.gateway_ip) };
  const sixth = portsOf(region, router.id).find(
    (port) =>
      port.device_owner === OWNER &&
      port.network_id === subnet.network_id &&
      fixedIps(port).some((ip) => ip.ip_address.includes(':')),
  );
  // A second IPv6 network of the same wire joins the port that is there.
  if (subnet.ip_version === 6 && sixth !== undefined) {
    sixth.fixed_ips = [...fixedIps(sixth), fixed];
    return answer(router, sixth, [subnet]);
  }
  const port = makePort(region, {
    network: region.get('network', subnet.network_id) ?? subnet,
    projectId: String(router.project_id),
    fixedIps: [fixed],
    fields: { device_owner: OWNER, device_id: router.id, port_security_enabled: false },
  });
  return answer(router, port, [subnet]);
}

function addPort(router: Row, port: Row, context: CallContext): unknown {
  const { region } = context;
  if (port.device_id !== '')
    throw neutronError(
      409,
      'PortInUse',
      `Unable to complete operation on port ${port.id} for network ${String(port.network_id)}. Port already has an attached device ${String(port.device_id)}.`,
    );
  if (fixedIps(port).length === 0) throw badRouter('Router port must have at least one fixed IP');
  const subnets = fixedIps(port).map((ip) => mustGet(SUBNET, ip.subnet_id, context));
  refuseOverlap(subnets, router, region);
  if (subnets.filter((subnet) => subnet.ip_version === 4).length > 1)
    throw badRouter('Cannot have multiple IPv4 subnets on router port');
  Object.assign(port, { device_owner: OWNER, device_id: router.id, status: 'ACTIVE', security_groups: [] });
  port.port_security_enabled = false;
  return answer(router, port, subnets);
}

function refuseOverlap(subnets: readonly Row[], router: Row, region: RegionState): void {
  for (const subnet of subnets) {
    const problem = overlapProblem(subnet, subnetsOf(region, router.id));
    if (problem !== undefined) throw badRouter(problem);
  }
}

/** PUT /routers/{id}/remove_router_interface with a subnet, a port, or both. */
export function removeRouterInterface(id: string, body: unknown, context: CallContext): unknown {
  const router = mustGet(ROUTER, id, context);
  const asked = checked(body);
  const legs = portsOf(context.region, id).filter((port) => port.device_owner === OWNER);
  return asked.port_id === undefined
    ? removeSubnet(router, mustGet(SUBNET, asked.subnet_id, context), legs, context)
    : removePort(router, asked, legs, context);
}

function removePort(router: Row, asked: Asked, legs: readonly Row[], context: CallContext): unknown {
  const port = legs.find((one) => one.id === asked.port_id);
  if (port === undefined)
    throw neutronError(
      404,
      'RouterInterfaceNotFound',
      `Router ${router.id} does not have an interface with id ${String(asked.port_id)}`,
    );
  if (asked.subnet_id !== undefined && !fixedIps(port).some((ip) => ip.subnet_id === asked.subnet_id))
    throw neutronError(
      400,
      'SubnetMismatchForPort',
      `Subnet on port ${port.id} does not match the requested subnet ${String(asked.subnet_id)}.`,
    );
  const subnets = fixedIps(port).map((ip) => mustGet(SUBNET, ip.subnet_id, context));
  for (const subnet of subnets) refuseInUse(router, subnet, context.region);
  context.region.delete('port', port.id);
  return answer(router, port, subnets);
}

function removeSubnet(router: Row, subnet: Row, legs: readonly Row[], { region }: CallContext): unknown {
  const port = legs.find((one) => fixedIps(one).some((ip) => ip.subnet_id === subnet.id));
  if (legs.some((one) => one.network_id === subnet.network_id)) refuseInUse(router, subnet, region);
  if (port === undefined)
    throw neutronError(
      404,
      'RouterInterfaceNotFoundForSubnet',
      `Router ${router.id} has no interface on subnet ${subnet.id}`,
    );
  const others = fixedIps(port).filter((ip) => ip.subnet_id !== subnet.id);
  if (others.length > 0) port.fixed_ips = others;
  else region.delete('port', port.id);
  return answer(router, port, [subnet]);
}

function refuseInUse(router: Row, subnet: Row, region: RegionState): void {
  const use = subnetUse(region, subnet.id, 'interface');
  if (use !== undefined) throw neutronError(409, use.type, use.message);
  const routed = ((router.routes ?? []) as Route[]).some((route) => inCidr(route.nexthop, String(subnet.cidr)));
  if (routed)
    throw neutronError(
      409,
      'RouterInterfaceInUseByRoute',
      `Router interface for subnet ${subnet.id} on router ${router.id} cannot be deleted, as it is required by one or more routes.`,
    );
  const floating = region
    .rows('floatingip')
    .find((ip) => ip.router_id === router.id && inCidr(String(ip.fixed_ip_address), String(subnet.cidr)));
  if (floating !== undefined) {
    throw neutronError(
      409,
      'RouterInterfaceInUseByFloatingIP',
      `Router interface for subnet ${subnet.id} on router ${router.id} cannot be deleted, as it is required by one or more floating IPs.`,
    );
  }
}

function answer(router: Row, port: Row, subnets: readonly Row[]) {
  revise(router);
  return {
    id: router.id,
    tenant_id: port.project_id,
    port_id: port.id,
    network_id: port.network_id,
    subnet_id: subnets.at(-1)?.id,
    subnet_ids: subnets.map((subnet) => subnet.id),
  };
}
