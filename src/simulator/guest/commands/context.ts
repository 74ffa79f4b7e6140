/**
 * What a program gets when it is started: its words, environment and streams, and helpers that all programs share.
 * The one rule: a program reads files through `input`, so that "No such file" is said in one way and `-` means standard input.
 */
import { absolute, FileError } from '../files.js';
import type { Machine } from '../machine.js';
import type { Process } from '../process.js';
import { Io } from '../shell/io.js';
import { Reader } from '../streams.js';

/** A program: reads its context, writes to it, returns its exit status. */
export type Program = (context: CommandContext) => Promise<number>;

export class CommandContext extends Io {
  /** As it was called; programs that print their name print this. */
  readonly name: string;
  readonly args: readonly string[];
  readonly environment: ReadonlyMap<string, string>;
  readonly cwd: string;

  constructor(
    machine: Machine,
    process: Process,
    name: string,
    args: readonly string[],
    environment: ReadonlyMap<string, string>,
    cwd: string,
  ) {
    super(machine, process);
    this.name = name.slice(name.lastIndexOf('/') + 1);
    this.args = args;
    this.environment = environment;
    this.cwd = cwd;
  }

  path(given: string): string {
    return absolute(given, this.cwd);
  }

  /** Says `name: message` on standard error. @returns `status` */
  async fail(message: string, status = 1): Promise<number> {
    await this.err(`${this.name}: ${message}\n`);
    return status;
  }

  /** A reader over a file, or standard input for `-`; undefined, and a message, if it cannot be opened. */
  async open(given: string): Promise<Reader | undefined> {
    if (given === '-' || given === '/dev/stdin') return this.input ?? Reader.of('');
    try {
      const node = this.machine.files.get(this.path(given));
      if (node?.kind === 'device') return node.open().reader ?? Reader.of('');
      return Reader.of(this.machine.files.read(this.path(given)));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      const busybox = this.machine.userSpace === 'busybox';
      await this.fail(busybox ? `can't open '${given}': ${error.message}` : `${given}: ${error.message}`);
      return undefined;
    }
  }

  /** Readers over the files named, or standard input if there are none. `failed` counts those that could not be opened. */
  async *inputs(files: readonly string[]): AsyncGenerator<{ readonly name: string; readonly reader: Reader }> {
    for (const name of files.length > 0 ? files : ['-']) {
      const reader = await this.open(name);
      if (reader) yield { name, reader };
      else this.failed += 1;
    }
  }

  failed = 0;

  /** All lines of the files named (or of standard input), without their newlines. */
  async lines(files: readonly string[]): Promise<string[]> {
    const out: string[] = [];
    for await (const { reader } of this.inputs(files)) {
      for (let line = await this.line(reader); line !== undefined; line = await this.line(reader)) {
        out.push(line.endsWith('\n') ? line.slice(0, -1) : line);
      }
    }
    return out;
  }

  /** Runs a file operation; a failure is said as `name: what: reason`. */
  async attempt(what: string, operation: () => void): Promise<boolean> {
    try {
      operation();
      return true;
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      await this.fail(`${what}: ${error.message}`);
      return false;
    }
  }
}
