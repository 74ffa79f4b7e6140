/**
 * One attempt of an activity: its heartbeat, its cancellation, and what it may still write. Reads stop on cancel; a write in flight is awaited; and no write
 * starts that could outlive the attempt, so that whatever Temporal has given up writes nothing any more.
 * The rule: every call to a cloud goes through `read` or `write`.
 */
import { setMaxListeners } from 'node:events';
import { activityInfo, CancelledFailure, Context, heartbeat } from '@temporalio/activity';
import type { AttemptLedger, Nudge, PastFailure, Timing } from '../workflows/protocol.js';
import { failureOf, isAbort, later, leavesDoubt } from './failures.js';
import { withFailure } from './past-failures.js';

/** Pause before the first look at what is being waited for, in milliseconds, and by how much each further one is longer. */
const FIRST_LOOK_MS = 1_000;
const LOOKS_SLOW_DOWN = 1.3;

/** Times that the second write of a pair is tried before the attempt fails. */
const PAIR_TRIES = 3;

/** Passed to a read: it stops when the step is cancelled. */
export interface ReadOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** Passed to a write: nothing is sent after `notAfter` (epoch milliseconds), asked when its turn has come and the connection stands. */
export interface WriteOptions {
  readonly notAfter: () => number;
  readonly timeoutMs: number;
}

/** The step that an attempt is for: its key, and its resource in words. */
interface StepName {
  readonly key: string;
  readonly title: string;
}

/** Often enough that a cancel is heard within seconds, and six times within what a silent attempt is given up after. In milliseconds. */
export function beatEveryMs({ heartbeatMs }: Timing): number {
  return Math.max(20, Math.min(2_000, heartbeatMs / 6));
}

export class Attempt {
  private readonly startedWall = Date.now();
  private readonly startedMono = performance.now();
  private lastBeat = performance.now();
  private lapsed = false;
  /** Epoch milliseconds of the last write that may still take effect. */
  doubtAt: number | undefined;
  /** Since when the cloud has answered "in use", over all attempts. */
  inUseSince: number | undefined;
  /** What was tried to bring a tunnel up, over all attempts. */
  nudges: readonly Nudge[];
  private failingSince: number | undefined;
  /** What the attempts failed with, this one's own once it has. */
  private failures: readonly PastFailure[];

  private constructor(
    private readonly timing: Timing,
    private readonly step: StepName | undefined,
  ) {
    // Of the calls that wait for their turn; Node warns of more than ten.
    setMaxListeners(0, this.signal);
    const last = activityInfo().heartbeatDetails as AttemptLedger | undefined;
    const { attempt } = activityInfo();
    this.doubtAt = last?.doubtAt;
    this.inUseSince = last?.inUseSince;
    this.nudges = last?.nudges ?? [];
    this.failingSince = last?.failingSince;
    this.failures = last?.failures ?? [];
    if (!predecessorEnded(attempt, last)) {
      this.doubtAt = Date.now();
      this.failures = withFailure(this.failures, LOST, Date.now());
    }
    this.beat(false);
  }

  /**
   * Runs an activity's body as an attempt. What it throws reaches Temporal as an application failure or a cancellation, with its doubts and with the
   * step in its message.
   */
  static async run<T>(timing: Timing, body: (attempt: Attempt) => Promise<T>, step?: StepName): Promise<T> {
    const attempt = new Attempt(timing, step);
    const timer = setInterval(() => attempt.beat(false), beatEveryMs(timing));
    try {
      return await body(attempt);
    } catch (error) {
      attempt.failingSince ??= Date.now();
      throw attempt.translate(error);
    } finally {
      clearInterval(timer);
      attempt.beat(true);
    }
  }

  get signal(): AbortSignal {
    return Context.current().cancellationSignal;
  }

  /** A function of its own, so that it can be handed to who only asks. */
  readonly read = <T>(call: (options: ReadOptions) => Promise<T>): Promise<T> =>
    call({ signal: this.signal, timeoutMs: this.timing.httpTimeoutMs });

  /** Sends a write, if it is certain to end within this attempt. A failure that leaves its effect open is noted as doubt. */
  async write<T>(call: (options: WriteOptions) => Promise<T>): Promise<T> {
    if (this.signal.aborted) throw this.signal.reason;
    return this.send(call);
  }

