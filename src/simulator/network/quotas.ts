/** Quotas: limits per project and resource, -1 for none, and how much is used. */
import { type Answer, badRequest, neutronError } from '../errors.js';
import { pythonText } from '../python-text.js';
import type { CallContext, RegionState, TableName } from '../state.js';
import { invalidInput } from './checks.js';

/** Neutron's defaults; VPN resources have none. */
const DEFAULTS: Readonly<Record<string, number>> = {
  network: 100,
  subnet: 100,
  subnetpool: -1,
  router: 10,
  port: 500,
  floatingip: 50,
  security_group: 10,
  security_group_rule: 100,
  rbac_policy: 10,
  vpnservice: -1,
  ipsec_site_connection: -1,
  ikepolicy: -1,
  ipsecpolicy: -1,
  endpoint_group: -1,
};

/** How a limit below what is used is taken: as by all releases, it is. */
const FLAGS = ['force', 'check_limit', 'tenant_id', 'project_id'];

/** The database's largest integer. */
const MOST = 2_147_483_647;

/** Throws OverQuota where a project may not have so many more of a resource. */
export function refuseOverQuota(region: RegionState, projectId: string, resource: TableName, more = 1): void {
  const limit = limitOf(region, projectId, resource);
  const used = region.rows(resource).filter((one) => one.project_id === projectId).length;
  if (limit >= 0 && used + more > limit)
    throw neutronError(409, 'OverQuota', `Quota exceeded for resources: ['${resource}'].`);
}

function limitOf(region: RegionState, projectId: string, resource: string): number {
  return region.quotas.get(projectId)?.get(resource) ?? DEFAULTS[resource] ?? -1;
}

export function handleQuotas(method: string, path: string, body: unknown, context: CallContext): Answer {
  const [, projectId = context.projectId, detail] = path.split('/');
  const { region } = context;
  const all = (value: (resource: string) => unknown) =>
    Object.fromEntries(Object.keys(DEFAULTS).map((resource) => [resource, value(resource)]));
  if (method === 'PUT' || method === 'DELETE') {
    if (!context.isAdmin)
      throw neutronError(
        403,
        'PolicyNotAuthorized',
        `rule:${method === 'PUT' ? 'update' : 'delete'}_quota is disallowed by policy`,
      );
    if (method === 'DELETE') {
      region.quotas.delete(projectId);
      return { status: 204 };
    }
    const wanted = Object.entries((body as { quota?: Record<string, unknown> }).quota ?? {}).filter(
      ([key]) => !FLAGS.includes(key),
    );
    for (const [resource, value] of wanted) {
      if (!(resource in DEFAULTS)) throw badRequest(`Unrecognized attribute(s) '${resource}'`);
      if (!/^-?\d+$/.test(String(value))) throw invalidInput(`'${pythonText(value)}' is not an integer`);
      if (Number(value) > MOST)
        throw badRequest(
          `Invalid input for ${resource}. Reason: '${String(value)}' is too large - must be no larger than '${MOST}'.`,
        );
      if (Number(value) < -1)
        throw badRequest(
          `Invalid input for ${resource}. Reason: '${String(value)}' is too small - must be at least '-1'.`,
        );
    }
    const own = region.quotas.get(projectId) ?? new Map<string, number>();
    for (const [resource, value] of wanted) own.set(resource, Number(value));
    region.quotas.set(projectId, own);
  }
  if (projectId === 'tenant' || projectId === 'project')
    return { status: 200, body: { tenant: { tenant_id: context.projectId, project_id: context.projectId } } };
  if (detail === 'default') return { status: 200, body: { quota: DEFAULTS } };
  const used = (resource: string) =>
    resource in region.tables
      ? region.rows(resource as TableName).filter((row) => row.project_id === projectId).length
      : 0;
  if (detail?.startsWith('details'))
    return {
      status: 200,
      body: {
        quota: all((resource) => ({ limit: limitOf(region, projectId, resource), used: used(resource), reserved: 0 })),
      },
    };
  return { status: 200, body: { quota: all((resource) => limitOf(region, projectId, resource)) } };
}
