/**
 * Our own metrics of a worker, beside those that Temporal's SDK keeps: they go through its runtime, so that one address tells all.
 * The rule: a label has few values. VPNs, ids and paths belong in the log.
 */
import type { MetricMeter } from '@temporalio/common';
import type { RequestReport } from '../openstack/traffic.js';
import { RUNS_METRIC } from '../workflows/protocol.js';

/** How an attempt of a step ended. `retry`: it failed, and is tried again; `stopped`: cancelled by its run. */
export type Outcome = 'done' | 'retry' | 'failed' | 'stopped';

/** Upper bounds in seconds: from one fast call to a tunnel that takes its ten minutes. */
const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

const NAMES = {
  attempts: 'regionlink_step_attempts',
  retries: 'regionlink_step_retries',
  duration: 'regionlink_step_attempt_duration',
  requests: 'regionlink_api_request_duration',
  waits: 'regionlink_api_wait_duration',
} as const;

/** All of ours as Prometheus reads them. */
export const METRICS: readonly string[] = [
  `${RUNS_METRIC}_total`,
  `${NAMES.attempts}_total`,
  `${NAMES.retries}_total`,
  `${NAMES.duration}_seconds`,
  `${NAMES.requests}_seconds`,
  `${NAMES.waits}_seconds`,
];

/** Of those of our metrics that are histograms; the SDK's own have bounds of theirs. */
export const BUCKETS: Record<string, number[]> = {
  [NAMES.duration]: SECONDS,
  [NAMES.requests]: SECONDS,
  [NAMES.waits]: SECONDS,
};

export class Metrics {
  private readonly attempts;
  private readonly retries;
  private readonly duration;
  private readonly requests;
  private readonly waits;

  constructor(meter: MetricMeter) {
    this.attempts = meter.createCounter(NAMES.attempts, '', 'Attempts of steps that have ended, by how');
    this.retries = meter.createCounter(NAMES.retries, '', 'Attempts that were not the first of their step');
    this.duration = meter.createHistogram(NAMES.duration, 'float', 'seconds', 'How long an attempt of a step took');
    this.requests = meter.createHistogram(NAMES.requests, 'float', 'seconds', 'How long a cloud took for a request');
    this.waits = meter.createHistogram(NAMES.waits, 'float', 'seconds', 'How long a request waited for its turn');
  }

  /** `activity`: its type, such as `ensureSubnet`. */
  attempt(activity: string, outcome: Outcome, attempt: number, tookMs: number): void {
    this.attempts.add(1, { activity, outcome });
    if (attempt > 1) this.retries.add(1, { activity });
    this.duration.record(tookMs / 1000, { activity });
  }

  request({ service, region, method, status, code, tookMs, waitedMs }: RequestReport): void {
    const api = { service, region };
    this.requests.record(tookMs / 1000, { ...api, method, answer: status ?? code ?? 'none' });
    this.waits.record(waitedMs / 1000, api);
  }
}
