/**
 * Neutron's attribute maps as data: which fields a resource has, their defaults and checks, and which may be set when. From neutron-lib's api/definitions.
 * The rule: each map stands with its resource; here is what they share, and the one function that holds a request to them.
 */
import { badRequest } from '../errors.js';
import { boolean, type Check, isObject, text } from './checks.js';

export interface Attribute {
  readonly post: boolean;
  readonly put: boolean;
  readonly required?: boolean;
  readonly default?: unknown;
  readonly check?: Check;
}

export type AttributeMap = Readonly<Record<string, Attribute>>;

export const settable = { post: true, put: true } as const;
export const once = { post: true, put: false } as const;
export const readOnly: Attribute = { post: false, put: false };
export const name: Attribute = { ...settable, default: '', check: text(255) };
export const description: Attribute = { ...settable, default: '', check: text(255) };
export const adminStateUp: Attribute = { ...settable, default: true, check: boolean };
export const owner = { tenant_id: { ...once, check: text(255) }, project_id: { ...once, check: text(255) } } as const;

/** What every resource with standard attributes shows beside its own. */
export const standardAttributes = {
  created_at: readOnly,
  updated_at: readOnly,
  revision_number: readOnly,
  tags: readOnly,
} as const;

/** A request's body, checked against the attribute map, with defaults for a POST. Throws in the order in which Neutron does. */
export function checkBody(
  kind: string,
  attributes: AttributeMap,
  body: unknown,
  verb: 'post' | 'put',
): Record<string, unknown> {
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
    if (field in given) checked[field] = attribute.check ? attribute.check(given[field], field) : given[field];
    else if (verb === 'post' && 'default' in attribute)
      checked[field] = attribute.check ? attribute.check(attribute.default, field) : attribute.default;
  }
  return checked;
}
