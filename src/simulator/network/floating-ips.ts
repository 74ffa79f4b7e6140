/** Floating IPs, by l3_db. */
import { neutronError } from '../errors.js';
import type { CallContext, RegionState, Row } from '../state.js';
import { makePort } from './address-allocation.js';
import type { FixedIp } from './addresses.js';
import { type AttributeMap, description, once, owner, readOnly, settable, standardAttributes } from './attributes.js';
import { addressOrNone, uuid, uuidOrNone } from './checks.js';
import { NETWORK } from './networks.js';
import { PORT } from './ports.js';
import { adminOnly, mustGet, type Resource } from './resource.js';
import { portsOf } from './router-ports.js';

const ATTRIBUTES: AttributeMap = {
  id: readOnly,
  ...owner,
  description,
  floating_ip_address: { ...once, check: addressOrNone },
  subnet_id: { ...once, check: uuidOrNone },
  floating_network_id: { ...once, required: true, check: uuid },
  router_id: readOnly,
  port_id: { ...settable, default: null, check: uuidOrNone },
  fixed_ip_address: { ...settable, check: addressOrNone },
  status: readOnly,
  dns_name: settable,
  dns_domain: settable,
  port_details: readOnly,
  ...standardAttributes,
};

const badFloating = (reason: string) => neutronError(400, 'BadRequest', `Bad floatingip request: ${reason}.`);
const fixedIps = (port: Row) => port.fixed_ips as FixedIp[];

export const FLOATING_IP: Resource = {
  kind: 'floatingip',
  path: 'floatingips',
  many: 'floatingips',
  standard: true,
  notFound: ['FloatingIPNotFound', (id) => `Floating IP ${id} could not be found`],
  attributes: ATTRIBUTES,
  beforeCreate(row, context) {
    const { region } = context;
    const network = mustGet(NETWORK, row.floating_network_id, context);
    adminOnly(
      'create',
      'floatingip',
      { ...row, floating_ip_address: row.floating_ip_address ?? undefined },
      ['floating_ip_address'],
      context,
    );
    if (network['router:external'] !== true) throw badFloating(`Network ${network.id} is not a valid external network`);
    const subnets = region.rows('subnet').filter((subnet) => subnet.network_id === network.id);
    if (!subnets.some((subnet) => subnet.ip_version === 4))
      throw badFloating(`Network ${network.id} does not contain any IPv4 subnet`);
    const asked = {
      ...(row.subnet_id ? { subnet_id: String(row.subnet_id) } : {}),
      ...(row.floating_ip_address ? { ip_address: String(row.floating_ip_address) } : {}),
    };
    const port = makePort(region, {
      network,
      projectId: '',
      fixedIps: Object.keys(asked).length > 0 ? [asked] : undefined,
      fields: { device_owner: 'network:floatingip', device_id: row.id, status: 'N/A' },
    });
    delete row.subnet_id;
    Object.assign(row, {
      floating_ip_address: fixedIps(port).find((ip) => !ip.ip_address.includes(':'))?.ip_address,
      _port: port.id,
      status: 'DOWN',
      router_id: null,
      port_details: null,
    });
    try {
      associate(row, { port_id: row.port_id, fixed_ip_address: row.fixed_ip_address }, context);
    } catch (error) {
      region.delete('port', port.id);
      throw error;
    }
  },
  refresh(row, { region }) {
    const port = region.get('port', row.port_id);
    row.port_details =
      port === undefined
        ? null
        : Object.fromEntries(
            ['name', 'network_id', 'mac_address', 'admin_state_up', 'status', 'device_id', 'device_owner'].map(
              (field) => [field, port[field]],
            ),
          );
  },
  beforeUpdate(row, change, context) {
    const port = { port_id: row.port_id, ...change };
    // An empty change means "let go", from the time when an address had nothing else to change.
    if (Object.keys(change).length === 0) associate(row, {}, context);
    else if ('port_id' in change || row.port_id !== null || change.fixed_ip_address) associate(row, port, context);
    delete change.port_id;
    delete change.fixed_ip_address;
  },
  afterDelete(row, { region }) {
    region.delete('port', String(row._port));
  },
};

/** Leads the address to a port, or to none. */
function associate(row: Row, change: Record<string, unknown>, context: CallContext): void {
  const { region } = context;
  if (!change.port_id) {
    if (change.fixed_ip_address) throw badFloating('fixed_ip_address cannot be specified without a port_id');
    Object.assign(row, { port_id: null, router_id: null, fixed_ip_address: null, status: 'DOWN' });
    return;
  }
  const port = mustGet(PORT, change.port_id, context);
  const fixed = addressOf(port, change.fixed_ip_address);
  const router = routerFor(row, port, fixed, region);
  const other = region
    .rows('floatingip')
    .find((ip) => ip.port_id === port.id && ip.id !== row.id && ip.fixed_ip_address === fixed.ip_address);
  if (other !== undefined) {
    throw neutronError(
      409,
      'FloatingIPPortAlreadyAssociated',
      `Cannot associate floating IP ${String(row.floating_ip_address)} (${row.id}) with port ${port.id} using fixed IP ${fixed.ip_address}, as that fixed IP already has a floating IP on external network ${String(row.floating_network_id)}.`,
    );
  }
  Object.assign(row, { port_id: port.id, router_id: router.id, fixed_ip_address: fixed.ip_address, status: 'ACTIVE' });
}

/** Which of a port's addresses is meant. */
function addressOf(port: Row, asked: unknown): FixedIp {
  if (typeof asked === 'string') {
    if (asked.includes(':'))
      throw badFloating(`Cannot process floating IP association with ${asked}, since that is not an IPv4 address`);
    const found = fixedIps(port).find((ip) => ip.ip_address === asked);
    if (found === undefined) throw badFloating(`Port ${port.id} does not have fixed ip ${asked}`);
    return found;
  }
  const fourth = fixedIps(port).filter((ip) => !ip.ip_address.includes(':'));
  if (fourth[0] === undefined)
    throw badFloating(`Cannot add floating IP to port ${port.id} that has no fixed IPv4 addresses`);
  if (fourth.length > 1)
    throw badFloating(
      `Port ${port.id} has multiple fixed IPv4 addresses.  Must provide a specific IPv4 address when assigning a floating IP`,
    );
  return fourth[0];
}

/** The router between a port's subnet and the floating network: the subnet's own gateway first. */
function routerFor(row: Row, port: Row, fixed: FixedIp, region: RegionState): Row {
  const gateway = region.get('subnet', fixed.subnet_id)?.gateway_ip;
  const candidates = region
    .rows('router')
    .filter(
      (one) =>
        (one.external_gateway_info as { network_id?: string } | null)?.network_id === row.floating_network_id &&
        portsOf(region, one.id).some((leg) => fixedIps(leg).some((ip) => ip.subnet_id === fixed.subnet_id)),
    );
  const found =
    candidates.find((one) =>
      portsOf(region, one.id).some((leg) => fixedIps(leg).some((ip) => ip.ip_address === gateway)),
    ) ?? candidates[0];
  if (found !== undefined) return found;
  throw neutronError(
    404,
    'ExternalGatewayForFloatingIPNotFound',
    `External network ${String(row.floating_network_id)} is not reachable from subnet ${fixed.subnet_id}.  Therefore, cannot associate Port ${port.id} with a Floating IP.`,
  );
}
