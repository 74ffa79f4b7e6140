/** Rules of security groups, by securitygroups_db: protocols and their ports, remotes, and no rule twice. */
import { neutronError } from '../errors.js';
import { pythonRepr, pythonText } from '../python-text.js';
import { type Row, revise } from '../state.js';
import { canonicalCidr, isAddress, isCidr, versionOf } from './addresses.js';
import { type AttributeMap, description, once, owner, readOnly, standardAttributes } from './attributes.js';
import { oneOf, text } from './checks.js';
import { mustGet, type Resource } from './resource.js';
import { SECURITY_GROUP } from './security-groups.js';

/** Names that a rule may give for a protocol, with their numbers. */
const PROTOCOLS: Readonly<Record<string, number>> = {
  ah: 51,
  dccp: 33,
  egp: 8,
  esp: 50,
  gre: 47,
  hopopt: 0,
  icmp: 1,
  igmp: 2,
  ip: 0,
  ipip: 4,
  'ipv6-encap': 41,
  'ipv6-frag': 44,
  'ipv6-icmp': 58,
  icmpv6: 58,
  'ipv6-nonxt': 59,
  'ipv6-opts': 60,
  'ipv6-route': 43,
  ospf: 89,
  pgm: 113,
  rsvp: 46,
  sctp: 132,
  tcp: 6,
  udp: 17,
  udplite: 136,
  vrrp: 112,
};
const WITH_PORTS = ['tcp', 'udp', 'sctp', 'dccp', 'udplite'];
const ICMP = [1, 58];
const ONLY_IPV6 = ['ipv6-encap', 'ipv6-frag', 'ipv6-icmp', 'icmpv6', 'ipv6-nonxt', 'ipv6-opts', 'ipv6-route'];

function protocol(value: unknown): unknown {
  if (value === null) return null;
  const number = Number(value);
  if (Number.isInteger(number) && String(value).trim() !== '' && number >= 0 && number <= 255) return String(number);
  const name = String(value).toLowerCase();
  if (Number.isInteger(number) || !(name in PROTOCOLS))
    throw neutronError(
      400,
      'SecurityGroupRuleInvalidProtocol',
      `Security group rule protocol ${pythonText(value)} not supported. Only protocol values ${pythonRepr([null, ...Object.keys(PROTOCOLS)])} and integer representations [0 to 255] are supported.`,
    );
  return name;
}

function port(value: unknown): unknown {
  if (value === null) return null;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0 || number > 65_535 || typeof value === 'boolean' || value === '')
    throw neutronError(400, 'SecurityGroupInvalidPortValue', `Invalid value for port ${pythonText(value)}`);
  return number;
}

function ethertype(value: unknown): unknown {
  const found = ['IPv4', 'IPv6'].find((one) => one.toLowerCase() === String(value).toLowerCase());
  if (found === undefined)
    throw neutronError(
      400,
      'SecurityGroupRuleInvalidEtherType',
      `Security group rule for ethertype '${pythonText(value)}' not supported. Allowed values are ['IPv4', 'IPv6'].`,
    );
  return found;
}

/** An address becomes a network of its own; host bits stay as they were sent. */
function prefix(value: unknown): unknown {
  if (value === null || value === '') return null;
  const given = String(value);
  if (isCidr(given)) return given;
  if (isAddress(given)) return `${given}/${versionOf(given) === 4 ? 32 : 128}`;
  throw neutronError(400, 'InvalidCIDR', `Invalid CIDR ${given} given as IP prefix.`);
}

const ATTRIBUTES: AttributeMap = {
  id: readOnly,
  ...owner,
  description,
  security_group_id: { ...once, required: true, check: text(36) },
  remote_group_id: { ...once, default: null },
  remote_address_group_id: { ...once, default: null },
  direction: { ...once, required: true, check: oneOf('ingress', 'egress') },
  protocol: { ...once, default: null, check: protocol },
  port_range_min: { ...once, default: null, check: port },
  port_range_max: { ...once, default: null, check: port },
  ethertype: { ...once, default: 'IPv4', check: ethertype },
  remote_ip_prefix: { ...once, default: null, check: prefix },
  normalized_cidr: readOnly,
  belongs_to_default_sg: readOnly,
  ...standardAttributes,
};

