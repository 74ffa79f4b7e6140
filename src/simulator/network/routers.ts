/** Routers and their gateways, by l3_db, l3_gwmode_db and extraroute_db, and under VPN services, neutron-vpnaas's checks. */
import { neutronError } from '../errors.js';
import { type CallContext, type RegionState, type Row, revise } from '../state.js';
import { lookAgain } from '../tunnel-status.js';
import { assignAddresses, makePort } from './address-allocation.js';
import type { FixedIp } from './addresses.js';
import {
  type AttributeMap,
  adminStateUp,
  description,
  name,
  once,
  owner,
  readOnly,
  settable,
  standardAttributes,
} from './attributes.js';
import { boolean, fixedIps, hostRoutes, invalid, invalidInput, keysOf, list, uuid, uuidOrNone } from './checks.js';
import { NETWORK } from './networks.js';
import { adminOnly, mustGet, type Resource } from './resource.js';
import { overlapProblem, portsOf, subnetsOf } from './router-ports.js';
import { type Route, refuseBadRoutes } from './router-routes.js';
import { routerUse } from './vpn-use.js';

interface Gateway {
  readonly network_id?: string;
  readonly external_fixed_ips?: Partial<FixedIp>[];
  readonly enable_snat?: boolean;
}

function gatewayInfo(value: unknown, field: string): unknown {
  if (value === null) return null;
  const given = { ...keysOf(value, field, ['network_id', 'external_fixed_ips', 'enable_snat', 'qos_policy_id']) };
  if (Object.keys(given).length === 0) return null;
  if (given.network_id === undefined)
    throw invalid(
      field,
      `Validation of dictionary's keys failed. Expected keys: {'network_id'} Provided keys: dict_keys([${Object.keys(
        given,
      )
        .map((key) => `'${key}'`)
        .join(', ')}])`,
    );
  uuid(given.network_id, field);
  if (given.enable_snat !== undefined) given.enable_snat = boolean(given.enable_snat, field);
  if (given.external_fixed_ips !== undefined) given.external_fixed_ips = fixedIps(given.external_fixed_ips, field);
  return given;
}

const ATTRIBUTES: AttributeMap = {
  id: readOnly,
  ...owner,
  name,
  description,
  admin_state_up: adminStateUp,
  status: readOnly,
  external_gateway_info: { ...settable, default: null, check: gatewayInfo },
  routes: { post: false, put: true, default: [], check: hostRoutes },
  availability_zone_hints: { ...once, default: [], check: list },
  availability_zones: readOnly,
  flavor_id: { ...once, default: null, check: uuidOrNone },
  ha: settable,
  distributed: settable,
  ...standardAttributes,
};

