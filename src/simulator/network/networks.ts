/** Networks, by db_base_plugin_v2 and the extensions external-net, port-security, provider and net-mtu. */
import { neutronError } from '../errors.js';
import type { CallContext, RegionState, Row } from '../state.js';
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
import { boolean, integer, invalidInput, list } from './checks.js';
import { adminOnly, type Resource } from './resource.js';

const PROVIDER = ['provider:network_type', 'provider:physical_network', 'provider:segmentation_id'];
/** Ports that vanish with their network or subnet. */
export const AUTO_DELETED = ['network:dhcp', 'network:distributed', 'network:router_centralized_snat'];

const ATTRIBUTES: AttributeMap = {
  id: readOnly,
  ...owner,
  name,
  description,
  admin_state_up: adminStateUp,
  status: readOnly,
  subnets: readOnly,
  shared: { ...settable, default: false, check: boolean },
  mtu: { ...settable, default: 1450, check: integer },
  port_security_enabled: { ...settable, default: true, check: boolean },
  'router:external': { ...settable, default: false, check: boolean },
  is_default: { ...settable, default: false, check: boolean },
  availability_zone_hints: { ...once, default: [], check: list },
  availability_zones: readOnly,
  ipv4_address_scope: readOnly,
  ipv6_address_scope: readOnly,
  dns_domain: settable,
  'provider:network_type': settable,
  'provider:physical_network': settable,
  'provider:segmentation_id': settable,
  ...standardAttributes,
};

export const NETWORK: Resource = {
  kind: 'network',
  path: 'networks',
  many: 'networks',
  standard: true,
  notFound: ['NetworkNotFound', (id) => `Network ${id} could not be found.`],
  attributes: ATTRIBUTES,
  beforeCreate(row, context) {
    const wanted = { ...row, shared: row.shared || undefined, 'router:external': row['router:external'] || undefined };
    adminOnly('create', 'network', wanted, ['shared', 'router:external', ...PROVIDER], context);
    refuseMtu(row, row.mtu);
    Object.assign(row, {
      status: 'ACTIVE',
      subnets: [],
      availability_zones: [],
      ipv4_address_scope: null,
      ipv6_address_scope: null,
    });
  },
  beforeUpdate(row, change, context) {
    adminOnly('update', 'network', change, ['shared', 'router:external', ...PROVIDER], context);
    if (change.mtu !== undefined) refuseMtu(row, change.mtu);
    if (change['router:external'] === false && row['router:external'] === true) refuseWhileGateway(row, context.region);
    if (change.shared === false && row.shared === true) refuseWhileOthersUse(row, context);
  },
  beforeDelete(row, { region }) {
    const ports = region
      .rows('port')
      .filter((port) => port.network_id === row.id && !AUTO_DELETED.includes(String(port.device_owner)));
    // An address that waits for its port still goes with its network.
    const floating = new Set(
      region
        .rows('floatingip')
        .filter((ip) => ip.port_id === null)
        .map((ip) => ip._port),
    );
    const using = ports.filter((port) => !floating.has(port.id));
    if (using.length > 0) {
      throw neutronError(
        409,
        'NetworkInUse',
        `Unable to complete operation on network ${row.id}. There are one or more ports still in use on the network, id for these ports is: ${using.map((port) => port.id).join(',')}.`,
      );
    }
  },
  afterDelete(row, { region }) {
    for (const table of ['port', 'subnet'] as const)
      for (const one of region.rows(table)) if (one.network_id === row.id) region.delete(table, one.id);
    for (const ip of region.rows('floatingip'))
      if (ip.floating_network_id === row.id) region.delete('floatingip', ip.id);
  },
};

/** An overlay network leaves room for its headers. */
function refuseMtu(network: Row, mtu: unknown): void {
  const most = network['router:external'] === true ? 1500 : 1450;
  if (Number(mtu) > most) throw invalidInput(`Requested MTU is too big, maximum is ${most}`);
}

function refuseWhileGateway(network: Row, region: RegionState): void {
  const owners = ['network:router_gateway', 'network:floatingip'];
  if (region.rows('port').some((port) => port.network_id === network.id && owners.includes(String(port.device_owner))))
    throw neutronError(
      409,
      'ExternalNetworkInUse',
      `External network ${network.id} cannot be updated to be made non-external, since it has existing gateway ports.`,
    );
}

function refuseWhileOthersUse(network: Row, { region }: CallContext): void {
  const foreign = (['port', 'subnet'] as const).some((table) =>
    region
      .rows(table)
      .some((one) => one.network_id === network.id && one.project_id !== network.project_id && one.project_id !== ''),
  );
  if (foreign)
    throw neutronError(
      409,
      'InvalidSharedSetting',
      `Unable to reconfigure sharing settings for network ${network.id}. Multiple tenants are using it.`,
    );
}