export const SECURITY_GROUP_RULE: Resource = {
  kind: 'security_group_rule',
  path: 'security-group-rules',
  many: 'security_group_rules',
  standard: true,
  notFound: ['SecurityGroupRuleNotFound', (id) => `Security group rule ${id} does not exist`],
  attributes: ATTRIBUTES,
  beforeCreate(row, context) {
    validate(row);
    if (row.remote_group_id !== null) mustGet(SECURITY_GROUP, row.remote_group_id, context);
    const group = mustGet(SECURITY_GROUP, row.security_group_id, context);
    row.normalized_cidr = row.remote_ip_prefix === null ? null : canonicalCidr(String(row.remote_ip_prefix));
    const same = context.region
      .rows('security_group_rule')
      .find((rule) => rule.security_group_id === group.id && identity(rule) === identity(row));
    if (same !== undefined)
      throw neutronError(409, 'SecurityGroupRuleExists', `Security group rule already exists. Rule id is ${same.id}.`);
  },
  afterCreate(row, { region }) {
    revise(region.get('security_group', row.security_group_id));
  },
  afterDelete(row, { region }) {
    revise(region.get('security_group', row.security_group_id));
  },
};

function validate(row: Row): void {
  if (row.ethertype === 'IPv6') {
    if (['icmp', 'icmpv6'].includes(String(row.protocol))) row.protocol = 'ipv6-icmp';
    if (row.protocol === '1') row.protocol = '58';
  }
  if (row.port_range_min === 1 && row.port_range_max === 65_535) {
    row.port_range_min = null;
    row.port_range_max = null;
  }
  validatePorts(row);
  const cidr = row.remote_ip_prefix as string | null;
  if (cidr !== null && row.ethertype !== `IPv${versionOf(cidr)}`)
    throw invalidRule(
      'SecurityGroupRuleParameterConflict',
      `Conflicting value ethertype ${String(row.ethertype)} for CIDR ${cidr}`,
    );
  const only = [...ONLY_IPV6, ...ONLY_IPV6.map((name) => String(PROTOCOLS[name]))];
  if (row.ethertype === 'IPv4' && only.includes(String(row.protocol)))
    throw invalidRule(
      'SecurityGroupEthertypeConflictWithProtocol',
      `Invalid ethertype IPv4 for protocol ${String(row.protocol)}.`,
    );
  const remotes = [row.remote_ip_prefix, row.remote_group_id, row.remote_address_group_id].filter(Boolean);
  if (remotes.length > 1)
    throw invalidRule(
      'SecurityGroupMultipleRemoteEntites',
      'Only one of remote_ip_prefix or remote_group_id or remote_address_group_id may be provided.',
    );
}

const invalidRule = (type: string, message: string) => neutronError(400, type, message);

function validatePorts(row: Row): void {
  const [least, most] = [row.port_range_min as number | null, row.port_range_max as number | null];
  if (least === null && most === null) return;
  if (row.protocol === null)
    throw invalidRule('SecurityGroupProtocolRequiredWithPorts', 'Must also specify protocol if port range is given.');
  const number = numberOf(row.protocol);
  if (WITH_PORTS.some((name) => PROTOCOLS[name] === number)) {
    if (least === 0 || most === 0) throw invalidRule('SecurityGroupInvalidPortValue', 'Invalid value for port 0');
    if (least === null || most === null || least > most)
      throw invalidRule(
        'SecurityGroupInvalidPortRange',
        'For TCP/UDP protocols, port_range_min must be <= port_range_max',
      );
  } else if (ICMP.includes(number)) {
    for (const [field, what, value] of [
      ['port_range_min', 'type', least],
      ['port_range_max', 'code', most],
    ] as const)
      if (value !== null && value > 255)
        throw invalidRule(
          'SecurityGroupInvalidIcmpValue',
          `Invalid value for ICMP ${what} (${field}) ${value}. It must be 0 to 255.`,
        );
    if (least === null)
      throw invalidRule(
        'SecurityGroupMissingIcmpType',
        `ICMP code (port-range-max) ${most} is provided but ICMP type (port-range-min) is missing.`,
      );
  } else
    throw invalidRule(
      'SecurityGroupInvalidProtocolForPort',
      `Ports cannot be specified for protocol ${number}. Ports are only supported for ${WITH_PORTS.map((name) => name.toUpperCase()).join(', ')}.`,
    );
}

function numberOf(name: unknown): number {
  return PROTOCOLS[String(name)] ?? Number(name);
}

const IDENTITY = [
  'direction',
  'ethertype',
  'port_range_max',
  'port_range_min',
  'remote_group_id',
  'remote_address_group_id',
] as const;

/** Two rules with the same are the same: names and numbers of a protocol, and the ways to say "everyone". */
function identity(rule: Row): string {
  const everyone = [null, '0.0.0.0/0', '::/0'].includes(rule.remote_ip_prefix as string | null);
  const proto = rule.protocol === null ? null : numberOf(rule.protocol);
  return JSON.stringify([...IDENTITY.map((field) => rule[field] ?? null), proto, everyone || rule.remote_ip_prefix]);
}
