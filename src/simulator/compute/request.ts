/** What a handler of Nova gets to know of a call, and small readers of it. */
import type { IncomingHttpHeaders } from 'node:http';
import type { CallContext } from '../state.js';
import { badRequest } from './errors.js';

export interface ComputeRequest {
  readonly method: string;
  /** After the service's own prefix: `/v2.1/servers`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly headers: IncomingHttpHeaders;
}

export interface NovaCall {
  readonly method: string;
  /** Path after `/v2.1/`, split. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
  readonly body: unknown;
  /** 2.x: the x. */
  readonly version: number;
  readonly context: CallContext;
}

export type Fields = Readonly<Record<string, unknown>>;

/** The object under `key` of a body. @throws ApiError 400 */
export function bodyOf(body: unknown, key: string): Fields {
  const outer = isFields(body) ? body : {};
  const inner = outer[key];
  if (isFields(inner)) return inner;
  if (inner === undefined)
    throw badRequest(`Invalid input for field/attribute ${key}. Value: None. '${key}' is a required property`);
  throw badRequest(
    `Invalid input for field/attribute ${key}. Value: ${String(inner)}. ${String(inner)} is not of type 'object'`,
  );
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * One page of a list, by limit and marker.
 * @returns the page, and the address of the next one if there is more
 */
export function pageOf<T extends { readonly id: string }>(
  all: readonly T[],
  query: URLSearchParams,
  base: string,
): { readonly page: readonly T[]; readonly next: string | undefined } {
  const limitText = query.get('limit');
  if (limitText !== null && !/^\d+$/.test(limitText)) {
    throw badRequest(
      `Invalid input for query parameters limit. Value: ${limitText}. '${limitText}' does not match '^[0-9]*$'`,
    );
  }
  const marker = query.get('marker');
  const at = marker === null ? -1 : all.findIndex((one) => one.id === marker);
  if (marker !== null && at < 0) throw badRequest(`marker [${marker}] not found`);
  const limit = Math.min(limitText === null || limitText === '' ? 1000 : Number(limitText), 1000);
  const page = all.slice(at + 1, at + 1 + limit);
  const last = page.at(-1);
  if (last === undefined || at + 1 + limit >= all.length) return { page, next: undefined };
  const params = new URLSearchParams(query);
  params.set('marker', last.id);
  return { page, next: `${base}?${params}` };
}
