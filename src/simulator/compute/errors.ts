/**
 * Nova's refusals. The one rule: the words are those of nova/exception.py and of the recordings, for clients look for them.
 */
import { type ApiError, novaError } from '../errors.js';
import { pythonText } from '../python-text.js';

export const badRequest = (message: string): ApiError => novaError(400, 'badRequest', message);
export const forbidden = (message: string): ApiError => novaError(403, 'forbidden', message);
export const itemNotFound = (message: string): ApiError => novaError(404, 'itemNotFound', message);
export const conflict = (message: string): ApiError => novaError(409, 'conflictingRequest', message);

/** jsonschema's complaint, with the value as Python writes it. */
export function invalid(attribute: string, value: unknown, problem: string): ApiError {
  return badRequest(`Invalid input for field/attribute ${attribute}. Value: ${pythonText(value)}. ${problem}`);
}
