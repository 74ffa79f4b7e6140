/**
 * What a worker tells of its work as it goes: a line of log and a count for each attempt of a step and each request to a cloud.
 * The rule: it only looks. Nothing here changes what a step does or how it ends.
 */
import { type Context, log } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { RequestReport } from '../openstack/traffic.js';
import type { Metrics, Outcome } from './metrics.js';

/** Adds VPN and step to every line that is logged while a step runs, and tells how its attempt ended. */
export function observeSteps(metrics: Metrics): ActivityInterceptorsFactory {
  return (context) => {
    const { activityType, attempt, workflowExecution } = context.info;
    const vpn = vpnOf(workflowExecution?.workflowId);
    let step: string | undefined;
    return {
      inbound: {
        async execute(input, next) {
          step = stepOf(input.args[0]);
          const began = performance.now();
          const end = (outcome: Outcome): number => {
            const tookMs = performance.now() - began;
            metrics.attempt(activityType, outcome, attempt, tookMs);
            return Math.round(tookMs);
          };
          try {
            const output = await next(input);
            log.info('step done', { durationMs: end('done'), ...effectOf(output) });
            return output;
          } catch (error) {
            // The SDK logs it, at "warn", with what was thrown.
            end(outcomeOf(error, context));
            throw error;
          }
        },
      },
      outbound: {
        getLogAttributes: (input, next) => next({ ...input, ...defined({ vpn, step }) }),
      },
    };
  };
}

/** Tells a request: at "info" where it changes a cloud or went wrong, else at "debug". */
export function observeRequests(metrics: Metrics): (report: RequestReport) => void {
  return (report) => {
    metrics.request(report);
    const { method, path, service, region, status, code, type, requestId, waitedMs, tookMs } = report;
    const fields = defined({ service, region, method, path, status, code, type, requestId });
    const matters = method !== 'GET' || code !== undefined || (status ?? 0) >= 400;
    log[matters ? 'info' : 'debug']('request', {
      ...fields,
      durationMs: Math.round(tookMs),
      waitedMs: Math.round(waitedMs),
    });
  };
}

/** All runs over a VPN have its name in their id (`workflowIdOf`). */
function vpnOf(workflowId: string | undefined): string | undefined {
  return /^vpn\/([^/]+)/.exec(workflowId ?? '')?.[1];
}

/** The key of the step that an activity's argument names; some activities are of no step. */
function stepOf(input: unknown): string | undefined {
  const { step } = (input ?? {}) as { step?: string | { key?: string } };
  return typeof step === 'object' ? step.key : step;
}

/** What a step did, and to which resource. */
function effectOf(output: unknown): Record<string, unknown> {
  const { action, id } = (output ?? {}) as { action?: unknown; id?: unknown };
  return defined({ action, id });
}

function outcomeOf(error: unknown, { cancellationDetails }: Context): Outcome {
  if (cancellationDetails?.cancelRequested) return 'stopped';
  return error instanceof ApplicationFailure && error.nonRetryable ? 'failed' : 'retry';
}

function defined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
