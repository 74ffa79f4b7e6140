/** A command on a terminal of its own (a pty, by Python's module), with what its screen shows; and a command without one. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { Screen } from './screen.js';

/** As it is installed: built before the tests (`build.ts`). */
export const COMMAND = [process.execPath, 'dist/cli/main.js'];

/** Why tests of a terminal cannot run here; undefined where they can. */
export const noPty = spawnSync('python3', ['-c', 'import pty']).status === 0 ? undefined : 'Python is missing';

export interface TerminalOptions {
  readonly rows?: number;
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export class Terminal {
  readonly screen: Screen;
  readonly exitCode: Promise<number>;
  /** Everything that was sent to the terminal. */
  sent = '';
  private readonly child: ChildProcess;

  constructor(args: readonly string[], { rows = 24, columns = 80, env = {} }: TerminalOptions = {}) {
    this.screen = new Screen(rows, columns);
    this.child = spawn('python3', ['test/support/terminal.py', String(rows), String(columns), ...args], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, TERM: 'xterm-256color', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.sent += text;
      this.screen.write(text);
    });
    this.exitCode = once(this.child, 'close').then(([code]) => code as number);
  }

  /** Resolves when what was sent matches; rejects when the command has ended without. */
  async shows(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.sent)) {
      if (this.child.exitCode !== null) throw new Error(`ended without ${pattern}:\n${this.screen.text}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  type(text: string): void {
    this.order({ type: text });
  }

  ctrlC(): void {
    this.type('\u0003');
  }

  resize(rows: number, columns: number): void {
    this.screen.resize(rows, columns);
    this.order({ resize: [rows, columns] });
  }

  signal(name: NodeJS.Signals): void {
    this.order({ signal: constants.signals[name] });
  }

  private order(order: unknown): void {
    this.child.stdin?.write(`${JSON.stringify(order)}\n`);
  }
}

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command without a terminal, to its end. */
export async function regionlink(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<Ran> {
  const [program = '', ...before] = COMMAND;
  const child = spawn(program, [...before, ...args], {
    env: { PATH: process.env.PATH, HOME: '/nonexistent', TEMPORAL_ADDRESS: '127.0.0.1:1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stdout, stderr };
}
