/**
 * Neutron's attribute maps as data: for each resource which fields exist, their defaults and checks, and which may be set when. From neutron-lib's api/definitions.
 * The rule: a check here needs the value alone; rules between resources stand with their resource.
 */
import ipaddr from 'ipaddr.js';
import { badRequest, neutronError } from '../errors.js';

/** Checks and converts one value; throws the API's own error. */
export type Check = (value: unknown, field: string) => unknown;

export interface Attribute {
  readonly post: boolean;
  readonly put: boolean;
  readonly required?: boolean;
  readonly default?: unknown;
  readonly check?: Check;
}

const UUID = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

export const isUuid = (value: unknown): boolean => typeof value === 'string' && UUID.test(value);

function invalid(field: string, reason: string) {
  return badRequest(`Invalid input for ${field}. Reason: ${reason}.`);
}

const text =
  (max: number): Check =>
  (value, field) => {
    if (typeof value !== 'string') throw invalid(field, `'${String(value)}' is not a valid string`);
    if (value.length > max) throw invalid(field, `'${value}' exceeds maximum length of ${max}`);
    return value;
  };

const uuid: Check = (value, field) => {
  if (!isUuid(value)) throw invalid(field, `'${String(value)}' is not a valid UUID`);
  return value;
};

const uuidOrNone: Check = (value, field) => (value === null ? null : uuid(value, field));

const boolean: Check = (value) => {
  const known: Readonly<Record<string, boolean>> = {
    true: true,
    false: false,
    '1': true,
    '0': false,
    True: true,
    False: false,
  };
  const converted = known[String(value)];
  if (converted === undefined)
    throw neutronError(
      400,
      'InvalidInput',
      `Invalid input for operation: '${String(value)}' cannot be converted to boolean.`,
    );
  return converted;
};

const oneOf =
  (...values: readonly string[]): Check =>
  (value, field) => {
    if (!values.includes(String(value))) throw invalid(field, `${String(value)} is not in valid_values`);
    return value;
  };

