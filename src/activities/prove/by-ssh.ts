/**
 * The proof by SSH, as the tutorial has it: log in to one test VM through its floating IP, ping the others from there, log in to those through the first
 * (and the tunnel), and ping back.
 * The rule: what keeps the check from looking is told apart from a tunnel that carries nothing, and each says what to look at.
 */
import type { Duplex } from 'node:stream';
import { siteStepKey } from '../../graph/step-keys.js';
import type { LinkInput, SitePins } from '../../workflows/protocol.js';
import type { Attempt, ReadOptions } from '../attempt.js';
import { hasStarted, nameOfVm, pingCommand, readSummary, SEQUENCE_MS } from '../check-script.js';
import { isAbort, refuse } from '../failures.js';
import { sshKeyOf } from '../ssh-key.js';
import type { WorkerContext } from '../worker-context.js';
import { consoleOf, neverRan } from './by-console.js';
import { type Answer, type Direction, type Prover, type Vm, vmsOf } from './prover.js';
import { SshError, SshSession } from './ssh-session.js';
import { dial } from './tcp.js';

/** Where the worker logs in. */
export interface WayIn {
  readonly site: SitePins;
  /** The floating IP. */
  readonly address: string;
  readonly user: string;
}

/** What kept the last look from its end, and at which VM. */
interface Trouble {
  readonly at: Vm;
  readonly error: SshError;
}

/** Exit status of a shell that does not find a command. */
const NOT_FOUND = 127;

/** The way in of a check by SSH; undefined for one by console, which makes no floating IP. */
export function wayIn(input: LinkInput): WayIn | undefined {
  for (const site of input.sites) {
    const address = input.outputs[siteStepKey(site.site, 'floatingIp')]?.address;
    const user = input.outputs[siteStepKey(site.site, 'server')]?.login;
    if (address !== undefined && user !== undefined) return { site, address, user };
  }
  return undefined;
}

export class SshProver implements Prover {
  private readonly vms: readonly Vm[];
  /** The VM with the floating IP: all others are reached from it. */
  private readonly door: Vm;
  private readonly privateKey: string;
  private trouble: Trouble | undefined;
  private looked = false;
  /** Those that no ping has reached in the last look. */
  private unheard: readonly Vm[] = [];

  constructor(
    private readonly entry: WayIn,
    private readonly directions: readonly Direction[],
    private readonly input: LinkInput,
    private readonly worker: WorkerContext,
    private readonly attempt: Attempt,
  ) {
    this.vms = vmsOf(directions);
    const door = this.vms.find((vm) => vm.name === nameOfVm(entry.site.site, ''));
    if (door === undefined) throw new Error(`no test VM of ${entry.site.site} pings`);
    this.door = door;
    this.privateKey = sshKeyOf({ ...input, site: entry.site, worker }).privateKey;
  }

  get hears(): boolean {
    return this.looked && this.trouble === undefined;
  }

  look(): Promise<readonly Answer[]> {
    return this.attempt.read(async (options) => {
      const sessions: SshSession[] = [];
      const login = async (over: Duplex): Promise<SshSession> => {
        const session = await SshSession.open(over, { user: this.entry.user, privateKey: this.privateKey, ...options });
        sessions.push(session);
        return session;
      };
      const { door } = this;
      this.trouble = undefined;
      this.looked = true;
      this.unheard = this.vms.filter((vm) => vm !== door);
      try {
        const near = await this.at(door, async () => login(await this.dial(options)));
        if (near === undefined) return [];
        const first = (await this.at(door, () => this.pingFrom(near, door))) ?? [];
        // A tunnel that carries no ping carries no login either.
        const rest = this.reachable(first).map((vm) =>
          this.at(vm, async () => this.pingFrom(await login(await near.forward(vm.address)), vm)),
        );
        const answers = [first, ...(await Promise.all(rest))].flatMap((some) => some ?? []);
        this.unheard = this.unheard.filter((vm) => !answers.some(({ direction }) => direction.to === vm));
        return answers;
      } finally {
        for (const session of sessions.reverse()) session.end();
      }
    });
  }