  /**
   * Two writes of which the second puts right what the first disturbs, with a wait between them. Once the first may have taken effect the second is sent
   * whatever happens: a cancel ends the wait and nothing else. Where the second fails as well, the step's next attempt must look, or its undo.
   */
  async pair(
    first: (options: WriteOptions) => Promise<unknown>,
    between: () => Promise<void>,
    second: (options: WriteOptions) => Promise<unknown>,
  ): Promise<void> {
    try {
      await this.write(first);
    } catch (error) {
      if (!leavesDoubt(error)) throw error;
    }
    try {
      await between();
    } catch {
      // Cancelled, or what was looked for cannot be seen: all the more reason for the second.
    }
    for (let tries = 1; ; tries++) {
      try {
        await this.send(second);
        return;
      } catch (error) {
        if (error instanceof AttemptOver || tries === PAIR_TRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, this.timing.pollMs));
      }
    }
  }

  private async send<T>(call: (options: WriteOptions) => Promise<T>): Promise<T> {
    if (this.notAfter() <= Date.now()) throw new AttemptOver();
    try {
      return await call({ notAfter: this.notAfter, timeoutMs: this.timing.httpTimeoutMs });
    } catch (error) {
      if (leavesDoubt(error)) this.doubtAt = Date.now();
      throw error;
    }
  }

  /** Looks until there is something. Mostly that is soon, so the first pauses are short; none is longer than `pollMs`. */
  async until<T>(look: () => Promise<T | undefined>): Promise<T> {
    for (let pauseMs = FIRST_LOOK_MS; ; pauseMs *= LOOKS_SLOW_DOWN) {
      const found = await look();
      if (found !== undefined) return found;
      await this.pause(Math.min(pauseMs, this.timing.pollMs));
    }
  }

  /** Looks until it is so, or for `ms` milliseconds, whichever is first. */
  async untilOrFor(ms: number, look: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + ms;
    await this.until(async () => (await look()) || Date.now() > deadline || undefined);
  }

  /** Waits, unless cancelled. */
  async pause(ms: number): Promise<void> {
    await Context.current().sleep(ms);
  }

  /** When a write that takes its full time still ends within this attempt, in epoch milliseconds, as things stand now: other requests may be before it for long. */
  private readonly notAfter = (): number =>
    this.lapsed ? Number.NEGATIVE_INFINITY : Date.now() + this.msLeft() - this.timing.httpTimeoutMs;

  /** Milliseconds until this attempt may be given up: by its own limit, or because its heartbeat was not heard. */
  private msLeft(): number {
    // Both clocks, and the later one counts: a suspended machine stops the one, a stepped clock misleads the other.
    const elapsed = Math.max(Date.now() - this.startedWall, performance.now() - this.startedMono);
    const silent = performance.now() - this.lastBeat;
    return Math.min(this.timing.attemptMs - elapsed, this.timing.heartbeatMs - silent);
  }

  private beat(ended: boolean): void {
    // A process that was frozen beats again when it wakes. That beat comes too late, so the silence before it is remembered.
    if (performance.now() - this.lastBeat > this.timing.heartbeatMs / 2) this.lapsed = true;
    this.lastBeat = performance.now();
    heartbeat({
      attempt: activityInfo().attempt,
      ended,
      ...(this.doubtAt === undefined ? {} : { doubtAt: this.doubtAt }),
      ...(this.inUseSince === undefined ? {} : { inUseSince: this.inUseSince }),
      ...(this.nudges.length === 0 ? {} : { nudges: this.nudges }),
      ...(this.failingSince === undefined ? {} : { failingSince: this.failingSince }),
      ...(this.failures.length === 0 ? {} : { failures: this.failures }),
      ...(this.step === undefined ? {} : { step: this.step.key }),
    } satisfies AttemptLedger);
  }

  private translate(error: unknown): Error {
    const doubt = this.doubtAt === undefined ? {} : { doubtAt: this.doubtAt };
    const stopped = this.signal.aborted && (isAbort(error) || error instanceof CancelledFailure);
    if (stopped && Context.current().cancellationDetails?.cancelRequested) {
      const failures = this.failures.length === 0 ? {} : { failures: this.failures };
      return new CancelledFailure('cancelled', [{ ...doubt, ...failures, certain: true }]);
    }
    const over = stopped ? STOPPED : error instanceof AttemptOver ? error.message : undefined;
    const failure = failureOf(over === undefined ? error : later('AttemptOver', over), doubt);
    this.failures = withFailure(this.failures, failure.message, Date.now());
    return failureOf(
      failure,
      { failures: this.failures },
      this.step === undefined ? '' : `${this.step.title} (${this.step.key}): `,
    );
  }
}

/** Shut down, paused, reset or timed out: not the run's will, so the step is tried again. */
const STOPPED = 'the worker stopped this attempt; it will be tried again';

/** Of an attempt that said nothing more. */
const LOST = 'the attempt was lost with its worker';

/** Whether the attempt before has said that it has ended. One that was reset counts from one again, and what the attempts before said stands. */
function predecessorEnded(attempt: number, last: AttemptLedger | undefined): boolean {
  if (last === undefined) return attempt === 1;
  return last.ended && (attempt === 1 || last.attempt === attempt - 1);
}

/** Too little time left to write safely: nothing was sent. */
class AttemptOver extends Error {
  override readonly name = 'AttemptOver';
  constructor() {
    super(
      'too little time was left in this attempt for a write to end within it; nothing was sent, the next attempt does it',
    );
  }
}
