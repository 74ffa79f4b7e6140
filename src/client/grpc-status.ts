/** What a Temporal server says of a call that it refused, under whatever the SDK calls it. */
import { isGrpcServiceError, ServiceError } from '@temporalio/client';

type GrpcServiceError = typeof isGrpcServiceError extends (error: unknown) => error is infer T ? T : never;

/** gRPC's status codes, as far as anything here decides by them: https://grpc.io/docs/guides/status-codes/ */
export const GRPC = {
  invalidArgument: 3,
  deadlineExceeded: 4,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** The server's own error, whichever call of the SDK brought it: some give it as it is, others wrap it. */
export function grpcErrorOf(error: unknown): GrpcServiceError | undefined {
  const inner = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(inner) ? inner : undefined;
}
