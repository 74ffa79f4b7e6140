/** /servers/{id}/metadata. The one rule: POST adds, PUT on the whole replaces, PUT on a key sets that key. */
import type { Answer } from '../errors.js';
import type { Row } from '../state.js';
import { badRequest, forbidden, itemNotFound } from './errors.js';
import { bodyOf, type NovaCall } from './request.js';
import { checkMetadata } from './server-create.js';

const MAX_ITEMS = 128;

export function handleMetadata({ method, parts, body }: NovaCall, row: Row): Answer {
  const [, , , key] = parts;
  const current = row.metadata as Record<string, string>;
  const store = (next: Record<string, unknown>): void => {
    checkMetadata(next);
    if (Object.keys(next).length > MAX_ITEMS) throw forbidden(`Maximum number of metadata items exceeds ${MAX_ITEMS}`);
    row.metadata = next;
  };
  if (key === undefined) {
    if (method === 'POST') store({ ...current, ...bodyOf(body, 'metadata') });
    if (method === 'PUT') store({ ...bodyOf(body, 'metadata') });
    return { status: 200, body: { metadata: row.metadata } };
  }
  if (method === 'PUT') {
    const meta = bodyOf(body, 'meta');
    if (!(key in meta)) throw badRequest('Request body and URI mismatch');
    store({ ...current, [key]: meta[key] });
    return { status: 200, body: { meta: { [key]: meta[key] } } };
  }
  if (!(key in current)) throw itemNotFound('Metadata item was not found');
  if (method === 'DELETE') {
    const { [key]: _gone, ...rest } = current;
    row.metadata = rest;
    return { status: 204 };
  }
  return { status: 200, body: { meta: { [key]: current[key] } } };
}
