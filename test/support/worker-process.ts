/**
 * A worker as a process of its own, as in production, so that it can be killed or frozen.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Simulator } from '../../src/simulator/index.js';
import { scan } from './secret-scan.js';
import { COMMAND } from './terminal.js';
import { PASSWORD } from './test-bed.js';

/** The clouds of a worker: the variables that lead to them, and the secrets that must not show. */
export interface WorkerClouds {
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: Iterable<string>;
}

export interface WorkerProcessOptions {
  /** A folder whose code it runs instead of the built command. */
  readonly sources?: string;
  readonly httpTimeoutSeconds?: number;
  /** Further settings, and those of above that are to be others. */
  readonly settings?: Readonly<Record<string, string>>;
}

export class WorkerProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly output: string[],
    private readonly clouds: WorkerClouds,
    private readonly masterKey: string,
  ) {}

  /** One on simulated clouds. */
  static start(
    address: string,
    simulator: Simulator,
    masterKey: string,
    { sources, httpTimeoutSeconds = 1, settings }: WorkerProcessOptions = {},
  ): Promise<WorkerProcess> {
    const env = {
      REGIONLINK_HTTP_TIMEOUT: String(httpTimeoutSeconds),
      OS_AUTH_URL: simulator.authUrl,
      OS_USERNAME: 'demo',
      OS_PASSWORD: PASSWORD,
      OS_PROJECT_NAME: 'demo',
      REGIONLINK_SSH_PROXY: simulator.url,
      ...settings,
    };
    return WorkerProcess.startOn({ env, secrets: simulator.secrets }, address, masterKey, sources);
  }

  /** Starts one and resolves when it takes tasks. */
  static async startOn(
    clouds: WorkerClouds,
    address: string,
    masterKey: string,
    sources?: string,
  ): Promise<WorkerProcess> {
    const output: string[] = [];
    const [program = '', ...args] =
      sources === undefined ? COMMAND : [process.execPath, '--import', 'tsx', `${sources}/cli/main.ts`];
    const child = spawn(program, [...args, 'worker'], {
      env: {
        PATH: process.env.PATH,
        HOME: '/nonexistent',
        TEMPORAL_ADDRESS: address,
        REGIONLINK_OWNER: 'test',
        REGIONLINK_MASTER_KEY: masterKey,
        ...clouds.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      // Its own group, so that a Ctrl-C at the tests does not reach it.
      detached: true,
    });
    const read = (data: Buffer) => output.push(data.toString());
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    const worker = new WorkerProcess(child, output, clouds, masterKey);
    await worker.is('RUNNING');
    return worker;
  }

  /** Resolves when its log has told that state; rejects when it has ended without. */
  async is(state: 'RUNNING' | 'STOPPING'): Promise<void> {
    while (!this.output.join('').includes(`"state":"${state}"`)) {
      if (this.child.exitCode !== null || this.child.signalCode !== null)
        throw new Error(`worker ended with ${this.child.exitCode}: ${this.output.join('').slice(-2000)}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Null while it runs, and when a signal ended it. */
  get exitCode(): number | null {
    return this.child.exitCode;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.child.pid !== undefined) process.kill(-this.child.pid, signal);
  }

  /** Sends a signal that ends it, and waits for the end. No secret may stand in what it has printed. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.signal(signal);
    await gone;
    const leaked = scan(this.output, [...this.clouds.secrets, this.masterKey]);
    if (leaked.length > 0) throw new Error(`secrets stand in a worker's output: ${leaked.join(', ')}`);
  }
}
