/**
 * One run of a VPN's workflow: its result, its progress once or as it goes, its cancellation.
 * The rule: a worker that is silent for a while does not end a watch; what was last known is shown, and said to be so.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CancelledFailure,
  isGrpcServiceError,
  TerminatedFailure,
  WorkflowFailedError,
  type WorkflowHandle,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { type AttemptLedger, type Leftover, PROGRESS_QUERY, type Progress } from '../workflows/protocol.js';
import { VpnCancelledError, VpnFailedError, VpnNotFoundError } from './errors.js';
import { firstOf, timeOf } from './event-values.js';

/** An activity that runs or waits for its next try. Times in epoch milliseconds. */
export interface PendingStep {
  readonly activity: string;
  /** The step it is for; none for what looks at a whole VPN. */
  readonly step?: string;
  readonly attempt: number;
  /** When its first attempt failed. */
  readonly failingSince?: number;
  /** Which call failed last, and with what. */
  readonly lastFailure?: string;
  readonly nextTryAt?: number;
}

export interface RunStatus {
  readonly vpn: string;
  readonly operation: string;
  readonly runId: string;
  /** Temporal's word: `RUNNING`, `COMPLETED`, `FAILED`, `CANCELLED`, `TERMINATED`. */
  readonly state: string;
  readonly startedAt: number;
  readonly endedAt?: number;
  /** `silent`: no worker answers, so `progress` is what was last known. */
  readonly worker: 'answers' | 'silent';
  readonly progress?: Progress;
  readonly pending: readonly PendingStep[];
}

const POLL_MS = 400;

export class VpnRun<R> {
  constructor(
    readonly vpn: string,
    private readonly handle: WorkflowHandle,
    /** It ran already, for the same spec. */
    readonly joined: boolean,
  ) {}

  /** Waits for the end. Throws VpnFailedError or VpnCancelledError. */
  async result(): Promise<R> {
    try {
      return (await this.handle.result()) as R;
    } catch (error) {
      throw endOf(this.vpn, error);
    }
  }

  async cancel(): Promise<void> {
    await this.handle.cancel();
  }

  /** How it stands now. `last`: progress to fall back on while no worker answers. */
  async status(last?: Progress): Promise<RunStatus> {
    const description = await this.handle.describe().catch((error: unknown) => {
      throw error instanceof WorkflowNotFoundError ? new VpnNotFoundError(this.vpn) : error;
    });
    const { progress, worker } = await this.query(last);
    const pending = (description.raw.pendingActivities ?? []).map((activity): PendingStep => {
      const { activityType, attempt, lastFailure, scheduledTime } = activity;
      const next = timeOf(scheduledTime);
      // What the last attempt said of itself.
      const { step, failingSince } = firstOf<AttemptLedger>(activity.heartbeatDetails);
      return {
        activity: activityType?.name ?? '',
        ...(step === undefined ? {} : { step }),
        attempt: attempt ?? 1,
        ...(failingSince === undefined ? {} : { failingSince }),
        ...(lastFailure?.message ? { lastFailure: lastFailure.message } : {}),
        ...(next > Date.now() ? { nextTryAt: next } : {}),
      };
    });
    return {
      vpn: this.vpn,
      operation: description.type,
      runId: description.runId,
      state: description.status.name,
      startedAt: description.startTime.getTime(),
      ...(description.closeTime === undefined ? {} : { endedAt: description.closeTime.getTime() }),
      worker,
      ...(progress === undefined ? {} : { progress }),
      pending,
    };
  }

  /** Statuses until the run has ended; the last one is of the end. Stops early, at once, when `signal` fires. */
  async *watch(signal?: AbortSignal): AsyncGenerator<RunStatus> {
    let last: Progress | undefined;
    for (;;) {
      const status = await unlessAborted(this.status(last), signal);
      if (status === undefined) return;
      last = status.progress;
      yield status;
      if (status.state !== 'RUNNING') return;
      await unlessAborted(sleep(POLL_MS), signal);
    }
  }

  private async query(last: Progress | undefined): Promise<Pick<RunStatus, 'progress' | 'worker'>> {
    try {
      return { progress: await this.handle.query<Progress>(PROGRESS_QUERY), worker: 'answers' };
    } catch (error) {
      if (!isGrpcServiceError(error) && !(error instanceof Error)) throw error;
      return { ...(last === undefined ? {} : { progress: last }), worker: 'silent' };
    }
  }
}

/** What comes of the work, or undefined once the signal has fired. The signal keeps no trace of work that is over: a watch may last for days. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T | undefined> {
  if (signal === undefined) return work;
  let stop = () => {};
  const aborted = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function endOf(vpn: string, error: unknown): unknown {
  if (!(error instanceof WorkflowFailedError)) return error;
  if (error.cause instanceof CancelledFailure)
    return new VpnCancelledError(vpn, `${vpn} was cancelled; the clouds are as they were before`);
  if (error.cause instanceof TerminatedFailure) {
    return new VpnCancelledError(
      vpn,
      `the run of ${vpn} was terminated, which no rollback survives. Remove what it left with: regionlink destroy ${vpn}`,
    );
  }
  const { cause } = error;
  if (!(cause instanceof ApplicationFailure)) return new VpnFailedError(vpn, 'Unexpected', String(cause?.message), []);
  const [details] = (cause.details ?? []) as { leftovers?: readonly Leftover[] }[];
  return new VpnFailedError(vpn, cause.type ?? 'Unexpected', cause.message, details?.leftovers ?? []);
}
