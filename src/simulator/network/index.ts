/**
 * Neutron over HTTP: paths to resources, and the generic list, show, create, update and delete around their rules.
 * The rule: anything that holds for one resource only stands with that resource.
 */
import { type Answer, neutronError } from '../errors.js';
import { type CallContext, newId, type Row, shown, timestamp } from '../state.js';
import { checkBody } from './attributes.js';
import {
  addRouterInterface,
  defaultGroup,
  FLOATING_IP,
  NETWORK,
  PORT,
  ROUTER,
  removeRouterInterface,
  SECURITY_GROUP,
  SECURITY_GROUP_RULE,
  SUBNET,
} from './core.js';
import { extensionList, showExtension } from './extensions.js';
import { handleQuotas, limitOf } from './quotas.js';
import { maySee, mustGet, type Resource } from './resource.js';
import { ENDPOINT_GROUP, IKE_POLICY, IPSEC_POLICY, SITE_CONNECTION, VPN_SERVICE } from './vpn.js';

export interface NetworkRequest {
  readonly method: string;
  /** After the service's own prefix, beginning with `/`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

const RESOURCES: readonly Resource[] = [
  NETWORK,
  SUBNET,
  ROUTER,
  PORT,
  SECURITY_GROUP,
  SECURITY_GROUP_RULE,
  FLOATING_IP,
  IKE_POLICY,
  IPSEC_POLICY,
  VPN_SERVICE,
  ENDPOINT_GROUP,
  SITE_CONNECTION,
];

/** Parameters of a list that are no filters. */
const LIST_CONTROLS = new Set(['fields', 'limit', 'marker', 'sort_key', 'sort_dir', 'page_reverse']);

/** Answers one call to Neutron. Throws ApiError for every refusal. */
export function handleNetwork(request: NetworkRequest, context: CallContext): Answer {
  const path = request.path.replace(/\.json$/, '').replace(/\/$/, '');
  if (path === '')
    return {
      status: 200,
      body: { versions: [{ id: 'v2.0', status: 'CURRENT', links: [{ rel: 'self', href: `${context.base}/v2.0/` }] }] },
    };
  const inner = path.replace(/^\/v2\.0\/?/, '');
  if (inner === '') return { status: 200, body: { resources: [] } };
  if (inner === 'extensions') return { status: 200, body: { extensions: extensionList(context.region) } };
  if (inner.startsWith('extensions/')) return showExtension(context.region, inner.slice('extensions/'.length));
  if (inner.startsWith('quotas')) return handleQuotas(request.method, inner, request.body, context);
  if (inner === 'availability_zones') return { status: 200, body: { availability_zones: [] } };
  if (inner === 'agents') return { status: 200, body: { agents: [] } };
  const resource = RESOURCES.find((one) => inner === one.path || inner.startsWith(`${one.path}/`));
  if (resource === undefined) throw neutronError(404, 'HTTPNotFound', 'The resource could not be found.');
  const [id, action, ...rest] = inner
    .slice(resource.path.length + 1)
    .split('/')
    .filter(Boolean);
  if (resource.kind === 'router' && id !== undefined && request.method === 'PUT') {
    if (action === 'add_router_interface') return { status: 200, body: addRouterInterface(id, request.body, context) };
    if (action === 'remove_router_interface')
      return { status: 200, body: removeRouterInterface(id, request.body, context) };
  }
  if (action === 'tags' && id !== undefined && resource.standard)
    return handleTags(resource, id, rest[0], request, context);
  switch (request.method) {
    case 'GET':
      return id === undefined
        ? list(resource, request.query, context)
        : {
            status: 200,
            body: { [resource.kind]: view(resource, mustGet(resource, id, context), context, request.query) },
          };
    case 'POST':
      return create(resource, request.body, context);
    case 'PUT':
      return update(resource, id, request.body, context);
    case 'DELETE':
      return remove(resource, id, context);
    default:
      throw neutronError(405, 'HTTPMethodNotAllowed', 'The method is not allowed for this resource.');
  }
}

function create(resource: Resource, body: unknown, context: CallContext): Answer {
  const bulk = (body as Record<string, unknown> | undefined)?.[resource.many];
  if (Array.isArray(bulk)) {
    const made = bulk.map((one: unknown) => createOne(resource, { [resource.kind]: one }, context));
    return { status: 201, body: { [resource.many]: made } };
  }
  return { status: 201, body: { [resource.kind]: createOne(resource, body, context) } };
}

function createOne(resource: Resource, body: unknown, context: CallContext): Record<string, unknown> {
  const checked = checkBody(resource.kind, body, 'post');
  const wanted = String(checked.project_id ?? checked.tenant_id ?? context.projectId);
  const projectId = context.isAdmin ? wanted : context.projectId;
  const now = timestamp();
  const standard = resource.standard ? { tags: [], created_at: now, updated_at: now, revision_number: 1 } : {};
  const row: Row = {
    id: newId(),
    ...checked,
    tenant_id: projectId,
    project_id: projectId,
    ...standard,
    _given: givenKeys(resource, body),
  };
  const limit = limitOf(context.region, projectId, resource.kind);
  const used = context.region.rows(resource.kind).filter((one) => one.project_id === projectId).length;
  resource.beforeCreate?.(row, { ...context, projectId });
  if (limit >= 0 && used >= limit)
    throw neutronError(409, 'OverQuota', `Quota exceeded for resources: ['${resource.kind}'].`);
  context.region.insert(resource.kind, row);
  resource.afterCreate?.(row, context);
  return view(resource, row, context);
}

/** Which fields a request named itself: one message of Neutron's depends on their order. */
function givenKeys(resource: Resource, body: unknown): readonly string[] {
  return Object.keys((body as Record<string, object>)[resource.kind] ?? {});
}

function update(resource: Resource, id: string | undefined, body: unknown, context: CallContext): Answer {
  const change = checkBody(resource.kind, body, 'put');
  const row = mustGet(resource, id, context);
  if (row.project_id !== context.projectId && !context.isAdmin)
    throw neutronError(404, resource.notFound[0], resource.notFound[1](row.id));
  resource.refresh?.(row, context);
  resource.beforeUpdate?.(row, change, context);
  Object.assign(row, change);
  if (resource.standard)
    Object.assign(row, { updated_at: timestamp(), revision_number: Number(row.revision_number) + 1 });
  resource.afterUpdate?.(row, change, context);
  return { status: 200, body: { [resource.kind]: view(resource, row, context) } };
}

function remove(resource: Resource, id: string | undefined, context: CallContext): Answer {
  const row = mustGet(resource, id, context);
  if (row.project_id !== context.projectId && !context.isAdmin)
    throw neutronError(404, resource.notFound[0], resource.notFound[1](row.id));
  resource.beforeDelete?.(row, context);
  context.region.delete(resource.kind, row.id);
  resource.afterDelete?.(row, context);
  return { status: 204 };
}

function list(resource: Resource, query: URLSearchParams, context: CallContext): Answer {
  // The default group exists as soon as somebody looks for it.
  if (resource.kind === 'security_group') defaultGroup(context.region, context.projectId);
  const fields = [...new Set([...query.keys()].filter((key) => !LIST_CONTROLS.has(key)))];
  const rows = context.region
    .rows(resource.kind)
    .filter((row) => maySee(row, context))
    .map((row) => ({ row, shown: view(resource, row, context) }))
    .filter(({ shown: fieldsOf }) => fields.every((field) => matches(fieldsOf, field, query.getAll(field))));
  const sortKey = query.get('sort_key');
  if (sortKey !== null && resource.kind === 'endpoint_group')
    throw neutronError(400, 'HTTPBadRequest', `['${sortKey}'] is invalid attribute for sort_keys`);
  if (sortKey !== null)
    rows.sort(
      (a, b) =>
        String(a.shown[sortKey]).localeCompare(String(b.shown[sortKey])) * (query.get('sort_dir') === 'desc' ? -1 : 1),
    );
  const from = query.get('marker') === null ? 0 : rows.findIndex(({ row }) => row.id === query.get('marker')) + 1;
  const limit = Number(query.get('limit') ?? Number.POSITIVE_INFINITY);
  const page = rows.slice(from, limit > 0 ? from + limit : undefined);
  const last = page.at(-1)?.row.id;
  const more = from + page.length < rows.length && last !== undefined;
  const next = new URLSearchParams(query);
  if (last !== undefined) next.set('marker', last);
  return {
    status: 200,
    body: {
      [resource.many]: page.map(({ row }) => view(resource, row, context, query)),
      ...(more
        ? { [`${resource.many}_links`]: [{ rel: 'next', href: `${context.base}/v2.0/${resource.path}?${next}` }] }
        : {}),
    },
  };
}

function matches(row: Record<string, unknown>, field: string, values: readonly string[]): boolean {
  if (field === 'fixed_ips') {
    const wanted = values.map((value) => value.split('='));
    return wanted.every(([key, value]) =>
      (row.fixed_ips as Record<string, unknown>[] | undefined)?.some((ip) => ip[key ?? ''] === value),
    );
  }
  // Unknown filters are ignored, and everything comes back: so do the VPN collections of most releases.
  if (!(field in row)) return true;
  return values.some(
    (value) => String(row[field]).toLowerCase() === value.toLowerCase() || (row[field] === null && value === ''),
  );
}

function view(resource: Resource, row: Row, context: CallContext, query?: URLSearchParams): Record<string, unknown> {
  resource.refresh?.(row, context);
  const all = shown(row);
  const fields = query?.getAll('fields') ?? [];
  return fields.length === 0 ? all : Object.fromEntries(Object.entries(all).filter(([key]) => fields.includes(key)));
}

function handleTags(
  resource: Resource,
  id: string,
  tag: string | undefined,
  request: NetworkRequest,
  context: CallContext,
): Answer {
  const row = mustGet(resource, id, context);
  const tags = new Set(row.tags as string[]);
  if (request.method === 'GET')
    return tag === undefined || tags.has(tag)
      ? { status: tag === undefined ? 200 : 204, body: { tags: [...tags] } }
      : { status: 404 };
  if (request.method === 'PUT' && tag === undefined) row.tags = (request.body as { tags?: string[] }).tags ?? [];
  else if (request.method === 'PUT' && tag !== undefined) row.tags = [...tags.add(tag)];
  else if (request.method === 'DELETE') row.tags = tag === undefined ? [] : [...tags].filter((one) => one !== tag);
  return request.method === 'PUT' && tag === undefined
    ? { status: 200, body: { tags: row.tags } }
    : { status: request.method === 'PUT' ? 201 : 204 };
}
