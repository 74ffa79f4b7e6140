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
