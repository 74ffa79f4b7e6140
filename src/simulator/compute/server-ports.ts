/**
 * A server's ports: finding those that a create asks for, binding and letting go.
 * The one rule: a port that Nova made goes with its server; one that the caller gave is only unbound.
 */
import { ApiError } from '../errors.js';
import { makePort } from '../network/address-allocation.js';
import type { FixedIp } from '../network/addresses.js';
import { PORT } from '../network/ports.js';
import { defaultGroup } from '../network/security-groups.js';
import type { CallContext, RegionState, Row } from '../state.js';
import { badRequest, conflict, forbidden } from './errors.js';
import { type Fields, isFields } from './request.js';

/** A network card that a create or an attach asks for, looked up and found possible. */
export type Wish = { readonly port: Row } | { readonly network: Row; readonly fixedIp: string | undefined };

/** The security groups named in a create, by name or id. @throws ApiError 400 */
export function findGroups(given: unknown, { region, projectId }: CallContext): Row[] {
  const names = Array.isArray(given) ? given.map((one) => String((one as Fields).name)) : ['default'];
  return names.map((name) => {
    const own = region.rows('security_group').filter((row) => row.project_id === projectId);
    const found = own.find((row) => row.id === name) ?? own.filter((row) => row.name === name);
    if (!Array.isArray(found)) return found;
    if (found.length > 1) {
      throw conflict(`Multiple security_group matches found for name '${name}', use an ID to be more specific.`);
    }
    if (found[0]) return found[0];
    if (name === 'default') return defaultGroup(region, projectId);
    throw badRequest(`Unable to find security_group with name or id '${name}'`);
  });
}

/** Looks up what `networks` asks for. Changes nothing. @throws ApiError */
export function findWishes(networks: unknown, context: CallContext): Wish[] {
  if (networks === 'none') return [];
  if (networks === undefined || networks === 'auto' || (Array.isArray(networks) && networks.length === 0))
    return onlyNetwork(context);
  const list = Array.isArray(networks) ? networks.filter(isFields) : [];
  const wishes = list.map((one) => findWish(one, context));
  const ports = wishes.flatMap((wish) => ('port' in wish ? [wish.port.id] : []));
  const twice = ports.find((id, at) => ports.indexOf(id) !== at);
  if (twice !== undefined) throw conflict(`Port ${twice} is still in use.`);
  return wishes;
}

function visible(network: Row | undefined, { projectId, isAdmin }: CallContext): network is Row {
  return (
    network !== undefined &&
    (isAdmin || network.project_id === projectId || network.shared === true || network['router:external'] === true)
  );
}

function onlyNetwork(context: CallContext): Wish[] {
  const own = context.region
    .rows('network')
    .filter((row) => row['router:external'] !== true && (row.project_id === context.projectId || row.shared === true));
  if (own.length > 1) {
    throw conflict('More than one possible network found. Specify network ID(s) to select which one(s) to connect to.');
  }
  return own.map((network) => checkedNetwork(network, undefined, context));
}

/** One entry of `networks`, or the body of an attach. */
export function findWish(one: Fields, context: CallContext): Wish {
  const portId = one.port ?? one.port_id;
  if (portId !== undefined && portId !== null) {
    const port = context.region.get('port', portId);
    if (port === undefined || (port.project_id !== context.projectId && !context.isAdmin)) {
      throw badRequest(`Port ${String(portId)} could not be found.`);
    }
    if (port.device_id !== '') throw conflict(`Port ${port.id} is still in use.`);
    if ((port.fixed_ips as FixedIp[]).length === 0)
      throw badRequest(`Port ${port.id} requires a FixedIP in order to be used.`);
    return { port };
  }
  const networkId = one.uuid ?? one.net_id;
  const network = context.region.get('network', networkId);
  if (!visible(network, context)) throw badRequest(`Network ${String(networkId)} could not be found.`);
  const fixed = one.fixed_ip ?? (one.fixed_ips as readonly Fields[] | undefined)?.[0]?.ip_address;
  return checkedNetwork(network, typeof fixed === 'string' ? fixed : undefined, context);
}

function checkedNetwork(network: Row, fixedIp: string | undefined, context: CallContext): Wish {
  if (network['router:external'] === true && network.shared !== true && !context.isAdmin) {
    throw forbidden(`It is not allowed to create an interface on external network ${network.id}`);
  }
  if (!context.region.rows('subnet').some((subnet) => subnet.network_id === network.id)) {
    throw badRequest(`Network ${network.id} requires a subnet in order to boot instances on.`);
  }
  const holder = context.region
    .rows('port')
    .find(
      (port) => port.network_id === network.id && (port.fixed_ips as FixedIp[]).some((ip) => ip.ip_address === fixedIp),
    );
  if (holder)
    throw badRequest(`Fixed IP address ${fixedIp} is already in use on instance ${String(holder.device_id)}.`);
  return { network, fixedIp };
}

/** Binds the ports wished for to a server, making those that are missing. @throws ApiError if addresses run out */
export function bindPorts(wishes: readonly Wish[], server: Row, groups: readonly Row[], context: CallContext): Row[] {
  const made: Row[] = [];
  try {
    return wishes.map((wish) => {
      const binding = { device_id: server.id, device_owner: 'compute:nova', status: 'DOWN' };
      if ('port' in wish) return Object.assign(wish.port, binding);
      const secured = wish.network.port_security_enabled !== false;
      const port = makePort(context.region, {
        network: wish.network,
        projectId: String(server.project_id),
        ...(wish.fixedIp === undefined ? {} : { fixedIps: [{ ip_address: wish.fixedIp }] }),
        fields: {
          ...binding,
          security_groups: secured ? groups.map((group) => group.id) : [],
          port_security_enabled: secured,
          _nova: true,
        },
      });
      made.push(port);
      return port;
    });
  } catch (error) {
    for (const port of made) context.region.delete('port', port.id);
    if (error instanceof ApiError) throw badRequest(messageOf(error));
    throw error;
  }
}

function messageOf(error: ApiError): string {
  const body = error.answer.body as { readonly NeutronError?: { readonly message?: string } } | undefined;
  return body?.NeutronError?.message ?? 'Network could not be allocated.';
}

/** Ports of a server, in the order in which they were bound. */
export function portsOf(region: RegionState, serverId: string): Row[] {
  return region
    .rows('port')
    .filter((port) => port.device_id === serverId && String(port.device_owner).startsWith('compute:'));
}

/** Takes a port from its server. */
export function releasePort(port: Row, context: Pick<CallContext, 'region'>): void {
  if (port._nova !== true) {
    Object.assign(port, { device_id: '', device_owner: '', status: 'DOWN' });
    return;
  }
  context.region.delete('port', port.id);
  PORT.afterDelete?.(port, context as CallContext);
}
