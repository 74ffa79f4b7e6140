/**
 * What a program inside a guest can reach: its files, clock, network, processes and console. It is the seam between the shell and
 * the world, so that the shell can be tested alone and Nova can plug in the simulator's data plane.
 * The one rule: no program gets at anything but through a Machine; nothing here touches the host.
 */
import type { Clock } from './clock.js';
import type { GuestFiles } from './files.js';
import type { ProcessTable } from './process.js';
import type { Sink } from './streams.js';

/** A network card as the guest sees it; without an address if DHCP gave none. */
export interface GuestInterface {
  readonly name: string;
  readonly mac: string;
  readonly mtu: number;
  readonly address?: string;
  readonly prefix?: number;
  readonly gateway?: string;
  /** Who answered its DHCP request. */
  readonly dhcpServer?: string;
  readonly dns?: readonly string[];
}

/** The outside as the guest reaches it; injected, because only the simulator's data plane knows who answers whom. */
export interface GuestNetwork {
  /** The cards, as configured at this moment. */
  interfaces(): readonly GuestInterface[];
  /**
   * One echo request.
   * @param payloadBytes ICMP payload, 56 by default in ping
   * @returns round-trip time in simulated milliseconds and the answer's TTL, or undefined if none will come
   */
  ping(
    fromAddress: string,
    toAddress: string,
    payloadBytes: number,
  ): Promise<{ readonly rttMs: number; readonly ttl: number } | undefined>;
  /** Metadata service over HTTP (169.254.169.254); undefined if nothing answers. */
  metadata(path: string): Promise<{ readonly status: number; readonly body: string } | undefined>;
}

/** Which family of user space is installed: it decides how ping prints and what `echo -e` does. */
export type UserSpace = 'iputils' | 'busybox';

export interface Machine {
  readonly hostname: string;
  readonly userSpace: UserSpace;
  readonly clock: Clock;
  readonly bootedAt: number;
  readonly files: GuestFiles;
  readonly processes: ProcessTable;
  readonly network: GuestNetwork;
  readonly console: Sink;
  /** Told of an error that is a bug of the simulator, not of the script. */
  fault(error: unknown): void;
  /** Counts one step of work and lets others run now and then; see {@link Budget}. */
  readonly budget: Budget;
}

const TURN_EVERY = 200;
const FREE_STEPS = 20_000;
const REST_MS = 10;

/**
 * Keeps a busy guest from hogging the simulator's process: it yields to the event loop every 200 steps, and one that has run
 * 20,000 steps without ever sleeping gets 10 ms of rest (real time, not simulated) at each turn.
 */
export class Budget {
  readonly #clock: Clock;
  readonly #stopped: AbortSignal;
  #steps = 0;
  #sinceSleep = 0;

  /** @param stopped aborted when the guest is, so that a rest does not outlive it */
  constructor(clock: Clock, stopped: AbortSignal) {
    this.#clock = clock;
    this.#stopped = stopped;
  }

  /** One step; usually returns at once. */
  async step(): Promise<void> {
    this.#steps += 1;
    this.#sinceSleep += 1;
    if (this.#steps % TURN_EVERY !== 0) return;
    try {
      await this.#clock.giveWay(this.#sinceSleep < FREE_STEPS ? 0 : REST_MS, this.#stopped);
    } catch (error) {
      // Who took the step has been killed with the guest, and finds that out as after any other step.
      if (!this.#stopped.aborted) throw error;
    }
  }

  /** To be told whenever the guest waits by its clock. */
  slept(): void {
    this.#sinceSleep = 0;
  }
}
