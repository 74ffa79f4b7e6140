/**
 * A guest sleeps and measures by the simulator's time, so that a suite may let a simulated minute pass in a moment.
 * The one rule: nothing in a guest reads Date or sets a timer but through this interface; every wait takes a signal, because a
 * deleted server must stop at once and leave no timer behind.
 */
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';

/** Time as the inside of the simulator sees it. */
export interface Clock {
  /** Milliseconds since 1970, simulated. */
  now(): number;
  /**
   * Waits `ms` simulated milliseconds.
   * @throws the signal's reason as soon as the signal is aborted
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Lets everything else in this process run, as a guest that computes without waiting has to now and then. It stands here because
   * a clock that is not the host's can know that a guest is at rest only if all that is not a promise goes through the clock.
   * @param restMs how long to leave the host's processor to others, in the host's milliseconds; 0 is one turn of the event loop
   * @throws the signal's reason as soon as the signal is aborted
   */
  giveWay(restMs: number, signal?: AbortSignal): Promise<void>;
}

/**
 * A clock that runs `speed` times as fast as the host's.
 * @param speed simulated milliseconds per real millisecond; 1 is real time, 100 makes a simulated second 10 ms
 */
export function scaledClock(speed = 1): Clock {
  const started = Date.now();
  const origin = performance.now();
  return {
    now: () => started + (performance.now() - origin) * speed,
    sleep: (ms, signal) => hostSleep(Math.max(0, ms) / speed, signal),
    giveWay: (restMs, signal) => (restMs > 0 ? hostSleep(restMs, signal) : turn(signal)),
  };
}

async function turn(signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await nextTurn();
  signal?.throwIfAborted();
}

async function hostSleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  try {
    await delay(ms, undefined, signal ? { signal, ref: false } : { ref: false });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
