/**
 * Nova's refusals. The one rule: the words are those of nova/exception.py and of the recordings, for clients look for them.
 */
import { type ApiError, novaError } from '../errors.js';

export const badRequest = (message: string): ApiError => novaError(400, 'badRequest', message);
export const forbidden = (message: string): ApiError => novaError(403, 'forbidden', message);
export const itemNotFound = (message: string): ApiError => novaError(404, 'itemNotFound', message);
export const conflict = (message: string): ApiError => novaError(409, 'conflictingRequest', message);

/** jsonschema's complaint, with the value as Python writes it. */
export function invalid(attribute: string, value: unknown, problem: string): ApiError {
  return badRequest(`Invalid input for field/attribute ${attribute}. Value: ${pythonText(value)}. ${problem}`);
}

/** `str()` of a JSON value in Python. */
function pythonText(value: unknown): string {
  return typeof value === 'string' ? value : pythonRepr(value);
}

/** `repr()` of a JSON value in Python. */
export function pythonRepr(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') {
    const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
    return `${quote}${value.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`).replaceAll('\n', '\\n')}${quote}`;
  }
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(', ')}]`;
  if (typeof value !== 'object') return String(value);
  return `{${Object.entries(value)
    .map(([key, item]) => `${pythonRepr(key)}: ${pythonRepr(item)}`)
    .join(', ')}}`;
}