export const ROUTER: Resource = {
  kind: 'router',
  path: 'routers',
  many: 'routers',
  standard: true,
  notFound: ['RouterNotFound', (id) => `Router ${id} could not be found`],
  attributes: ATTRIBUTES,
  beforeCreate(row, context) {
    const gateway = row.external_gateway_info as Gateway | null;
    adminOnly('create', 'router', row, ['ha', 'distributed'], context);
    refuseGatewayDetails('create', gateway, context);
    Object.assign(row, { status: 'ACTIVE', availability_zones: [], external_gateway_info: null, routes: [] });
    if (gateway !== null) setGateway(row, externalNetwork(gateway, context), gateway, context);
  },
  beforeUpdate(row, change, context) {
    adminOnly('update', 'router', change, ['ha', 'distributed'], context);
    if (change.routes !== undefined) refuseBadRoutes(row, change.routes as Route[], context.region);
    if (!('external_gateway_info' in change)) return;
    const gateway = change.external_gateway_info as Gateway | null;
    delete change.external_gateway_info;
    refuseGatewayDetails('update', gateway, context);
    const network = gateway === null ? undefined : externalNetwork(gateway, context);
    const current = row.external_gateway_info as Gateway | null;
    if (network !== undefined && gateway !== null && current?.network_id === network.id)
      return changeGateway(row, network, gateway, context);
    if (current !== null) {
      refuseUnderVpn(row, context.region);
      refuseUnderFloatingIp(row, String(current.network_id), context.region);
    }
    clearGateway(row, context.region);
    if (network !== undefined && gateway !== null) setGateway(row, network, gateway, context);
  },
  // Any update is told to the router's agents.
  afterUpdate(row, _change, { region }) {
    lookAgain(row.id, 'routerUpdate', region);
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

/** Only an administrator chooses a gateway's address or switches its NAT. */
function refuseGatewayDetails(verb: 'create' | 'update', gateway: Gateway | null, context: CallContext): void {
  if (context.isAdmin || gateway === null) return;
  const field = (['enable_snat', 'external_fixed_ips'] as const).find((one) => gateway[one] !== undefined);
  if (field === undefined) return;
  const rule = `rule:${verb}_router:external_gateway_info`;
  throw neutronError(
    403,
    'PolicyNotAuthorized',
    `((rule:${verb}_router and (${rule} and ${rule}:network_id)) and ${rule}:${field}) is disallowed by policy`,
  );
}

function clearGateway(router: Row, region: RegionState): void {
  for (const port of gatewayPorts(router, region)) region.delete('port', port.id);
  router.external_gateway_info = null;
}

const gatewayPorts = (router: Row, region: RegionState) =>
  portsOf(region, router.id).filter((port) => port.device_owner === 'network:router_gateway');

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

function refuseUnderFloatingIp(router: Row, networkId: string, region: RegionState): void {
  if (!region.rows('floatingip').some((ip) => ip.router_id === router.id)) return;
  throw neutronError(
    409,
    'RouterExternalGatewayInUseByFloatingIp',
    `Gateway cannot be updated for router ${router.id}, since a gateway to external network ${networkId} is required by one or more floating IPs.`,
  );
}

const badRouter = (reason: string) => neutronError(400, 'BadRequest', `Bad router request: ${reason}.`);

function externalNetwork(gateway: Gateway, context: CallContext): Row {
  const network = mustGet(NETWORK, gateway.network_id, context);
  if (network['router:external'] !== true) throw badRouter(`Network ${network.id} is not an external network`);
  const gateways = context.region
    .rows('subnet')
    .filter((subnet) => subnet.network_id === network.id)
    .map((subnet) => subnet.gateway_ip);
  const same = gateway.external_fixed_ips?.find(
    (ip) => ip.ip_address !== undefined && gateways.includes(ip.ip_address),
  );
  if (same !== undefined) throw badRouter(`External IP ${same.ip_address} is the same as the gateway IP`);
  return network;
}

function setGateway(router: Row, network: Row, gateway: Gateway, context: CallContext): void {
  const { region } = context;
  const outside = region.rows('subnet').filter((subnet) => subnet.network_id === network.id);
  for (const subnet of outside) {
    const problem = overlapProblem(subnet, subnetsOf(region, router.id));
    if (problem !== undefined) throw badRouter(problem);
  }
  // The gateway's port belongs to no project, so its owner does not see it.
  const port = makePort(region, {
    network,
    projectId: '',
    fixedIps: gateway.external_fixed_ips?.length ? gateway.external_fixed_ips : undefined,
    fields: { device_owner: 'network:router_gateway', device_id: router.id, port_security_enabled: false },
  });
  router.external_gateway_info = {
    network_id: network.id,
    external_fixed_ips: port.fixed_ips,
    enable_snat: gateway.enable_snat ?? true,
  };
  router.availability_zones = ['nova'];
}

/** The same network again: the address stays, unless another is asked for. */
function changeGateway(router: Row, network: Row, gateway: Gateway, { region }: CallContext): void {
  const current = router.external_gateway_info as Gateway;
  const [port] = gatewayPorts(router, region);
  const asked = gateway.external_fixed_ips ?? [];
  if (port !== undefined && asksForOthers(asked, port.fixed_ips as FixedIp[]))
    port.fixed_ips = assignAddresses(region, {
      network,
      mac: String(port.mac_address),
      owner: String(port.device_owner),
      asked,
      keep: port.fixed_ips as FixedIp[],
    });
  router.external_gateway_info = {
    ...current,
    external_fixed_ips: port?.fixed_ips ?? current.external_fixed_ips,
    enable_snat: gateway.enable_snat ?? true,
  };
}

/** Other subnets, or other addresses, than there are; a subnet named once more is no change. */
function asksForOthers(asked: readonly Partial<FixedIp>[], current: readonly FixedIp[]): boolean {
  const differ = (field: keyof FixedIp) => {
    const wanted = new Set(asked.flatMap((ip) => ip[field] ?? []));
    return wanted.size !== new Set(current.map((ip) => ip[field])).size || current.some((ip) => !wanted.has(ip[field]));
  };
  return asked.length > 0 && (differ('subnet_id') || differ('ip_address'));
}

/** PUT /routers/{id}/add_extraroutes and remove_extraroutes: atomic changes that leave the other routes alone. */
export function changeRoutes(id: string, body: unknown, add: boolean, context: CallContext): unknown {
  const router = mustGet(ROUTER, id, context);
  const given = (body as { router?: { routes?: unknown } } | undefined)?.router?.routes;
  if (given === undefined) throw invalidInput("Invalid input. 'router' must have routes");
  const routes = hostRoutes(given, 'routes') as Route[];
  const same = (a: Route, b: Route) => a.destination === b.destination && a.nexthop === b.nexthop;
  const current = (router.routes ?? []) as Route[];
  const next = add
    ? [...current, ...routes.filter((route) => !current.some((one) => same(one, route)))]
    : current.filter((one) => !routes.some((route) => same(one, route)));
  refuseBadRoutes(router, next, context.region);
  router.routes = next;
  revise(router);
  return { router };
}
