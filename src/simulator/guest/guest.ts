/**
 * A virtual machine's inside: boots, runs its user data, keeps a console, can be logged into.
 * The one rule: it starts once and stops for good; a reboot is a new Guest on the same disk (`disk`).
 */

import { bootKernel, type ConfigDrive, findInstanceData, install, runDhcp } from './boot.js';
import { fromBytes, toBytes } from './bytes.js';
import type { Clock } from './clock.js';
import { ConsoleLog } from './console-log.js';
import { furnish } from './devices.js';
import { GuestFiles } from './files.js';
import { Budget, type GuestNetwork, type Machine, type UserSpace } from './machine.js';
import { type Process, ProcessTable } from './process.js';
import { DEFAULT_PATH } from './shell/launch.js';
import { runShellProgram } from './shell/sh.js';
import { OpenFile, Reader, type Sink } from './streams.js';

export interface GuestOptions {
  readonly hostname: string;
  readonly clock: Clock;
  readonly network: GuestNetwork;
  /** Decides how ping prints and what echo does. @default 'iputils' */
  readonly userSpace?: UserSpace;
  readonly configDrive?: ConfigDrive;
  /** Whom the key pair is for. @default 'cirros' on busybox images, 'ubuntu' otherwise */
  readonly loginUser?: string;
  /** Bytes of console kept. @default 262144 */
  readonly consoleBytes?: number;
  /** The disk and console of an earlier life, for a reboot. */
  readonly disk?: { readonly files: GuestFiles; readonly console: ConsoleLog };
  /** Milliseconds (simulated) from power-on to DHCP. @default 6000 */
  readonly kernelMs?: number;
}

export interface ExecResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** One running virtual machine. */
export class Guest {
  readonly console: ConsoleLog;
  readonly files: GuestFiles;
  readonly loginUser: string;
  /** Errors that are bugs of the simulator, not of a script; a test wants this empty. */
  readonly faults: unknown[] = [];
  /** Resolves when the boot is over and user data has ended, or the guest was stopped. Never rejects. */
  readonly finished: Promise<void>;
  /** When DHCP and metadata are over and logins are possible. */
  readonly ready: Promise<void>;
  /** Resolves when the plug is pulled. */
  readonly stopped: Promise<void>;
  readonly #machine: Machine;
  readonly #options: GuestOptions;
  readonly #stop = new AbortController();
  #isReady: () => void = () => {};
  #booted = false;

  /** Powers the machine on; everything else happens by itself. */
  constructor(options: GuestOptions) {
    this.#options = options;
    this.console = options.disk?.console ?? new ConsoleLog(options.consoleBytes);
    this.files = options.disk?.files ?? new GuestFiles(() => options.clock.now());
    const userSpace = options.userSpace ?? 'iputils';
    this.loginUser = options.loginUser ?? (userSpace === 'busybox' ? 'cirros' : 'ubuntu');
    this.#machine = {
      hostname: options.hostname,
      userSpace,
      clock: options.clock,
      bootedAt: options.clock.now(),
      files: this.files,
      processes: new ProcessTable(),
      network: options.network,
      console: this.console,
      budget: new Budget(options.clock, this.#stop.signal),
      fault: (error) => this.faults.push(error),
    };
    this.ready = new Promise((resolve) => {
      this.#isReady = resolve;
    });
    this.stopped = new Promise((resolve) => {
      this.#stop.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    this.finished = this.#live();
  }

  /** Whether logins are possible: its network is up, and it still runs. */
  get listening(): boolean {
    return this.#booted && this.running;
  }

  get hostname(): string {
    return this.#options.hostname;
  }

  /** Whether the guest still runs. */
  get running(): boolean {
    return !this.#stop.signal.aborted;
  }

  /** Public keys that a user may log in with, one a line. As SSH servers have it, none while others may write where they are kept. */
  authorizedKeys(user: string): readonly string[] {
    const home = this.#homeOf(user);
    if (home === undefined) return [];
    const [folder, file] = [this.files.get(`${home}/.ssh`), this.files.get(`${home}/.ssh/authorized_keys`)];
    const open = [folder, file].some((node) => node === undefined || (node.mode & 0o022) !== 0);
    if (open || file?.kind !== 'file') return [];
    return fromBytes(file.content)
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.startsWith('#'));
  }

  /** By /etc/passwd. Undefined for a user that the guest does not have. */
  #homeOf(user: string): string | undefined {
    const users = this.files.get('/etc/passwd');
    const lines = users?.kind === 'file' ? users.content.split('\n') : [];
    return lines.map((line) => line.split(':')).find(([name]) => name === user)?.[5];
  }

