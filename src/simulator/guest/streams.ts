/**
 * What file descriptors point at: readers with a shared position, sinks, pipes, and the counting of who still holds them open.
 * Counting matters: `x=$(sleep 5 &)` waits five seconds on a real machine because the background job holds the pipe, and scripts
 * that stream (`ping … | while read`) must see each line when it is written, not when the writer ends.
 * The one rule: whoever puts an OpenFile into a descriptor table retains it, and releases it exactly once.
 */

/** Writing to a pipe that nobody reads any more; the writer dies with status 141 as of SIGPIPE. */
export class BrokenPipe extends Error {
  override readonly name = 'BrokenPipe';
}

/** Accepts byte strings; a pending promise is back-pressure. */
export interface Sink {
  write(data: string): Promise<void> | void;
}

/** Reads byte strings with one position, shared by all who hold it (as `while read …; done < file` needs). */
export class Reader {
  #buffer = '';
  #ended = false;
  readonly #pull: () => Promise<string | undefined> | string | undefined;

  /** @param pull the next bytes, or undefined at the end */
  constructor(pull: () => Promise<string | undefined> | string | undefined) {
    this.#pull = pull;
  }

  /** A reader over bytes that are all there. */
  static of(text: string): Reader {
    let rest: string | undefined = text;
    return new Reader(() => {
      const now = rest;
      rest = undefined;
      return now;
    });
  }

  /** Whatever comes next, undefined at the end. */
  async chunk(): Promise<string | undefined> {
    if (this.#buffer !== '') {
      const out = this.#buffer;
      this.#buffer = '';
      return out;
    }
    return this.#next();
  }

  /** The next line with its newline; the last one may lack it. Undefined at the end. */
  async line(): Promise<string | undefined> {
    let from = 0;
    for (;;) {
      const at = this.#buffer.indexOf('\n', from);
      if (at >= 0) return this.#take(at + 1);
      from = this.#buffer.length;
      const more = await this.#next();
      if (more === undefined) return this.#buffer === '' ? undefined : this.#take(this.#buffer.length);
      this.#buffer += more;
    }
  }

  /** At most `count` bytes, fewer only at the end. */
  async bytes(count: number): Promise<string> {
    while (this.#buffer.length < count) {
      const more = await this.#next();
      if (more === undefined) break;
      this.#buffer += more;
    }
    return this.#take(Math.min(count, this.#buffer.length));
  }

  async #next(): Promise<string | undefined> {
    while (!this.#ended) {
      const more = await this.#pull();
      if (more === undefined) this.#ended = true;
      else if (more !== '') return more;
    }
    return undefined;
  }

  #take(length: number): string {
    const out = this.#buffer.slice(0, length);
    this.#buffer = this.#buffer.slice(length);
    return out;
  }
}

/** What a descriptor refers to; closed when the last holder has released it. */
export class OpenFile {
  readonly reader: Reader | undefined;
  readonly sink: Sink | undefined;
  /** Resolves when nobody holds it any more. */
  readonly closed: Promise<void>;
  #holders = 0;
  #onClosed: () => void = () => {};

  constructor(ends: { reader?: Reader; sink?: Sink }) {
    this.reader = ends.reader;
    this.sink = ends.sink;
    this.closed = new Promise((resolve) => {
      this.#onClosed = resolve;
    });
  }

  retain(): this {
    this.#holders += 1;
    return this;
  }

  release(): void {
    this.#holders -= 1;
    if (this.#holders === 0) this.#onClosed();
  }
}

const PIPE_CAPACITY = 65_536;

/** A pipe of 64 KiB, as Linux makes it: two open files, one to write and one to read. */
export function makePipe(): { readonly input: OpenFile; readonly output: OpenFile } {
  let held = '';
  let writerGone = false;
  let readerGone = false;
  let wake: (() => void)[] = [];
  const stir = (): void => {
    const waiting = wake;
    wake = [];
    for (const resolve of waiting) resolve();
  };
  const change = (): Promise<void> => new Promise((resolve) => wake.push(resolve));

  const input = new OpenFile({
    sink: {
      async write(data) {
        while (held.length >= PIPE_CAPACITY && !readerGone) await change();
        if (readerGone) throw new BrokenPipe();
        held += data;
        stir();
      },
    },
  });
  const output = new OpenFile({
    reader: new Reader(async () => {
      while (held === '' && !writerGone) await change();
      if (held === '') return undefined;
      const out = held;
      held = '';
      stir();
      return out;
    }),
  });
  void input.closed.then(() => {
    writerGone = true;
    stir();
  });
  void output.closed.then(() => {
    readerGone = true;
    stir();
  });
  return { input, output };
}
