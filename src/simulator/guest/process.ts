/**
 * Processes of a guest: something that runs, can be waited for and killed, and holds descriptors open.
 * The one rule: whatever a process waits for, it waits for through `guard`, so that a kill (or the server's deletion) ends it at once.
 */
import type { OpenFile } from './streams.js';

/** Signals that scripts name, with their Linux numbers. */
export const SIGNALS: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  KILL: 9,
  USR1: 10,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
};

/** The name of a signal given as `TERM`, `SIGTERM` or `15`; undefined if there is none such. */
export function signalName(given: string): string | undefined {
  const bare = given.toUpperCase().replace(/^SIG/, '');
  if (bare in SIGNALS) return bare;
  return Object.keys(SIGNALS).find((name) => String(SIGNALS[name]) === bare);
}

/** Unwinds a process that a signal has ended. */
export class Killed extends Error {
  override readonly name = 'Killed';
  readonly signal: string;

  constructor(signal: string) {
    super(`killed by SIG${signal}`);
    this.signal = signal;
  }

  /** What `$?` shows for it. */
  get status(): number {
    return 128 + (SIGNALS[this.signal] ?? 15);
  }
}

/** One process: descriptors, signal dispositions and an end. */
export class Process {
  readonly pid: number;
  readonly parent: number;
  readonly fds = new Map<number, OpenFile>();
  /** `ignore` drops a signal, a function handles it; without an entry it kills. */
  readonly dispositions = new Map<string, 'ignore' | (() => void)>();
  readonly done: Promise<number>;
  status: number | undefined;
  /** The signal that ended it, if one did. */
  killedBy: string | undefined;
  command = 'sh';
  readonly #controller = new AbortController();
  readonly #table: ProcessTable;
  #finish: (status: number) => void = () => {};

  constructor(table: ProcessTable, pid: number, parent: number) {
    this.#table = table;
    this.pid = pid;
    this.parent = parent;
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  /** Aborted, with a {@link Killed} as reason, once a signal has ended this process. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Delivers a signal. */
  kill(signal: string): void {
    if (this.status !== undefined) return;
    const disposition = signal === 'KILL' ? undefined : this.dispositions.get(signal);
    if (disposition === 'ignore') return;
    if (disposition) disposition();
    else {
      this.killedBy = signal;
      this.#controller.abort(new Killed(signal));
    }
  }

  /** The result of `pending`, unless a signal comes first. @throws Killed */
  async guard<T>(pending: Promise<T> | T): Promise<T> {
    // Once this process is killed nobody waits for it any more, and it may still fail: a pipe whose reader was killed first.
    if (pending instanceof Promise) pending.catch(() => {});
    this.signal.throwIfAborted();
    if (!(pending instanceof Promise)) return pending;
    let stop: () => void = () => {};
    const killed = new Promise<never>((_, reject) => {
      stop = () => reject(this.signal.reason);
      this.signal.addEventListener('abort', stop, { once: true });
    });
    try {
      return await Promise.race([pending, killed]);
    } finally {
      this.signal.removeEventListener('abort', stop);
    }
  }

  /** Gives this process the descriptors of another. */
  inherit(from: ReadonlyMap<number, OpenFile>): void {
    for (const [fd, file] of from) this.setFd(fd, file);
  }

  /** Points a descriptor at a file, or closes it. */
  setFd(fd: number, file: OpenFile | undefined): void {
    file?.retain();
    this.fds.get(fd)?.release();
    if (file) this.fds.set(fd, file);
    else this.fds.delete(fd);
  }

  /** Ends the process: closes all it holds and tells whoever waits. */
  end(status: number): void {
    if (this.status !== undefined) return;
    this.status = status;
    for (const fd of [...this.fds.keys()]) this.setFd(fd, undefined);
    this.#table.forget(this);
    this.#finish(status);
  }
}

/** All processes of one guest. */
export class ProcessTable {
  readonly #alive = new Map<number, Process>();
  #nextPid = 300;
  #stopped = false;

  /** A new process, child of `parent` (pid), without descriptors. */
  spawn(parent: number): Process {
    this.#nextPid += 1;
    const process = new Process(this, this.#nextPid, parent);
    this.#alive.set(process.pid, process);
    if (this.#stopped) process.kill('KILL');
    return process;
  }

  get(pid: number): Process | undefined {
    return this.#alive.get(pid);
  }

  all(): readonly Process[] {
    return [...this.#alive.values()];
  }

  forget(process: Process): void {
    this.#alive.delete(process.pid);
  }

  /** Kills everything, now and whatever is still to be started. */
  stop(): void {
    this.#stopped = true;
    for (const process of this.all()) process.kill('KILL');
  }
}
