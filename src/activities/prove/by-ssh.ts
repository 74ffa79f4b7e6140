/**
 * The proof by SSH, as the tutorial has it: log in to one test VM through its floating IP, ping the other from there, log in to that one through the first
 * and the tunnel, and ping back.
 * The rule: what keeps the check from looking is told apart from a tunnel that carries nothing, and each says what to look at.
 */
import type { Duplex } from 'node:stream';
import type { LinkInput, PingStatistics, SitePins } from '../../workflows/protocol.js';
import type { Attempt, ReadOptions } from '../attempt.js';
import { pingCommand, readSummary, SEQUENCE_MS } from '../check-script.js';
import { isAbort, refuse } from '../failures.js';
import { sshKeyOf } from '../ssh-key.js';
import type { WorkerContext } from '../worker-context.js';
import { neverRan, readConsoleOf } from './by-console.js';
import type { Direction, Prover } from './prover.js';
import { SshError, SshSession } from './ssh-session.js';
import { dial } from './tcp.js';

/** Where the worker logs in. */
export interface WayIn {
  readonly site: SitePins;
  /** The floating IP. */
  readonly address: string;
  readonly user: string;
}

/** What kept the last look from its end, and at which of the two VMs: the one that the direction begins at. */
interface Trouble {
  readonly at: Direction;
  readonly error: SshError;
}

/** Exit status of a shell that does not find a command. */
const NOT_FOUND = 127;

/** The way in of a check by SSH; undefined for one by console, which makes no floating IP. */
export function wayIn(input: LinkInput): WayIn | undefined {
  for (const site of input.sites) {
    const address = input.outputs[`${site.site}/floatingIp`]?.address;
    const user = input.outputs[`${site.site}/server`]?.login;
    if (address !== undefined && user !== undefined) return { site, address, user };
  }
  return undefined;
}

export class SshProver implements Prover {
  /** From the VM with the floating IP, and to it. */
  private readonly there: Direction;
  private readonly back: Direction;
  private readonly privateKey: string;
  private trouble: Trouble | undefined;
  private looked = false;

  constructor(
    private readonly entry: WayIn,
    [one, other]: readonly [Direction, Direction],
    private readonly input: LinkInput,
    private readonly worker: WorkerContext,
    private readonly attempt: Attempt,
  ) {
    [this.there, this.back] = one.from === entry.site.site ? [one, other] : [other, one];
    this.privateKey = sshKeyOf({ ...input, site: entry.site, worker }).privateKey;
  }

  get hears(): boolean {
    return this.looked && this.trouble === undefined;
  }

  look(): Promise<readonly PingStatistics[]> {
    return this.attempt.read(async (options) => {
      const answered: PingStatistics[] = [];
      const sessions: SshSession[] = [];
      let at = this.there;
      this.trouble = undefined;
      this.looked = true;
      const login = async (over: Duplex): Promise<SshSession> => {
        const session = await SshSession.open(over, { user: this.entry.user, privateKey: this.privateKey, ...options });
        sessions.push(session);
        return session;
      };
      try {
        const near = await login(await this.dial(options));
        answered.push(...(await this.ping(near, this.there)));
        // A tunnel that carries no ping carries no login either.
        if (answered.length === 0) return answered;
        at = this.back;
        const far = await login(await near.forward(this.there.address));
        answered.push(...(await this.ping(far, this.back)));
      } catch (error) {
        if (!(error instanceof SshError)) throw error;
        this.trouble = { at, error };
      } finally {
        for (const session of sessions.reverse()) session.end();
      }
      return answered;
    });
  }

  async inconclusive(): Promise<string | undefined> {
    const { trouble, back } = this;
    const silent = trouble?.at ?? back;
    const ran = await this.scriptRan(silent);
    // Where a VM never came up, that it does not answer says nothing of the tunnel.
    if (ran === false) {
      const more = trouble === undefined ? '' : `. What SSH says: ${trouble.error.message}`;
      return `${neverRan([silent.from], this.input)}${more}`;
    }
    return trouble === undefined ? undefined : this.inWords(trouble, ran === true);
  }

  private async dial(options: ReadOptions): Promise<Duplex> {
    try {
      return await dial(this.entry.address, { ...options, proxy: this.worker.sshProxy });
    } catch (error) {
      options.signal.throwIfAborted();
      throw new SshError('unreachable', (error as Error).message);
    }
  }

  private async ping(session: SshSession, direction: Direction): Promise<readonly PingStatistics[]> {
    const { from, to, address } = direction;
    const { code, output } = await session.run(pingCommand(address), SEQUENCE_MS);
    if (code === NOT_FOUND)
      throw refuse(
        'CheckInconclusive',
        `the image of the test VM of ${from} has no command ping, so nothing is known of tunnel ${this.input.link}: name another image in check.image`,
      );
    const summary = readSummary(output);
    if (summary === undefined || summary.received === 0) return [];
    return [{ from, to, address, ...summary, through: this.entry.address }];
  }

  /** Whether a VM's script has run, by its console. Undefined where its region gives none. */
  private async scriptRan(of: Direction): Promise<boolean | undefined> {
    try {
      return (await readConsoleOf(of, this.input, this.attempt)).started;
    } catch (error) {
      if (isAbort(error)) throw error;
      return undefined;
    }
  }

  private inWords({ at, error }: Trouble, scriptRan: boolean): string {
    const { entry, input, there } = this;
    const vm = `the test VM of ${at.from}`;
    const nothing = `so nothing is known of tunnel ${input.link}`;
    switch (error.what) {
      case 'refused': {
        const why = scriptRan ? 'its script ran, so' : 'its image may not run user data (cloud-init), or';
        return `${vm} refuses the login of ${entry.user}, ${nothing}: ${why} its SSH server does not let that user in (PermitRootLogin), or the image has no such user; name another one in check.user`;
      }
      case 'forbidden':
        return `the SSH server of the test VM of ${there.from} leads to no other host (AllowTcpForwarding), ${nothing}: ${error.message}. Use another image, or check.site: ${at.from}`;
      case 'lost':
        return `the login at ${vm} ended early, ${nothing}: ${error.message}`;
      case 'unreachable': {
        if (at !== there)
          return `pings cross ${input.link} from ${there.from}, but SSH to ${vm} at ${there.address} does not: ${error.message}. Its image may have no SSH server; or the tunnel loses larger packets: see connection.mtu`;
        const { sshProxy: proxy } = this.worker;
        const by = proxy === undefined ? 'this worker' : `this worker through the proxy ${proxy.host}:${proxy.port}`;
        return `floating IP ${entry.address} of ${vm} is not reachable on port 22 from ${by}, ${nothing}: ${error.message}. Look at the worker's route to that network, at a firewall between, and whether the image has an SSH server; a worker without a route takes a proxy from REGIONLINK_SSH_PROXY`;
      }
    }
  }
}
