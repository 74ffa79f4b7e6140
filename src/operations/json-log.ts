/**
 * The worker's log as JSON: one line an event, which any log collector takes as it is.
 * The rule: one name a thing, whoever logs it: Temporal's SDK, its native core, or ours. Where each is listed: `docs/operations.md`.
 */
import { type LogLevel, TemporalFailure } from '@temporalio/common';
import { DefaultLogger, type LogEntry } from '@temporalio/worker';

/** What says nothing to who reads: how the SDK refers to a task at the server, and of which of its parts a line is. */
const LEFT_OUT = new Set(['taskToken', 'isLocal', 'sdkComponent']);

/** Of errors that one has caused another. */
const MOST_CAUSES = 5;

export function jsonLogger(
  level: LogLevel,
  write: (line: string) => unknown = (line) => process.stderr.write(line),
): DefaultLogger {
  return new DefaultLogger(level, (entry) => write(`${jsonLine(entry)}\n`));
}

/** An event as one line, without its end. */
export function jsonLine({ level, message, timestampNanos, meta }: LogEntry): string {
  const time = new Date(Number(timestampNanos / 1_000_000n)).toISOString();
  const fields = Object.entries(meta ?? {}).filter(([name]) => !LEFT_OUT.has(name));
  const { workflowRunId, ...rest } = Object.fromEntries(fields);
  // Activities call it so, workflows the other.
  const run = workflowRunId === undefined ? {} : { runId: workflowRunId };
  return JSON.stringify({ time, level: level.toLowerCase(), message, ...rest, ...run }, plain);
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Error ? described(value, MOST_CAUSES) : value;
}

/** A failure of ours says all in its message; of anything else, where it came from is told as well. */
function described(error: Error, causes: number): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  const { type } = error as { type?: unknown };
  return {
    name,
    ...(typeof type === 'string' ? { type } : {}),
    message,
    ...(error instanceof TemporalFailure || stack === undefined ? {} : { stack }),
    ...(cause instanceof Error && causes > 0 ? { cause: described(cause, causes - 1) } : {}),
  };
}
