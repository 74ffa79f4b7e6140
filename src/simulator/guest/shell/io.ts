/**
 * Standard input, output and error of a running command, as built-ins and programs use them.
 * The one rule: every wait goes through the process's guard, so that a kill interrupts it.
 */
import type { Machine } from '../machine.js';
import type { Process } from '../process.js';
import type { OpenFile, Reader } from '../streams.js';
import type { Shell } from './shell.js';

/** Streams and waiting of one command; the descriptors are those at its start. */
export class Io {
  readonly machine: Machine;
  readonly process: Process;
  readonly #fds: ReadonlyMap<number, OpenFile>;

  constructor(machine: Machine, process: Process) {
    this.machine = machine;
    this.process = process;
    this.#fds = new Map(process.fds);
  }

  /** Standard input; undefined if it is closed or not readable. */
  get input(): Reader | undefined {
    return this.#fds.get(0)?.reader;
  }

  /** Whether standard output is open. */
  get writable(): boolean {
    return this.#fds.get(1)?.sink !== undefined;
  }

  async out(text: string): Promise<void> {
    await this.#write(1, text);
  }

  async err(text: string): Promise<void> {
    await this.#write(2, text);
  }

  /** The next line of `from` with its newline, undefined at the end. */
  async line(from: Reader | undefined = this.input): Promise<string | undefined> {
    await this.machine.budget.step();
    return from && this.process.guard(from.line());
  }

  async chunk(from: Reader | undefined = this.input): Promise<string | undefined> {
    await this.machine.budget.step();
    return from && this.process.guard(from.chunk());
  }

  /** All that is left of `from`. */
  async all(from: Reader | undefined = this.input): Promise<string> {
    const parts: string[] = [];
    for (let part = await this.chunk(from); part !== undefined; part = await this.chunk(from)) parts.push(part);
    return parts.join('');
  }

  /** Waits simulated milliseconds. @throws Killed */
  async sleep(ms: number): Promise<void> {
    this.machine.budget.slept();
    await this.machine.clock.sleep(ms, this.process.signal);
  }

  async #write(fd: number, text: string): Promise<void> {
    if (text === '') return;
    await this.machine.budget.step();
    const pending = this.#fds.get(fd)?.sink?.write(text);
    if (pending) await this.process.guard(pending);
    else this.process.signal.throwIfAborted();
  }
}

/** Io of a built-in. */
export class ShellIo extends Io {
  constructor(shell: Shell) {
    super(shell.machine, shell.process);
  }
}
