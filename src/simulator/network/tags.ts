/** Tags of resources that have standard attributes: all at once, one by one, by neutron's tagging extension. */
import { type Answer, neutronError } from '../errors.js';
import { pythonText } from '../python-text.js';
import { type CallContext, revise } from '../state.js';
import { invalidInput, isObject } from './checks.js';
import { mustGet, type Resource } from './resource.js';

export function handleTags(
  resource: Resource,
  id: string,
  tag: string | undefined,
  request: { readonly method: string; readonly body: unknown },
  context: CallContext,
): Answer {
  const row = mustGet(resource, id, context);
  const tags = (row.tags ?? []) as string[];
  const set = (next: readonly string[]) => {
    row.tags = next;
    revise(row);
  };
  const missing = () => neutronError(404, 'TagNotFound', `Tag ${tag} could not be found.`);
  switch (request.method) {
    case 'GET':
      if (tag === undefined) return { status: 200, body: { tags } };
      if (!tags.includes(tag)) throw missing();
      return { status: 204 };
    case 'PUT':
      if (tag === undefined) {
        set(tagsOf(request.body));
        return { status: 200, body: { tags: row.tags } };
      }
      if (tag.length > 255) throw tooLong(tag);
      if (!tags.includes(tag)) set([...tags, tag]);
      return { status: 201 };
    case 'DELETE':
      if (tag !== undefined && !tags.includes(tag)) throw missing();
      set(tag === undefined ? [] : tags.filter((one) => one !== tag));
      return { status: 204 };
    default:
      throw neutronError(405, 'HTTPMethodNotAllowed', 'The method is not allowed for this resource.');
  }
}

const tooLong = (tag: string) => invalidInput(`'${tag}' exceeds maximum length of 255`);

function tagsOf(body: unknown): readonly string[] {
  if (!isObject(body) || !('tags' in body)) throw invalidInput('Invalid tags body');
  if (!Array.isArray(body.tags)) throw invalidInput(`'${pythonText(body.tags)}' is not a list`);
  const tags = body.tags as unknown[];
  const twice = tags.filter((one, index) => tags.indexOf(one) !== index);
  if (twice.length > 0) throw invalidInput(`Duplicate items in the list: '${twice.join(', ')}'`);
  for (const tag of tags) {
    if (typeof tag !== 'string') throw invalidInput(`'${pythonText(tag)}' is not a valid string`);
    if (tag.length > 255) throw tooLong(tag);
  }
  return tags as string[];
}
