/** Whether Temporal cannot be reached just now, whichever call of the SDK found it out: callers try again later instead of reporting an error of ours. */
import { isGrpcServiceError, ServiceError } from '@temporalio/client';

/** Codes of gRPC that pass by themselves (https://grpc.io/docs/guides/status-codes/): DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNAVAILABLE. */
const PASSING: readonly number[] = [4, 8, 14];

export function temporalIsAway(error: unknown): boolean {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && PASSING.includes(cause.code);
}
