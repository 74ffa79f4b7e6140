/** Whether Temporal cannot be reached just now, whichever call of the SDK found it out: callers try again later instead of reporting an error of ours. */
import { isGrpcServiceError, ServiceError } from '@temporalio/client';
import { GRPC } from './grpc-status.js';

/** What passes by itself. */
const PASSING: readonly number[] = [GRPC.deadlineExceeded, GRPC.resourceExhausted, GRPC.unavailable];

export function temporalIsAway(error: unknown): boolean {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && PASSING.includes(cause.code);
}
