/**
 * The common form of a kind that is one collection of Neutron with a description: list and match marks, POST, compare what was sent, PUT, DELETE.
 * The rule: a kind that needs more overrides one verb, and never copies the others.
 */
import type { ResourceKind, StepOutput } from '../../graph/types.js';
import type { Collections, NetworkCollection } from '../../openstack/types.js';
import { orGone } from '../failures.js';
import { type Difference, type Found, isOfStep, type Kind, markOf, type StepScope } from '../kind.js';
import { formatMark, type Mark, parseMark } from '../mark.js';

type Fields = Readonly<Record<string, unknown>>;

export interface NeutronKindOptions<K extends ResourceKind, C extends NetworkCollection> {
  readonly kind: K;
  readonly collection: C;
  /** What the POST says besides the description, by API name. Compared with what stands, field by field. */
  body(scope: StepScope<K>): Readonly<Record<string, unknown>>;
  /** What its mark says beside what every mark says, and the user's own words behind it; none is an empty text. */
  mark?(scope: StepScope<K>): Pick<Mark, 'nonce' | 'key' | 'peer'> & { readonly note: string };
  /** Fields of `body` that the API can change in place, and `description` where it can change those words. */
  readonly updatable: readonly string[];
  /** Fields of `body` whose values are never told. */
  readonly secret?: readonly string[];
  output?(resource: Collections[C]): Partial<StepOutput>;
  isReferenced?: Kind<K>['isReferenced'];
}

export function neutronKind<K extends ResourceKind, C extends NetworkCollection>(
  options: NeutronKindOptions<K, C>,
): Kind<K> {
  const { collection } = options;
  const secret = options.secret ?? [];
  /** Of what stands: its mark, where that is to say something else, or other words behind it. */
  const described = ({ mark }: Found, scope: StepScope<K>): Fields => {
    const wanted = options.mark?.(scope);
    if (mark === undefined || wanted === undefined) return {};
    const { nonce, key, note = '', ...rest } = mark;
    const same = nonce === wanted.nonce && key === wanted.key && note === wanted.note;
    return same ? {} : { description: formatMark({ ...rest, ...wanted }) };
  };
  return {
    kind: options.kind,
    collection,
    restorable: options.updatable.filter((field) => !secret.includes(field)),
    async find(scope) {
      const all = await this.inventory(scope.region, scope.attempt);
      return all.filter((found) => isOfStep(found, scope));
    },
    async show(id, scope) {
      const one = await orGone(scope.attempt.read((call) => scope.region.show(collection, id, call)));
      const found = one === undefined ? undefined : foundOf(one);
      return isOfStep(found, scope) ? found : undefined;
    },
    async inventory(region, attempt) {
      const [projectId, all] = await Promise.all([
        attempt.read((call) => region.projectId(call)),
        attempt.read((call) => region.list(collection, call)),
      ]);
      // Of a resource of someone else's, nothing is read but whose it is: it may be odd in any other field.
      const own = (one: Fields) => one.project_id === projectId && markIn(one) !== undefined;
      return all.filter(own).map(foundOf);
    },
    async create(scope) {
      const body = { ...options.body(scope), description: markOf(scope, options.mark?.(scope)) };
      return foundOf(await scope.attempt.write((call) => scope.region.create(collection, body, call)));
    },
    differs(found, scope) {
      return Object.entries({ ...options.body(scope), ...described(found, scope) }).flatMap(
        ([field, want]): Difference[] => {
          const have = found.fields[field];
          if (sameValue(have, want)) return [];
          return [{ field, have, want, updatable: options.updatable.includes(field), show: !secret.includes(field) }];
        },
      );
    },
    async update(found, fields, scope) {
      return foundOf(await scope.attempt.write((call) => scope.region.update(collection, found.id, fields, call)));
    },
    isReferenced: options.isReferenced ?? (async () => false),
    async remove(found, scope) {
      await orGone(scope.attempt.write((call) => scope.region.remove(collection, found.id, call)));
    },
    output(found) {
      return options.output?.(found.fields as unknown as Collections[C]) ?? {};
    },
  };
}

/** Any resource of Neutron with its mark, if it bears one. */
export function foundOf(resource: Collections[NetworkCollection]): Found {
  const fields: Fields = resource;
  return {
    id: String(fields.id),
    name: String(fields.name ?? ''),
    mark: markIn(fields),
    ...(typeof fields.status === 'string' ? { status: fields.status } : {}),
    fields,
  };
}

function markIn({ description }: Fields): Mark | undefined {
  return parseMark(typeof description === 'string' ? description : undefined);
}

/** Equal as the API means it: lists without order, objects by what was asked of them, and null like an empty text. */
export function sameValue(have: unknown, want: unknown): boolean {
  if (Array.isArray(want)) {
    return (
      Array.isArray(have) &&
      have.length === want.length &&
      want.every((one) => have.some((other) => sameValue(other, one)))
    );
  }
  if (typeof want === 'object' && want !== null) {
    if (typeof have !== 'object' || have === null) return false;
    return Object.entries(want).every(([key, value]) => sameValue((have as Record<string, unknown>)[key], value));
  }
  return (have ?? '') === (want ?? '');
}