const integer: Check = (value) => {
  const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
  if (!Number.isInteger(number))
    throw neutronError(400, 'InvalidInput', `Invalid input for operation: '${String(value)}' is not an integer.`);
  return number;
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function keysOf(value: unknown, field: string, known: readonly string[]): Record<string, unknown> {
  if (!isObject(value)) throw invalid(field, `'${String(value)}' is not a dictionary`);
  const unknown = Object.keys(value).filter((key) => !known.includes(key));
  if (unknown.length > 0) throw invalid(field, `Unexpected keys supplied: ${unknown.join(', ')}`);
  return value;
}

/** Lifetime of a policy: at least 60, seconds only. */
const lifetime: Check = (value, field) => {
  const given = keysOf(value, field, ['units', 'value']);
  const units = given.units ?? 'seconds';
  if (units !== 'seconds') throw invalid(field, `${String(units)} is not in valid_values`);
  const amount = given.value ?? 3600;
  if (typeof amount !== 'number' && !/^\d+$/.test(String(amount)))
    throw invalid(field, `'${String(amount)}' is not an integer`);
  if (Number(amount) < 60) throw invalid(field, `'${String(amount)}' is too small - must be at least '60'`);
  return { units, value: Number(amount) };
};

/** Dead peer detection. An interval of 0 is taken, sadly. */
const dpd: Check = (value, field) => {
  const given = keysOf(value, field, ['action', 'interval', 'timeout']);
  const merged = { action: 'hold', interval: 30, timeout: 120, ...given };
  oneOf('clear', 'disabled', 'hold', 'restart', 'restart-by-peer')(merged.action, field);
  return merged;
};

const list: Check = (value) => (Array.isArray(value) ? value : [value]);

const cidr: Check = (value, field) => {
  if (typeof value !== 'string' || !ipaddr.isValidCIDR(value))
    throw invalid(field, `'${String(value)}' is not a valid IP subnet`);
  return value;
};

const settable = { post: true, put: true } as const;
const once = { post: true, put: false } as const;
const name: Attribute = { ...settable, default: '', check: text(255) };
const description: Attribute = { ...settable, default: '', check: text(255) };
const adminStateUp: Attribute = { ...settable, default: true, check: boolean };
const owner = { tenant_id: { ...once }, project_id: { ...once } } as const;
const readOnly: Attribute = { post: false, put: false };

const CIPHERS = ['3des', 'aes-128', 'aes-192', 'aes-256'];
const HASHES = ['sha1', 'sha256', 'sha384', 'sha512'];
const GROUPS = ['group2', 'group5', 'group14'];

const policy = {
  id: readOnly,
  ...owner,
  name,
  description,
  auth_algorithm: { ...settable, default: 'sha1', check: oneOf(...HASHES) },
  encryption_algorithm: { ...settable, default: 'aes-128', check: oneOf(...CIPHERS) },
  pfs: { ...settable, default: 'group5', check: oneOf(...GROUPS) },
  lifetime: { ...settable, default: { units: 'seconds', value: 3600 }, check: lifetime },
} as const;

export type AttributeMap = Readonly<Record<string, Attribute>>;

export const ATTRIBUTES: Readonly<Record<string, AttributeMap>> = {
  network: {
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
    dns_domain: settable,
    'provider:network_type': settable,
    'provider:physical_network': settable,
    'provider:segmentation_id': settable,
  },
  subnet: {
    id: readOnly,
    ...owner,
    name,
    description,
    network_id: { ...once, required: true, check: uuid },
    ip_version: { ...once, required: true, check: integer },
    cidr: { ...once, required: true, check: cidr },
    gateway_ip: settable,
    enable_dhcp: { ...settable, default: true, check: boolean },
    dns_nameservers: { ...settable, default: [], check: list },
    host_routes: { ...settable, default: [], check: list },
    allocation_pools: settable,
    subnetpool_id: { ...once, default: null },
    use_default_subnetpool: once,
    prefixlen: once,
    segment_id: settable,
    ipv6_ra_mode: { ...once, default: null },
    ipv6_address_mode: { ...once, default: null },
    service_types: { ...settable, default: [], check: list },
  },
  router: {
    id: readOnly,
    ...owner,
    name,
    description,
    admin_state_up: adminStateUp,
    status: readOnly,
    external_gateway_info: { ...settable, default: null },
    routes: { post: false, put: true, default: [], check: list },
    availability_zone_hints: { ...once, default: [], check: list },
    flavor_id: { ...once, default: null },
    ha: settable,
    distributed: settable,
  },
  port: {
    id: readOnly,
    ...owner,
    name,
    description,
    admin_state_up: adminStateUp,
    status: readOnly,
    network_id: { ...once, required: true, check: uuid },
    fixed_ips: settable,
    mac_address: settable,
    security_groups: settable,
    device_id: { ...settable, default: '', check: text(255) },
    device_owner: { ...settable, default: '', check: text(255) },
    port_security_enabled: settable,
    allowed_address_pairs: { ...settable, default: [], check: list },
    extra_dhcp_opts: { ...settable, default: [] },
    'binding:vnic_type': { ...settable, default: 'normal' },
    'binding:host_id': settable,
    'binding:profile': settable,
    dns_name: settable,
  },
  security_group: {
    id: readOnly,
    ...owner,
    name,
    description,
    stateful: { ...settable, default: true, check: boolean },
    security_group_rules: readOnly,
  },
  security_group_rule: {
    id: readOnly,
    ...owner,
    description: { ...once, default: '', check: text(255) },
    security_group_id: { ...once, required: true, check: uuid },
    direction: { ...once, required: true, check: oneOf('ingress', 'egress') },
    ethertype: { ...once, default: 'IPv4', check: oneOf('IPv4', 'IPv6') },
    protocol: { ...once, default: null },
    port_range_min: { ...once, default: null },
    port_range_max: { ...once, default: null },
    remote_ip_prefix: { ...once, default: null },
    remote_group_id: { ...once, default: null },
    remote_address_group_id: { ...once, default: null },
  },
  ikepolicy: {
    ...policy,
    ike_version: { ...settable, default: 'v1', check: oneOf('v1', 'v2') },
    phase1_negotiation_mode: { ...settable, default: 'main', check: oneOf('main', 'aggressive') },
  },
  ipsecpolicy: {
    ...policy,
    transform_protocol: { ...settable, default: 'esp', check: oneOf('esp', 'ah', 'ah-esp') },
    encapsulation_mode: { ...settable, default: 'tunnel', check: oneOf('tunnel', 'transport') },
  },
  vpnservice: {
    id: readOnly,
    ...owner,
    name,
    description,
    admin_state_up: adminStateUp,
    status: readOnly,
    external_v4_ip: readOnly,
    external_v6_ip: readOnly,
    subnet_id: { ...once, default: null, check: uuidOrNone },
    router_id: { ...once, required: true, check: uuid },
    flavor_id: { ...once, default: null, check: uuidOrNone },
  },
  endpoint_group: {
    id: readOnly,
    ...owner,
    name,
    description,
    type: { ...once, required: true, check: oneOf('subnet', 'cidr', 'vlan', 'network', 'router') },
    endpoints: { ...once, default: [], check: list },
  },
  ipsec_site_connection: {
    id: readOnly,
    ...owner,
    name,
    description,
    admin_state_up: adminStateUp,
    status: readOnly,
    route_mode: readOnly,
    auth_mode: readOnly,
    local_id: { ...settable, default: '', check: text(255) },
    peer_address: { ...settable, required: true, check: text(255) },
    peer_id: { ...settable, required: true, check: text(255) },
    peer_cidrs: { ...settable, default: [], check: list },
    local_ep_group_id: { ...settable, default: null, check: uuidOrNone },
    peer_ep_group_id: { ...settable, default: null, check: uuidOrNone },
    mtu: { ...settable, default: 1500, check: integer },
    initiator: { ...settable, default: 'bi-directional', check: oneOf('bi-directional', 'response-only') },
    psk: { ...settable, required: true, check: text(255) },
    dpd: { ...settable, default: {}, check: dpd },
    vpnservice_id: { ...once, required: true, check: uuid },
    ikepolicy_id: { ...once, required: true, check: uuid },
    ipsecpolicy_id: { ...once, required: true, check: uuid },
  },
  floatingip: {
    id: readOnly,
    ...owner,
    description,
    status: readOnly,
    router_id: readOnly,
    floating_network_id: { ...once, required: true, check: uuid },
    floating_ip_address: once,
    subnet_id: once,
    port_id: { ...settable, default: null },
    fixed_ip_address: settable,
  },
};

/** A request's body, checked against the attribute map, with defaults for a POST. Throws in the order in which Neutron does. */
export function checkBody(kind: string, body: unknown, verb: 'post' | 'put'): Record<string, unknown> {
  const attributes = ATTRIBUTES[kind] ?? {};
  if (!isObject(body) || !isObject(body[kind])) {
    throw badRequest(
      isObject(body) && Object.keys(body).length > 0
        ? `Unable to find '${kind}' in request body`
        : 'Resource body required',
    );
  }
  const given = body[kind];
  if (verb === 'post') {
    for (const [field, attribute] of Object.entries(attributes)) {
      if (field in given && !attribute.post) throw badRequest(`Attribute '${field}' not allowed in POST`);
      if (attribute.required && !(field in given))
        throw badRequest(`Failed to parse request. Required attribute '${field}' not specified`);
    }
  } else {
    for (const [field, attribute] of Object.entries(attributes)) {
      if (field in given && !attribute.put) throw badRequest(`Cannot update read-only attribute ${field}`);
    }
  }
  const unknown = Object.keys(given).filter((field) => attributes[field] === undefined);
  if (unknown.length > 0) throw badRequest(`Unrecognized attribute(s) '${unknown.join(', ')}'`);
  const checked: Record<string, unknown> = {};
  for (const [field, attribute] of Object.entries(attributes)) {
    if (field in given) checked[field] = attribute.check?.(given[field], field) ?? given[field];
    else if (verb === 'post' && 'default' in attribute)
      checked[field] = attribute.check?.(attribute.default, field) ?? attribute.default;
  }
  return checked;
}
