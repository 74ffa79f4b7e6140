/**
 * How a worker is set up with Temporal's SDK: its runtime (log, metrics, signals) and the options that say how much it does at a time and which runs it takes.
 * The rule: every option carries its reason.
 */
import { DefaultLogger, type RuntimeOptions, type WorkerOptions } from '@temporalio/worker';
import { jsonLogger } from './json-log.js';
import { BUCKETS } from './metrics.js';
import type { OperationSettings } from './settings.js';

/**
 * How long steps go on after a stop was asked for, as a part of a request's timeout: those that are about to end do so, and are not done again elsewhere. Then
 * all are cancelled: reads and waits end at once, and a write in flight is awaited for its own timeout at most.
 */
const GRACE = 1 / 3;

/** Once per process. */
export function runtimeOptions({ log, metrics }: OperationSettings): RuntimeOptions {
  const json = log.format === 'json';
  return {
    // The runtime stops workers gracefully on these.
    shutdownSignals: ['SIGINT', 'SIGTERM'],
    logger: json ? jsonLogger(log.level) : new DefaultLogger(log.level),
    telemetryOptions: {
      // The native core writes lines of its own form, unless they are forwarded, which delays all lines by 100 ms.
      ...(json ? { logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } } : {}),
      ...(metrics === undefined
        ? {}
        : {
            metrics: {
              prometheus: {
                bindAddress: metrics,
                // Names and units as Prometheus wants them.
                countersTotalSuffix: true,
                unitSuffix: true,
                useSecondsForDurations: true,
                histogramBucketOverrides: BUCKETS,
              },
            },
          }),
    },
  };
}

/** What a worker takes at a time, how it asks for it, and how it stops. `httpTimeoutMs`: of one request to a cloud. */
export function workerOptions({ steps, version }: OperationSettings, httpTimeoutMs: number): Partial<WorkerOptions> {
  return {
    // Two fixed limits: workflow tasks are computing, so the SDK's 40 are more than its one thread fills; steps are waiting.
    maxConcurrentActivityTaskExecutions: steps,
    // An idle worker holds a few polls open, and a burst of runs gets more at once.
    workflowTaskPollerBehavior: { type: 'autoscaling' },
    activityTaskPollerBehavior: { type: 'autoscaling' },
    shutdownGraceTime: GRACE * httpTimeoutMs,
    ...(version === undefined
      ? {}
      : {
          workerDeploymentOptions: {
            version,
            useWorkerVersioning: true,
            // What makes things ends on the code that it began with; which workflows do not: `src/workflows/versioning.ts`.
            defaultVersioningBehavior: 'PINNED',
          },
        }),
  };
}