  async inconclusive(): Promise<string | undefined> {
    const { trouble } = this;
    const silent = trouble === undefined ? this.unheard : [trouble.at];
    const ran = await Promise.all(silent.map((vm) => this.scriptRan(vm)));
    // Where a VM never came up, that it does not answer says nothing of the tunnel.
    const never = silent.filter((_, index) => ran[index] === false);
    if (never.length > 0) {
      const more = trouble === undefined ? '' : `. What SSH says: ${trouble.error.message}`;
      return `${neverRan(never, this.input)}${more}`;
    }
    return trouble === undefined ? undefined : this.inWords(trouble, ran[0] === true);
  }

  /** Takes note of what keeps a look from a VM. Undefined where something does. */
  private async at<T>(vm: Vm, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SshError)) throw error;
      this.trouble ??= { at: vm, error };
      return undefined;
    }
  }

  /** Where the first VM can lead on to: to its own site's over their router, and to those beyond the tunnel that have answered it. */
  private reachable(first: readonly Answer[]): readonly Vm[] {
    if (first.length === 0) return [];
    const answered = first.map(({ direction }) => direction.to);
    return this.vms.filter((vm) => vm !== this.door && (vm.site === this.door.site || answered.includes(vm)));
  }

  private async dial(options: ReadOptions): Promise<Duplex> {
    try {
      return await dial(this.entry.address, { ...options, proxy: this.worker.sshProxy });
    } catch (error) {
      options.signal.throwIfAborted();
      throw new SshError('unreachable', (error as Error).message);
    }
  }

  private async pingFrom(session: SshSession, vm: Vm): Promise<readonly Answer[]> {
    const answers: Answer[] = [];
    for (const direction of this.directions.filter(({ from }) => from === vm)) {
      const { code, output } = await session.run(pingCommand(direction.to.address), SEQUENCE_MS);
      if (code === NOT_FOUND)
        throw refuse(
          'CheckInconclusive',
          `the image of the test VM of ${vm.name} has no command ping, so nothing is known of tunnel ${this.input.link}: name another image in check.image`,
        );
      const summary = readSummary(output);
      if (summary !== undefined && summary.received > 0)
        answers.push({ direction, ...summary, through: this.entry.address });
    }
    return answers;
  }

  /** Whether a VM's script has run, by its console. Undefined where its region gives none. */
  private async scriptRan(vm: Vm): Promise<boolean | undefined> {
    try {
      return hasStarted(await consoleOf(vm, this.attempt), this.input.run, vm.site);
    } catch (error) {
      if (isAbort(error)) throw error;
      return undefined;
    }
  }

  private inWords({ at, error }: Trouble, scriptRan: boolean): string {
    const { entry, input, door } = this;
    const vm = `the test VM of ${at.name}`;
    const nothing = `so nothing is known of tunnel ${input.link}`;
    switch (error.what) {
      case 'refused': {
        const why = scriptRan ? 'its script ran, so' : 'its image may not run user data (cloud-init), or';
        return `${vm} refuses the login of ${entry.user}, ${nothing}: ${why} its SSH server does not let that user in (PermitRootLogin), or the image has no such user; name another one in check.user`;
      }
      case 'forbidden':
        return `the SSH server of the test VM of ${door.name} leads to no other host (AllowTcpForwarding), ${nothing}: ${error.message}. Use another image, or check.site: ${this.input.sites.find(({ site }) => site !== door.site)?.site}`;
      case 'lost':
        return `the login at ${vm} ended early, ${nothing}: ${error.message}`;
      case 'unreachable': {
        if (at.site !== door.site)
          return `pings cross ${input.link} from ${door.name}, but SSH to ${vm} at ${at.address} does not: ${error.message}. Its image may have no SSH server; or the tunnel loses larger packets: see connection.mtu`;
        if (at !== door)
          return `SSH from the test VM of ${door.name} to ${vm} at ${at.address}, over their router, is not answered, ${nothing}: ${error.message}. Its image may have no SSH server`;
        const { sshProxy: proxy } = this.worker;
        const by = proxy === undefined ? 'this worker' : `this worker through the proxy ${proxy.host}:${proxy.port}`;
        return `floating IP ${entry.address} of ${vm} is not reachable on port 22 from ${by}, ${nothing}: ${error.message}. Look at the worker's route to that network, at a firewall between, and whether the image has an SSH server; a worker without a route takes a proxy from REGIONLINK_SSH_PROXY`;
      }
    }
  }
}
