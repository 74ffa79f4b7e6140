/**
 * The serial console's memory: what os-getConsoleOutput reads. Bounded, as the hypervisor's log is, so that a chatty guest cannot
 * eat the simulator. The one rule: nothing is ever written here but what a kernel, an init or the guest's own programs would print.
 */
import { fromBytes } from './bytes.js';
import type { Sink } from './streams.js';

/** Keeps the last `capacity` bytes written. */
export class ConsoleLog implements Sink {
  readonly #capacity: number;
  #chunks: string[] = [];
  #size = 0;

  /** @param capacity bytes kept; older ones are dropped. @default 262144 */
  constructor(capacity = 256 * 1024) {
    this.#capacity = capacity;
  }

  write(data: string): void {
    if (data === '') return;
    this.#chunks.push(data);
    this.#size += data.length;
    while (this.#size > this.#capacity) {
      const first = this.#chunks[0] ?? '';
      const excess = this.#size - this.#capacity;
      if (first.length <= excess) this.#chunks.shift();
      else this.#chunks[0] = first.slice(excess);
      this.#size -= Math.min(first.length, excess);
    }
  }

  /** Everything kept, as text. */
  text(): string {
    const all = this.#chunks.join('');
    this.#chunks = all === '' ? [] : [all];
    return fromBytes(all);
  }

  /**
   * The last `lines` lines, as Nova's `length` argument asks; all without it.
   * @param lines number of lines; undefined or negative for all
   */
  tail(lines?: number): string {
    const text = this.text();
    if (lines === undefined || lines < 0) return text;
    if (lines === 0) return '';
    const all = text.endsWith('\n') ? text.slice(0, -1).split('\n') : text.split('\n');
    return `${all.slice(-lines).join('\n')}${text.endsWith('\n') ? '\n' : ''}`;
  }
}
