/**
 * How a command that owns processes and folders is ended from outside: the first Ctrl-C asks it to wind down, a second one, SIGTERM or SIGHUP end it at once.
 * The rule: at once means synchronously. Whoever makes something that must not outlive the process hangs its end on `atOnce`, or puts it into `onExit`.
 */
import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** One press of Ctrl-C may come twice: from the terminal, and passed on by npm or the bootstrap. */
const SAME_PRESS_MS = 400;

export class Signals {
  /** Fires at the first Ctrl-C. */
  readonly asked: AbortSignal;
  /** Fires when the process is about to end. */
  readonly atOnce: AbortSignal;
  private readonly ask = new AbortController();
  private readonly end = new AbortController();
  private readonly ends: (() => void)[] = [];
  private lastPress = Number.NEGATIVE_INFINITY;

  constructor() {
    this.asked = this.ask.signal;
    this.atOnce = this.end.signal;
    for (const signal of SIGNALS) process.on(signal, this.heard);
  }

  /** Runs when the process is ended at once. */
  onExit(work: () => void): void {
    this.ends.push(work);
  }

  /** Ctrl-C as a key: a terminal in raw mode sends no signal. */
  readonly press = (): void => this.heard('SIGINT');

  close(): void {
    for (const signal of SIGNALS) process.off(signal, this.heard);
  }

  private readonly heard = (signal: NodeJS.Signals): void => {
    if (signal === 'SIGINT') {
      const now = performance.now();
      const again = now - this.lastPress < SAME_PRESS_MS;
      this.lastPress = now;
      if (again) return;
      if (!this.asked.aborted) {
        this.ask.abort();
        return;
      }
    }
    this.end.abort();
    for (const work of this.ends) work();
    process.exit(128 + constants.signals[signal]);
  };
}
