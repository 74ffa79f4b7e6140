/** What came of a call to Temporal that failed, whichever call of the SDK it was: whether it passes by itself, and what the server says. */
import { GRPC, grpcErrorOf } from './grpc-status.js';

/** What passes by itself. */
const PASSING: readonly number[] = [GRPC.deadlineExceeded, GRPC.resourceExhausted, GRPC.unavailable];

/** Whether Temporal cannot be reached just now: callers try again later instead of reporting an error of ours. */
export function temporalIsAway(error: unknown): boolean {
  const code = grpcErrorOf(error)?.code;
  return code !== undefined && PASSING.includes(code);
}

/** An error's message, with the server's words behind the SDK's own, which tell nobody why: "Failed to list workflows". */
export function messageOf(error: Error): string {
  const { details = '' } = grpcErrorOf(error) ?? {};
  return details === '' || error.message.includes(details) ? error.message : `${error.message}: ${details}`;
}
