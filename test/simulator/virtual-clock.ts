/**
 * Time for tests that passes only when nothing else is left to do, so that what a guest prints does not depend on how busy the
 * machine is: a simulated minute takes as long as its events take, and "3 packets" is 3 on every machine.
 * The one rule: at each turn of the event loop at most one sleeper is woken, the earliest, and of those at one moment the first to
 * have come. All that a guest does between two waits it does in promises, and those are over before a turn is; so whoever is woken
 * has done all that it can do before time goes on. For the same reason the network that a test gives a guest must answer without
 * real input or output, and a test that wants to look at a certain moment sleeps by the guest's clock, not by its own.
 */
import type { Clock } from '../../src/simulator/guest/index.js';

interface Sleeper {
  readonly due: number;
  readonly wake: () => void;
}

/** A clock that jumps to the next thing that is waited for. */
export class VirtualClock implements Clock {
  #now = Date.UTC(2026, 0, 1);
  /** In the order of their coming. */
  readonly #sleepers = new Set<Sleeper>();
  #turn: NodeJS.Immediate | undefined;

  now(): number {
    return this.#now;
  }

  /** How many wait for this clock; none once every guest on it has stopped. */
  get sleepers(): number {
    return this.#sleepers.size;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', abort);
        this.#schedule();
      };
      const abort = (): void => {
        leave();
        reject(signal?.reason);
      };
      const wake = (): void => {
        leave();
        resolve();
      };
      // What is not a number is no wait either, as with a timer of the host.
      const sleeper = { due: this.#now + (Math.max(0, ms) || 0), wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', abort, { once: true });
      this.#schedule();
    });
  }

  /**
   * Computing takes no time, so that it does not blur what is measured in a test. Only the rest that a guest is made to take when it
   * computes without end passes by this clock: otherwise `timeout 5` over an endless loop would never end.
   */
  giveWay(restMs: number, signal?: AbortSignal): Promise<void> {
    return this.sleep(restMs, signal);
  }

  /** Asks for a turn if anyone waits, and for none otherwise, so that nothing of this clock outlives its sleepers. */
  #schedule(): void {
    if (this.#sleepers.size === 0) {
      clearImmediate(this.#turn);
      this.#turn = undefined;
    } else
      this.#turn ??= setImmediate(() => {
        this.#turn = undefined;
        this.#wakeNext();
      });
  }

  #wakeNext(): void {
    let next: Sleeper | undefined;
    for (const sleeper of this.#sleepers) if (next === undefined || sleeper.due < next.due) next = sleeper;
    if (next === undefined) return;
    this.#now = next.due;
    next.wake();
  }
}
