/**
 * What a resource of Neutron adds to the generic create, update and delete: its collection, its "not found", and the rules between resources.
 * The rule: a hook either changes the row in place or throws the API's own error; it never answers by itself.
 */
import { neutronError } from '../errors.js';
import type { CallContext, Row, TableName } from '../state.js';

export interface Resource {
  readonly kind: TableName;
  /** Path after /v2.0/. */
  readonly path: string;
  readonly many: string;
  readonly notFound: readonly [type: string, message: (id: string) => string];
  /** Has created_at, revision_number and tags. */
  readonly standard: boolean;
  /** VPN collections know no filter validation and ignore what they do not know. */
  readonly beforeCreate?: (row: Row, context: CallContext) => void;
  readonly afterCreate?: (row: Row, context: CallContext) => void;
  readonly beforeUpdate?: (row: Row, change: Record<string, unknown>, context: CallContext) => void;
  readonly afterUpdate?: (row: Row, change: Record<string, unknown>, context: CallContext) => void;
  readonly beforeDelete?: (row: Row, context: CallContext) => void;
  readonly afterDelete?: (row: Row, context: CallContext) => void;
  /** Makes a row's changing fields current before it is shown. */
  readonly refresh?: (row: Row, context: CallContext) => void;
}

/** The row, if the caller may see it; else the resource's own 404. */
export function mustGet(resource: Pick<Resource, 'kind' | 'notFound'>, id: unknown, context: CallContext): Row {
  const row = context.region.get(resource.kind, id);
  if (row === undefined || !maySee(row, context))
    throw neutronError(404, resource.notFound[0], resource.notFound[1](String(id)));
  return row;
}

/** Own resources, and what is shared or external. */
export function maySee(row: Row, context: CallContext): boolean {
  return (
    context.isAdmin ||
    row.project_id === context.projectId ||
    row.shared === true ||
    row['router:external'] === true ||
    row._public === true
  );
}
