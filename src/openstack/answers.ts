/**
 * From an answer's JSON to what was asked for, checked against its schema: the one place through which everything that a cloud says comes in.
 * The rules: a mismatch is told by call, field and what was expected, never by a value; and in a list it stops only who reads the very field, so that
 * someone else's odd resource stops nobody.
 */
import type { z } from 'zod';
import { OpenStackError } from './errors.js';
import type { HttpAnswer } from './http.js';

/** A schema of a resource, whose fields can be checked one by one. */
export interface ResourceSchema<T> extends z.ZodType<T> {
  readonly shape: Readonly<Record<string, z.ZodType>>;
}

/** Mismatches told at once; one is mostly enough to see what has answered. */
const MAX_TOLD = 3;

/** The answer's JSON object; an empty one where there is no body and none is due. */
export function bodyOf(answer: HttpAnswer): Readonly<Record<string, unknown>> {
  const { body, status, call } = answer;
  if (body === undefined && (status === 204 || call.method === 'DELETE')) return {};
  if (isObject(body)) return body;
  throw badAnswer(answer, `the answer is ${kindOf(body)}: expected a JSON object`);
}

/** What stands under `key`. */
export function readOne<T>(schema: z.ZodType<T>, answer: HttpAnswer, key: string): T {
  return readValue(schema, answer, bodyOf(answer)[key], key);
}

/** The list under `key`. Every item is an object with an id; any other field that does not match throws when it is read. */
export function readMany<T extends object>(schema: ResourceSchema<T>, answer: HttpAnswer, key: string): readonly T[] {
  const items = bodyOf(answer)[key];
  if (!Array.isArray(items)) throw badAnswer(answer, `${key} is ${kindOf(items)}: expected a list`);
  return items.map((item: unknown, index) => {
    const read = schema.safeParse(item);
    return read.success ? read.data : readLazily(schema, answer, item, `${key}[${index}]`);
  });
}

/** A value, told as `at` where it does not match. */
export function readValue<T>(schema: z.ZodType<T>, answer: HttpAnswer, value: unknown, at: string): T {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  throw badAnswer(answer, problemsOf(read.error, at));
}

/** Something came that is no answer to what was asked. After a write, its effect is in doubt. */
export function badAnswer({ call }: HttpAnswer, said: string): OpenStackError {
  return new OpenStackError(said, { ...call, code: 'BAD_ANSWER' });
}

function readLazily<T extends object>(schema: ResourceSchema<T>, answer: HttpAnswer, item: unknown, at: string): T {
  if (!isObject(item)) throw badAnswer(answer, `${at} is ${kindOf(item)}: expected an object`);
  const fields: Record<string, unknown> = { ...item };
  for (const [field, one] of Object.entries(schema.shape)) {
    const read = one.safeParse(item[field]);
    if (read.success) {
      fields[field] = read.data;
      continue;
    }
    const { error } = read;
    const thrown = () => badAnswer(answer, problemsOf(error, `${at}.${field}`));
    if (field === 'id') throw thrown();
    Object.defineProperty(fields, field, {
      enumerable: true,
      get: () => {
        throw thrown();
      },
    });
  }
  return fields as T;
}

function problemsOf(error: z.ZodError, at: string): string {
  return error.issues
    .slice(0, MAX_TOLD)
    .map((issue) => {
      const path = issue.path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
      return `${at}${path}: ${issue.message.replace(/^Invalid input: /, '')}`;
    })
    .join('; ');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
