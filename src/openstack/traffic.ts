/**
 * All requests of one worker to its clouds: each API gets at most so many of them at a time, whatever number of runs want it, and each request is told once it is over.
 * The rule: what waits for its turn has not begun. Its time starts with its turn, and a write asks only then whether it may still be sent.
 */
import { AbortError, OpenStackError, type OpenStackErrorFields } from './errors.js';
import { type CallOptions, type HttpAnswer, type HttpRequest, send } from './http.js';

/**
 * Requests at a time to one API of one region. One run's widest moment is twelve: the lists of all that a destroy may find. Neutron has a process for each one or
 * two that it answers at a time, so what goes beyond waits there instead, against its time. A number at a time, not a rate: a cloud that gets slow gets less.
 */
export const REQUESTS_AT_A_TIME = 16;

/** How long a request waits for its turn, in timeouts of its own: a look, a write and the look after it then still fit into one attempt (`timingOf`). */
const WAITS = 2;

/** A request that is over: what an error tells of it as well, and its times in milliseconds. */
export interface RequestReport extends OpenStackErrorFields {
  /** Until its turn came. */
  readonly waitedMs: number;
  /** From its turn to the end of its answer. */
  readonly tookMs: number;
}

export interface TrafficOptions {
  /** @default REQUESTS_AT_A_TIME */
  readonly atATime?: number | undefined;
  readonly tell?: (report: RequestReport) => void;
}

export class Traffic {
  private readonly queues = new Map<string, Queue>();

  constructor(private readonly options: TrafficOptions = {}) {}

  /**
   * `send` of `http.ts`, in its turn. Where that does not come in time, an OpenStackError that a retry mends. Rejects with AbortError when the signal fires
   * while it waits.
   */
  async send(request: HttpRequest, options: CallOptions): Promise<HttpAnswer> {
    const queue = this.queueOf(request);
    const asked = performance.now();
    const mine = await queue.turn(options.signal, WAITS * options.timeoutMs);
    const began = performance.now();
    const tell = (call: OpenStackErrorFields) =>
      this.options.tell?.({ ...call, waitedMs: began - asked, tookMs: performance.now() - began });
    if (!mine) {
      const error = busy(request, began - asked);
      tell(error.fields);
      throw error;
    }
    try {
      const answer = await send(request, options);
      tell(answer.call);
      return answer;
    } catch (error) {
      if (error instanceof OpenStackError) tell(error.fields);
      throw error;
    } finally {
      queue.next();
    }
  }

  /** One a service, region and address: logins of several projects share it, and so does the cloud behind them. */
  private queueOf({ service, region, url }: HttpRequest): Queue {
    const api = `${service} ${region} ${new URL(url).origin}`;
    const queue = this.queues.get(api) ?? new Queue(this.options.atATime ?? REQUESTS_AT_A_TIME);
    this.queues.set(api, queue);
    return queue;
  }
}

function busy({ service, region, method, url }: HttpRequest, waitedMs: number): OpenStackError {
  return new OpenStackError(
    `not sent: its turn did not come within ${Math.round(waitedMs / 1000)} s, so many requests of this worker are before it; REGIONLINK_API_REQUESTS says how many run at a time`,
    { service, region, method, path: new URL(url).pathname, sent: 'no', code: 'BUSY' },
  );
}

/** First come, first served. */
class Queue {
  private readonly waiting = new Set<() => void>();

  constructor(private free: number) {}

  /** Resolves to true once it is this caller's turn, to false where it is not within so many milliseconds. */
  async turn(signal: AbortSignal | undefined, withinMs: number): Promise<boolean> {
    if (this.free > 0) {
      this.free--;
      return true;
    }
    return new Promise<boolean>((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        this.waiting.delete(go);
      };
      const go = () => {
        leave();
        resolve(true);
      };
      const abort = () => {
        leave();
        reject(new AbortError('cancelled while it waited for its turn'));
      };
      const timer = setTimeout(() => {
        leave();
        resolve(false);
      }, withinMs);
      this.waiting.add(go);
      if (signal?.aborted) abort();
      else signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** Hands the turn that has ended to who has waited longest. */
  next(): void {
    const [first] = this.waiting;
    if (first === undefined) this.free++;
    else first();
  }
}
