/**
 * One run of a VPN's workflow: its result, its progress once or as it goes, its cancellation.
 * The rule: a worker that is silent for a while does not end a watch; what was last known is shown, and said to be so.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CancelledFailure,
  isGrpcServiceError,
  TerminatedFailure,
  type WorkflowExecutionStatusName,
  WorkflowFailedError,
  type WorkflowHandle,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { FAILURES } from '../workflows/failure-types.js';
import {
  type AttemptLedger,
  type DESTROY,
  type FailureType,
  type Leftover,
  PROGRESS_QUERY,
  type PROVISION,
  type Progress,
  type SWEEP,
} from '../workflows/protocol.js';
import { VpnCancelledError, VpnFailedError, VpnNotFoundError, WorkerSilentError } from './errors.js';
import { firstOf, timeOf } from './event-values.js';
import { GRPC, grpcErrorOf } from './grpc-status.js';

/** What changes a VPN, and so runs under its name. */
export type Operation = typeof PROVISION | typeof DESTROY | typeof SWEEP;

/** How a run stands, in Temporal's words. */
export type RunState = WorkflowExecutionStatusName;

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
  readonly operation: Operation;
  readonly runId: string;
  readonly state: RunState;
  readonly startedAt: number;
  readonly endedAt?: number;
  /** `silent`: no worker answers, so `progress` is what was last known. */
  readonly worker: 'answers' | 'silent';
  readonly progress?: Progress;
  readonly pending: readonly PendingStep[];
}

/** Of a run: its progress now, once it is awaited; or, in a `for await`, that and every change of it until the run has ended. */
export interface ProgressReport extends PromiseLike<Progress>, AsyncIterable<Progress> {}

const POLL_MS = 400;

/** A worker answers at once, or within seconds where it has to replay the run. */
const ANSWER_MS = 10_000;

/** Of a query that no worker took; the second where none has been there lately. */
const WITHOUT_WORKER: ReadonlySet<number> = new Set([GRPC.deadlineExceeded, GRPC.failedPrecondition]);

/** A run of an operation on a VPN, to be waited for, followed or cancelled. It goes on whether or not anyone holds this. */
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

  /**
   * Phase and steps: `await run.progress()` for now, `for await (const progress of run.progress())` for now and each change until the run has ended. Either works
   * on a run that has ended. Awaited, it throws WorkerSilentError where no worker answers; iterated, it goes on once one does.
   *
   * @param signal Ends the iteration early, at once.
   */
  progress(signal?: AbortSignal): ProgressReport {
    return {
      // biome-ignore lint/suspicious/noThenProperty: it is to be awaited, and asks nobody before
      then: (done, failed) => this.ask().then(done, failed),
      [Symbol.asyncIterator]: () => this.changes(signal),
    };
  }

  /** Asks for the run to end; it rolls back by itself. Returns at once. */
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
      // No other type runs under this id.
      operation: description.type as Operation,
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

  private async ask(): Promise<Progress> {
    try {
      return await this.answer();
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw new VpnNotFoundError(this.vpn);
      const refused = grpcErrorOf(error);
      if (refused !== undefined && WITHOUT_WORKER.has(refused.code))
        throw new WorkerSilentError(this.vpn, refused.details);
      throw error;
    }
  }

  private async *changes(signal: AbortSignal | undefined): AsyncGenerator<Progress> {
    let before = '';
    for await (const { progress } of this.watch(signal)) {
      const now = JSON.stringify(progress);
      if (progress !== undefined && now !== before) yield progress;
      before = now ?? before;
    }
  }

  private answer(): Promise<Progress> {
    const { client } = this.handle;
    return client.withDeadline(Date.now() + ANSWER_MS, () => this.handle.query<Progress>(PROGRESS_QUERY));
  }

  private async query(last: Progress | undefined): Promise<Pick<RunStatus, 'progress' | 'worker'>> {
    try {
      return { progress: await this.answer(), worker: 'answers' };
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
  return new VpnFailedError(vpn, publishedType(cause.type), cause.message, details?.leftovers ?? []);
}

/** One of a later release is none that callers of this one could decide by. */
function publishedType(type: string | null | undefined): FailureType {
  return type && Object.hasOwn(FAILURES, type) ? (type as FailureType) : 'Unexpected';
}
