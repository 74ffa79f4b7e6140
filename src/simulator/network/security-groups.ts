/** Security groups, by securitygroups_db: each project has one named default, and a new one lets everything out. */
import { neutronError } from '../errors.js';
import { newId, type RegionState, type Row, timestamp } from '../state.js';
import { type AttributeMap, description, name, owner, readOnly, settable, standardAttributes } from './attributes.js';
import { boolean, text } from './checks.js';
import { refuseOverQuota } from './quotas.js';
import type { Resource } from './resource.js';

const ATTRIBUTES: AttributeMap = {
  id: readOnly,
  ...owner,
  name: { ...name, check: groupName },
  description,
  stateful: { ...settable, default: true, check: boolean },
  security_group_rules: readOnly,
  shared: readOnly,
  ...standardAttributes,
};

function groupName(value: unknown, field: string): unknown {
  text(255)(value, field);
  if (String(value).toLowerCase() === 'default')
    throw neutronError(409, 'SecurityGroupDefaultAlreadyExists', 'Default security group already exists.');
  return value;
}

export const SECURITY_GROUP: Resource = {
  kind: 'security_group',
  path: 'security-groups',
  many: 'security_groups',
  standard: true,
  notFound: ['SecurityGroupNotFound', (id) => `Security group ${id} does not exist`],
  attributes: ATTRIBUTES,
  beforeCreate(row, { region }) {
    // It comes with a rule for each IP version.
    refuseOverQuota(region, String(row.project_id), 'security_group_rule', 2);
  },
  afterCreate(row, { region }) {
    addEgress(region, row);
  },
  refresh(row, { region }) {
    row.security_group_rules = region.rows('security_group_rule').filter((rule) => rule.security_group_id === row.id);
  },
  beforeUpdate(row, change, { region }) {
    if (row.name === 'default' && change.name !== undefined)
      throw neutronError(409, 'SecurityGroupCannotUpdateDefault', 'Updating default security group not allowed.');
    if (change.stateful !== undefined && change.stateful !== row.stateful && isUsed(row, region))
      throw neutronError(409, 'SecurityGroupInUse', `Security Group ${row.id} in use.`);
  },
  beforeDelete(row, { region, isAdmin }) {
    if (isUsed(row, region)) throw neutronError(409, 'SecurityGroupInUse', `Security Group ${row.id} in use.`);
    if (row.name === 'default' && !isAdmin)
      throw neutronError(
        409,
        'SecurityGroupCannotRemoveDefault',
        'Insufficient rights for removing default security group.',
      );
  },
  afterDelete(row, { region }) {
    for (const rule of region.rows('security_group_rule'))
      if (rule.security_group_id === row.id || rule.remote_group_id === row.id)
        region.delete('security_group_rule', rule.id);
  },
};

function isUsed(group: Row, region: RegionState): boolean {
  return region.rows('port').some((port) => (port.security_groups as string[]).includes(group.id));
}

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
