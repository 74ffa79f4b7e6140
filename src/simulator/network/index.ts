/**
 * Neutron over HTTP: paths to resources, and the generic list, show, create, update and delete around their rules.
 * The rule: anything that holds for one resource only stands with that resource.
 */
import { type Answer, badRequest, neutronError } from '../errors.js';
import { type CallContext, newId, type Row, revise, timestamp } from '../state.js';
import { checkBody } from './attributes.js';
import { isObject } from './checks.js';
import { extensionList, showExtension } from './extensions.js';
import { FLOATING_IP } from './floating-ips.js';
import { NETWORK } from './networks.js';
import { PORT } from './ports.js';
import { listed, view } from './query.js';
import { handleQuotas, refuseOverQuota } from './quotas.js';
import { isOwn, mustGet, type Resource } from './resource.js';
import { addRouterInterface, removeRouterInterface } from './router-interfaces.js';
import { changeRoutes, ROUTER } from './routers.js';
import { SECURITY_GROUP_RULE } from './security-group-rules.js';
import { defaultGroup, SECURITY_GROUP } from './security-groups.js';
import { SUBNET } from './subnets.js';
import { handleTags } from './tags.js';
import { SITE_CONNECTION } from './vpn-connections.js';
import { ENDPOINT_GROUP } from './vpn-endpoint-groups.js';
import { IKE_POLICY, IPSEC_POLICY } from './vpn-policies.js';
import { VPN_SERVICE } from './vpn-services.js';

export interface NetworkRequest {
  readonly method: string;
  /** After the service's own prefix, beginning with `/`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  /** A revision number that a PUT or DELETE is bound to. */
  readonly ifMatch?: string | undefined;
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

/** Answers one call to Neutron. Throws ApiError for every refusal. */
export function handleNetwork(request: NetworkRequest, context: CallContext): Answer {
  const path = request.path.replace(/\.json$/, '').replace(/\/$/, '');
  if (path === '')
    return {
      status: 200,
      body: { versions: [{ id: 'v2.0', status: 'CURRENT', links: [{ rel: 'self', href: `${context.base}/v2.0/` }] }] },
    };
  const inner = path.replace(/^\/v2\.0\/?/, '');
  if (inner === '') {
    if (!request.path.endsWith('/')) throw neutronError(404, 'HTTPNotFound', 'The resource could not be found.');
    return { status: 200, body: { resources: RESOURCES.map((one) => resourceLink(one, context)) } };
  }
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
    if (action === 'add_extraroutes' || action === 'remove_extraroutes')
      return { status: 200, body: changeRoutes(id, request.body, action === 'add_extraroutes', context) };
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
      return update(resource, id, request, context);
    case 'DELETE':
      return remove(resource, id, request, context);
    default:
      throw neutronError(405, 'HTTPMethodNotAllowed', 'The method is not allowed for this resource.');
  }
}

/** How the root of the API names a collection. */
function resourceLink({ many, kind, path }: Resource, { base }: CallContext) {
  return { name: kind, collection: many, links: [{ rel: 'self', href: `${base}/v2.0/${path}` }] };
}

/** One or many: of many, all are made or none. */
function create(resource: Resource, body: unknown, context: CallContext): Answer {
  const bulk = (body as Record<string, unknown> | undefined)?.[resource.many];
  if (!Array.isArray(bulk)) return { status: 201, body: { [resource.kind]: createOne(resource, body, context) } };
  const made: Record<string, unknown>[] = [];
  try {
    for (const one of bulk as unknown[]) {
      // An item may be wrapped once more, as in a single request.
      const wrapped = isObject(one) && resource.kind in one ? one : { [resource.kind]: one };
      made.push(createOne(resource, wrapped, context));
    }
  } catch (error) {
    for (const { id } of made) {
      const row = context.region.get(resource.kind, id);
      context.region.delete(resource.kind, String(id));
      if (row !== undefined) resource.afterDelete?.(row, context);
    }
    throw error;
  }
  return { status: 201, body: { [resource.many]: made } };
}

