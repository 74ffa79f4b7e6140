/**
 * What a resource of Neutron adds to the generic create, update and delete: its collection, its attributes, its "not found", and the rules between resources.
 * The rule: a hook either changes the row in place or throws the API's own error; it never answers by itself. Every resource's file has the same parts in
 * the order of this interface.
 */
import { neutronError } from '../errors.js';
import type { CallContext, Row, TableName } from '../state.js';
import type { AttributeMap } from './attributes.js';

export interface Resource {
  readonly kind: TableName;
  /** Path after /v2.0/. */
  readonly path: string;
  readonly many: string;
  readonly notFound: readonly [type: string, message: (id: string) => string];
  /** Has created_at, revision_number and tags. */
  readonly standard: boolean;
  readonly attributes: AttributeMap;
  /** Whether the resource declares sort keys; without, sorting by anything is refused. */
  readonly sortable?: false;
  readonly beforeCreate?: (row: Row, context: CallContext) => void;
  readonly afterCreate?: (row: Row, context: CallContext) => void;
  /** Makes a row's changing fields current before it is shown. */
  readonly refresh?: (row: Row, context: CallContext) => void;
  readonly beforeUpdate?: (row: Row, change: Record<string, unknown>, context: CallContext) => void;
  readonly afterUpdate?: (row: Row, change: Record<string, unknown>, context: CallContext) => void;
  /** What the database makes of a row once it was answered as it was sent. */
  readonly stored?: (row: Row) => void;
  readonly beforeDelete?: (row: Row, context: CallContext) => void;
  readonly afterDelete?: (row: Row, context: CallContext) => void;
}

/** The row, if the caller may see it; else the resource's own 404. */
export function mustGet(resource: Pick<Resource, 'kind' | 'notFound'>, id: unknown, context: CallContext): Row {
  const row = context.region.get(resource.kind, id);
  if (row === undefined || !maySee(row, context))
    throw neutronError(404, resource.notFound[0], resource.notFound[1](String(id)));
  return row;
}

/** Own resources, and what is shared or external; a subnet is as its network, a rule as its group. */
export function maySee(row: Row, context: CallContext): boolean {
  return (
    isOwn(row, context) ||
    row.shared === true ||
    row['router:external'] === true ||
    row._public === true ||
    (row.cidr !== undefined && context.region.get('network', row.network_id)?.shared === true)
  );
}

/** Whether the caller may change a row. */
export function isOwn(row: Row, { region, projectId, isAdmin }: CallContext): boolean {
  return (
    isAdmin ||
    row.project_id === projectId ||
    (row.direction !== undefined && region.get('security_group', row.security_group_id)?.project_id === projectId)
  );
}

/** What an ordinary user may not set: neutron's policy names the attribute. */
export function adminOnly(
  verb: 'create' | 'update',
  kind: string,
  given: Record<string, unknown>,
  fields: readonly string[],
  context: CallContext,
): void {
  if (context.isAdmin) return;
  const refused = fields.find((field) => given[field] !== undefined);
  if (refused === undefined) return;
  throw neutronError(
    403,
    'PolicyNotAuthorized',
    `(rule:${verb}_${kind} and rule:${verb}_${kind}:${refused}) is disallowed by policy`,
  );
}
