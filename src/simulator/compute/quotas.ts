/** Nova's quotas and limits, by project. The one rule: what a server uses is counted from the servers that exist, never kept apart. */
import type { Answer } from '../errors.js';
import type { CallContext, Row } from '../state.js';
import { forbidden } from './errors.js';
import { bodyOf, type NovaCall } from './request.js';

const DEFAULTS: Readonly<Record<string, number>> = {
  cores: 20,
  fixed_ips: -1,
  floating_ips: -1,
  injected_file_content_bytes: 10_240,
  injected_file_path_bytes: 255,
  injected_files: 5,
  instances: 10,
  key_pairs: 100,
  metadata_items: 128,
  ram: 51_200,
  security_group_rules: -1,
  security_groups: -1,
  server_group_members: 10,
  server_groups: 10,
};

export function limitOf(context: CallContext, resource: string, projectId = context.projectId): number {
  return context.region.quotas.get(projectId)?.get(resource) ?? DEFAULTS[resource] ?? -1;
}

interface Use {
  readonly instances: number;
  readonly cores: number;
  readonly ram: number;
}

function usedBy({ region }: CallContext, projectId: string): Use {
  const own = region.rows('server').filter((row) => row.project_id === projectId);
  const sum = (field: string): number =>
    own.reduce((total, row) => total + Number((row._flavor as Row | undefined)?.[field] ?? 0), 0);
  return { instances: own.length, cores: sum('vcpus'), ram: sum('ram') };
}

/** Whether `count` more servers of a flavor fit. @throws ApiError 403 in Nova's words */
export function checkQuota(context: CallContext, flavor: Row, count: number): void {
  const used = usedBy(context, context.projectId);
  const wanted: Use = { instances: count, cores: count * Number(flavor.vcpus), ram: count * Number(flavor.ram) };
  const names = (['instances', 'cores', 'ram'] as const).filter((name) => {
    const limit = limitOf(context, name);
    return limit >= 0 && used[name] + wanted[name] > limit;
  });
  if (names.length === 0) return;
  const list = (pick: (name: keyof Use) => number): string => names.map(pick).join(', ');
  const overs = names.join(', ');
  throw forbidden(
    `Quota exceeded for ${overs}: Requested ${list((name) => wanted[name])}, but already used ${list((name) => used[name])} of ${list((name) => limitOf(context, name))} ${overs}`,
  );
}

export function handleLimits({ context, version }: NovaCall): Answer {
  const used = usedBy(context, context.projectId);
  const absolute: Record<string, number> = {
    maxTotalInstances: limitOf(context, 'instances'),
    maxTotalCores: limitOf(context, 'cores'),
    maxTotalRAMSize: limitOf(context, 'ram'),
    maxServerMeta: 128,
    ...(version < 39 ? { maxImageMeta: 128 } : {}),
    ...(version < 57 ? { maxPersonality: 5, maxPersonalitySize: 10_240 } : {}),
    maxTotalKeypairs: 100,
    maxServerGroups: 10,
    maxServerGroupMembers: 10,
    ...(version < 36 ? { maxTotalFloatingIps: -1, maxSecurityGroups: -1, maxSecurityGroupRules: -1 } : {}),
    totalRAMUsed: used.ram,
    totalCoresUsed: used.cores,
    totalInstancesUsed: used.instances,
    ...(version < 36 ? { totalFloatingIpsUsed: 0, totalSecurityGroupsUsed: 0 } : {}),
    totalServerGroupsUsed: 0,
  };
  return { status: 200, body: { limits: { rate: [], absolute } } };
}

/** `/os-quota-sets/{project}`: shown to its members, changed by administrators. */
export function handleQuotaSets({ method, parts, body, context }: NovaCall): Answer {
  const [, projectId = context.projectId, detail] = parts;
  if (!context.isAdmin && (projectId !== context.projectId || method !== 'GET')) {
    throw forbidden(
      `Policy doesn't allow os_compute_api:os-quota-sets:${method === 'GET' ? 'show' : 'update'} to be performed.`,
    );
  }
  if (method === 'PUT') {
    const own = context.region.quotas.get(projectId) ?? new Map<string, number>();
    for (const [name, value] of Object.entries(bodyOf(body, 'quota_set')))
      if (name in DEFAULTS) own.set(name, Number(value));
    context.region.quotas.set(projectId, own);
  }
  if (method === 'DELETE') {
    const own = context.region.quotas.get(projectId);
    for (const name of Object.keys(DEFAULTS)) own?.delete(name);
    return { status: 202 };
  }
  const used: Readonly<Record<string, number>> = { ...usedBy(context, projectId) };
  const value = (name: string): unknown => {
    const limit = detail === 'defaults' ? (DEFAULTS[name] ?? -1) : limitOf(context, name, projectId);
    return detail === 'detail' ? { limit, in_use: used[name] ?? 0, reserved: 0 } : limit;
  };
  const set = Object.fromEntries(Object.keys(DEFAULTS).map((name) => [name, value(name)]));
  return { status: 200, body: { quota_set: method === 'PUT' ? set : { id: projectId, ...set } } };
}