function createOne(resource: Resource, body: unknown, context: CallContext): Record<string, unknown> {
  const checked = checkBody(resource.kind, resource.attributes, body, 'post');
  const wanted = String(checked.project_id ?? checked.tenant_id ?? context.projectId);
  if (wanted !== context.projectId && !context.isAdmin)
    throw badRequest(
      "Specifying 'project_id' or 'tenant_id' other than the authenticated project in request requires admin or advsvc privileges",
    );
  const now = timestamp();
  const standard = resource.standard ? { tags: [], created_at: now, updated_at: now, revision_number: 1 } : {};
  const row: Row = {
    id: newId(),
    ...checked,
    tenant_id: wanted,
    project_id: wanted,
    ...standard,
    _given: givenKeys(resource, body),
  };
  refuseOverQuota(context.region, wanted, resource.kind);
  resource.beforeCreate?.(row, context);
  context.region.insert(resource.kind, row);
  resource.afterCreate?.(row, context);
  const answer = view(resource, row, context);
  resource.stored?.(row);
  return answer;
}

/** Which fields a request named itself: one message of Neutron's depends on their order. */
function givenKeys(resource: Resource, body: unknown): readonly string[] {
  return Object.keys((body as Record<string, object>)[resource.kind] ?? {});
}

function update(resource: Resource, id: string | undefined, request: NetworkRequest, context: CallContext): Answer {
  const change = checkBody(resource.kind, resource.attributes, request.body, 'put');
  const row = own(resource, id, request, 'update', context);
  resource.refresh?.(row, context);
  resource.beforeUpdate?.(row, change, context);
  Object.assign(row, change);
  if (resource.standard) revise(row);
  resource.afterUpdate?.(row, change, context);
  const answer = view(resource, row, context);
  resource.stored?.(row);
  return { status: 200, body: { [resource.kind]: answer } };
}

function remove(resource: Resource, id: string | undefined, request: NetworkRequest, context: CallContext): Answer {
  const row = own(resource, id, request, 'delete', context);
  resource.beforeDelete?.(row, context);
  context.region.delete(resource.kind, row.id);
  resource.afterDelete?.(row, context);
  return { status: 204 };
}

/** The row that a caller changes: what is seen but not owned is refused by policy, what is not seen is not there. */
function own(
  resource: Resource,
  id: string | undefined,
  { ifMatch }: NetworkRequest,
  verb: 'update' | 'delete',
  context: CallContext,
): Row {
  const row = mustGet(resource, id, context);
  if (!isOwn(row, context))
    throw neutronError(403, 'PolicyNotAuthorized', `rule:${verb}_${resource.kind} is disallowed by policy`);
  if (ifMatch !== undefined) matchRevision(resource, row, ifMatch);
  return row;
}

function matchRevision(resource: Resource, row: Row, ifMatch: string): void {
  const expected = /revision_number=([^",]*)/.exec(ifMatch)?.[1];
  if (expected === undefined) return;
  if (!/^\d+$/.test(expected))
    throw neutronError(
      400,
      'BadRequest',
      'Bad if-match request: Revision number etag must be in the format of revision_number=<int>.',
    );
  if (!resource.standard)
    throw neutronError(
      400,
      'BadRequest',
      `Bad ${resource.kind} request: Revision matching not supported for this resource.`,
    );
  if (Number(expected) !== row.revision_number)
    throw neutronError(
      412,
      'RevisionNumberConstraintFailed',
      `Constrained to ${expected}, but current revision is ${String(row.revision_number)}`,
    );
}

function list(resource: Resource, query: URLSearchParams, context: CallContext): Answer {
  // The default group exists as soon as somebody looks for it.
  if (resource.kind.startsWith('security_group')) defaultGroup(context.region, context.projectId);
  return { status: 200, body: listed(resource, query, context) };
}