  /** Pulls the plug: every process dies at once, no timer is left. */
  stop(): void {
    this.#stop.abort(new Error('the guest was stopped'));
    this.#machine.processes.stop();
    this.#isReady();
  }

  /**
   * Runs a command line as a login by SSH would (`sh -c`), and waits for it.
   * @param signal kills the command
   * @param user whom it runs as. @default the image's own user
   * @returns what it wrote, and its exit status (137 if the guest was stopped meanwhile)
   */
  async exec(command: string, signal?: AbortSignal, stdin = '', user = this.loginUser): Promise<ExecResult> {
    const process = this.#machine.processes.spawn(1);
    const stdout: string[] = [];
    const stderr: string[] = [];
    const collect = (into: string[]): Sink => ({
      write: (data) => {
        into.push(data);
      },
    });
    process.setFd(0, new OpenFile({ reader: Reader.of(toBytes(stdin)) }));
    process.setFd(1, new OpenFile({ sink: collect(stdout) }));
    process.setFd(2, new OpenFile({ sink: collect(stderr) }));
    const kill = (): void => process.kill('KILL');
    signal?.addEventListener('abort', kill, { once: true });
    if (signal?.aborted) kill();
    const home = this.#homeOf(user) ?? '/';
    const cwd = this.files.get(home)?.kind === 'directory' ? home : '/';
    const code = await this.#shell(process, ['-c', toBytes(command)], cwd, user);
    signal?.removeEventListener('abort', kill);
    return { stdout: fromBytes(stdout.join('')), stderr: fromBytes(stderr.join('')), code };
  }

  async #live(): Promise<void> {
    const { clock } = this.#machine;
    const { signal } = this.#stop;
    try {
      if (!this.#options.disk) furnish(this.#machine, this.loginUser);
      await clock.sleep((this.#options.kernelMs ?? 6000) * 0.9, signal);
      await bootKernel(this.#machine);
      await clock.sleep((this.#options.kernelMs ?? 6000) * 0.1, signal);
      await runDhcp(this.#machine, signal);
      const data = await findInstanceData(this.#machine, this.#options.configDrive, signal);
      if (data) install(this.#machine, data, this.loginUser);
      this.#booted = true;
      this.#isReady();
      // User data runs once in an instance's life, not at each boot.
      if (data?.userData?.startsWith('#!') && !this.#options.disk) await this.#runUserData(data.userData);
    } catch (error) {
      if (!signal.aborted) this.faults.push(error);
    } finally {
      this.#isReady();
    }
  }

  async #runUserData(text: string): Promise<void> {
    const path = '/var/lib/cloud/instance/scripts/part-001';
    this.files.write(path, text, 0o755);
    const process = this.#machine.processes.spawn(1);
    const toConsole = new OpenFile({ sink: this.console });
    process.setFd(0, new OpenFile({ reader: Reader.of('') }));
    process.setFd(1, toConsole);
    process.setFd(2, toConsole);
    await this.#shell(process, [path], '/', 'root');
  }

  async #shell(process: Process, args: readonly string[], cwd: string, user: string): Promise<number> {
    const environment = new Map([
      ['HOME', user === 'root' ? '/root' : `/home/${user}`],
      ['USER', user],
      ['PATH', DEFAULT_PATH],
    ]);
    process.command = ['sh', ...args].join(' ');
    return runShellProgram(this.#machine, process, 'sh', args, environment, cwd);
  }
}
