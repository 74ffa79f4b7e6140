/** Tells from Temporal's refusal that a namespace lacks our search attributes, as one does in which no worker has started yet. */
import { SEARCH_ATTRIBUTES } from '../workflows/protocol.js';
import { SearchAttributesMissingError } from './errors.js';
import { GRPC, grpcErrorOf } from './grpc-status.js';

/** The error itself, or a SearchAttributesMissingError where that is what it says. */
export function orMissing(error: unknown, namespace: string): unknown {
  const refused = grpcErrorOf(error);
  const names = Object.keys(SEARCH_ATTRIBUTES);
  return refused?.code === GRPC.invalidArgument && names.some((name) => refused.details.includes(name))
    ? new SearchAttributesMissingError(namespace, refused.details)
    : error;
}
