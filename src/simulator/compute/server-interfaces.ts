/** /servers/{id}/os-interface: the ports of a server. The one rule: attaching and detaching follow the same rules as create and delete. */
import type { Answer } from '../errors.js';
import type { Row } from '../state.js';
import { conflict, itemNotFound } from './errors.js';
import { bodyOf, type NovaCall } from './request.js';
import { bindPorts, findGroups, findWish, portsOf, releasePort } from './server-ports.js';
import { vmState } from './server-view.js';

export function handleInterfaces({ method, parts, body, version, context }: NovaCall, row: Row): Answer {
  const [, , , id] = parts;
  const view = (port: Row) => ({
    net_id: port.network_id,
    port_id: port.id,
    mac_addr: port.mac_address,
    port_state: port.status,
    fixed_ips: port.fixed_ips,
    ...(version >= 70 ? { tag: null } : {}),
  });
  const ports = portsOf(context.region, row.id);
  if (id === undefined && method === 'POST') {
    const state = vmState(row, context);
    if (!['active', 'stopped'].includes(state)) {
      throw conflict(`Cannot 'attach_interface' instance ${row.id} while it is in vm_state ${state}`);
    }
    const [port] = bindPorts(
      [findWish(bodyOf(body, 'interfaceAttachment'), context)],
      row,
      findGroups(undefined, context),
      context,
    );
    if (port && state === 'active') port.status = 'ACTIVE';
    return { status: 200, body: { interfaceAttachment: port && view(port) } };
  }
  if (id === undefined) return { status: 200, body: { interfaceAttachments: ports.map(view) } };
  const port = ports.find((one) => one.id === id);
  if (!port) throw itemNotFound(`Instance ${row.id} does not have a port with id ${id}`);
  if (method !== 'DELETE') return { status: 200, body: { interfaceAttachment: view(port) } };
  releasePort(port, context);
  return { status: 202 };
}
