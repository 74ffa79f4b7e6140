/**
 * ping, in the two forms that images have. Sending and counting is the same; what is printed, and the exit status, is not.
 * The one rule: formats are those of iputils and busybox to the byte (ping-output.ts), for scripts parse them.
 */
import type { CommandContext, Program } from './context.js';
import { outgoing, sameSubnet } from './network.js';
import { parseOptions } from './options.js';
import { BUSYBOX, IPUTILS, type PingStatistics, type PingTarget } from './ping-output.js';

interface PingOptions {
  readonly count: number;
  readonly intervalMs: number;
  readonly deadlineMs: number;
  readonly waitMs: number;
  readonly size: number;
  readonly quiet: boolean;
}

export const ping: Program = async (c) => {
  const busybox = c.machine.userSpace === 'busybox';
  const output = busybox ? BUSYBOX : IPUTILS;
  const options = parseOptions(c.args, 'c:i:W:w:qs:I:nAOvDb46t:f');
  const [name] = options.operands;
  if (options.unknown !== undefined) return usage(c, `invalid option -- '${options.unknown}'`);
  if (name === undefined) return busybox ? usage(c, '') : c.fail('usage error: Destination address required', 1);
  const numeric = (letter: string, fallback: number): number => Number(options.get(letter) ?? fallback);
  const settings: PingOptions = {
    count: numeric('c', Infinity),
    intervalMs: numeric('i', 1) * 1000,
    deadlineMs: numeric('w', Infinity) * 1000,
    waitMs: numeric('W', 10) * 1000,
    size: numeric('s', 56),
    quiet: options.has('q'),
  };
  for (const letter of ['c', 'i', 'W', 'w', 's']) {
    const value = options.get(letter);
    if (value === undefined || /^\d+(?:\.\d+)?$/.test(value)) continue;
    return c.fail(busybox ? `invalid number '${value}'` : `invalid argument: '${value}'`, 1);
  }
  if (!busybox && options.has('c') && settings.count < 1)
    return c.fail(`invalid argument: '${options.get('c')}': out of range: 1 <= value <= 9223372036854775807`);
  const address = resolve(c, name);
  if (address === undefined)
    return busybox ? c.fail(`bad address '${name}'`) : c.fail(`${name}: Name or service not known`, 2);
  const from = options.get('I');
  const cards = c.machine.network.interfaces();
  const local = /^127\./.test(address) || cards.some((card) => card.address === address);
  const card =
    from === undefined ? outgoing(cards, address) : cards.find((each) => each.name === from || each.address === from);
  if (from !== undefined && !card)
    return busybox ? c.fail(`unknown interface ${from}`) : c.fail(`unknown iface: ${from}`, 2);
  const source = local ? address : card?.address;
  const target: PingTarget = {
    name,
    address,
    size: settings.size,
    ...(from === undefined || source === undefined ? {} : { from: source, device: from }),
  };
  if (source === undefined) {
    if (busybox) await c.out(output.header(target));
    return busybox ? c.fail('sendto: Network is unreachable') : c.fail('connect: Network is unreachable', 2);
  }
  await c.out(output.header(target));
  const onLink =
    card?.prefix !== undefined && card.address !== undefined && sameSubnet(card.address, address, card.prefix);
  const run = new PingRun(c, target, settings, source, local, onLink && !busybox);
  return run.go();
};

async function usage(c: CommandContext, problem: string): Promise<number> {
  const busybox = c.machine.userSpace === 'busybox';
  if (problem !== '') await c.err(`ping: ${problem}\n`);
  await c.err(
    busybox
      ? 'BusyBox v1.35.0 multi-call binary.\n\nUsage: ping [OPTIONS] HOST\n'
      : '\nUsage\n  ping [options] <destination>\n',
  );
  return busybox ? 1 : 2;
}

function resolve(c: CommandContext, name: string): string | undefined {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) return name.split('.').every((part) => Number(part) < 256) ? name : undefined;
  if (name === 'localhost') return '127.0.0.1';
  if (name === c.machine.hostname) return '127.0.1.1';
  const hosts = c.machine.files.get('/etc/hosts');
  const lines = hosts?.kind === 'file' ? hosts.content.split('\n') : [];
  return lines.map((line) => line.trim().split(/\s+/)).find((words) => words.slice(1).includes(name))?.[0];
}

/** One run: sends by the interval, prints answers as they come, ends by count, deadline or a signal. */
class PingRun {
  readonly #stats: PingStatistics = { sent: 0, errors: 0, rtts: [], startedAt: 0, endedAt: 0 };
  readonly #inFlight = new Set<Promise<void>>();
  readonly #over = new AbortController();
  #settled: () => void = () => {};

  constructor(
    readonly context: CommandContext,
    readonly target: PingTarget,
    readonly options: PingOptions,
    readonly source: string,
    readonly local: boolean,
    /** Nobody answers ARP for it: this host itself says "unreachable". */
    readonly reportsUnreachable: boolean,
  ) {}

  get #output() {
    return this.context.machine.userSpace === 'busybox' ? BUSYBOX : IPUTILS;
  }

  async go(): Promise<number> {
    const { process, machine } = this.context;
    const interrupt = (): void => this.#over.abort();
    const before = process.dispositions.get('INT');
    // ping prints its summary on SIGINT, also where a background job would ignore it.
    process.dispositions.set('INT', interrupt);
    process.signal.addEventListener('abort', interrupt, { once: true });
    this.#stats.startedAt = machine.clock.now();
    try {
      await this.#sendAll();
    } finally {
      this.#over.abort();
      process.signal.removeEventListener('abort', interrupt);
      if (before) process.dispositions.set('INT', before);
      else process.dispositions.delete('INT');
    }
    process.signal.throwIfAborted();
    await this.context.out(this.#output.summary(this.target, this.#stats));
    return this.#output.status(this.#stats, this.options.count, this.options.deadlineMs);
  }

  async #sendAll(): Promise<void> {
    const { clock } = this.context.machine;
    const { count, intervalMs, deadlineMs, waitMs } = this.options;
    const deadline = this.#stats.startedAt + deadlineMs;
    const wanted = (): boolean => this.#stats.rtts.length < count;
    while (!this.#over.signal.aborted && wanted() && clock.now() < deadline) {
      // iputils with a deadline goes on until `count` answers have come; otherwise `count` is what is sent.
      if (this.#stats.sent >= count && (deadlineMs === Infinity || this.context.machine.userSpace === 'busybox')) break;
      const due = this.#stats.startedAt + (this.#stats.sent + 1) * intervalMs;
      this.#send();
      if (this.#stats.sent < count || deadlineMs !== Infinity)
        await this.#pause(Math.min(due, deadline) - clock.now(), () => !wanted());
    }
    if (this.#over.signal.aborted || !wanted() || this.#stats.sent === 0) return;
    const slowest = Math.max(0, ...this.#stats.rtts);
    const linger = this.#stats.rtts.length > 0 ? Math.max(1000, 2 * slowest) : waitMs;
    await this.#pause(
      Math.min(linger, deadline - clock.now()),
      () => this.#inFlight.size === 0 && (!wanted() || this.reportsUnreachable),
    );
  }

  /** Waits, but no longer than until `done` holds. */
  async #pause(ms: number, done: () => boolean): Promise<void> {
    const stop = new AbortController();
    const end = (): void => stop.abort();
    this.#over.signal.addEventListener('abort', end, { once: true });
    this.#settled = () => {
      if (done()) end();
    };
    this.#settled();
    this.context.machine.budget.slept();
    try {
      await this.context.machine.clock.sleep(ms, stop.signal);
    } catch {
      // Ended early: an answer, a signal. Who called looks which.
    } finally {
      this.#settled = () => {};
      this.#over.signal.removeEventListener('abort', end);
    }
  }

  #send(): void {
    this.#stats.sent += 1;
    this.#stats.endedAt = this.context.machine.clock.now();
    const flight = this.#exchange(this.#stats.sent).finally(() => {
      this.#inFlight.delete(flight);
      this.#settled();
    });
    this.#inFlight.add(flight);
    flight.catch(() => this.#over.abort());
  }

  async #exchange(sequence: number): Promise<void> {
    const { machine } = this.context;
    const sentAt = machine.clock.now();
    const answer = this.local
      ? { rttMs: 0.03 + Math.random() * 0.03, ttl: 64 }
      : await machine.network.ping(this.source, this.target.address, this.target.size);
    if (!answer) {
      if (!this.reportsUnreachable) return;
      await machine.clock.sleep(3000, this.#over.signal);
      this.#stats.errors += 1;
      this.#stats.endedAt = machine.clock.now();
      if (!this.options.quiet)
        await this.context.out(`From ${this.source} icmp_seq=${sequence} Destination Host Unreachable\n`);
      return;
    }
    const left = answer.rttMs - (machine.clock.now() - sentAt);
    if (left > 1) await machine.clock.sleep(left, this.#over.signal);
    if (this.#over.signal.aborted) return;
    this.#stats.rtts.push(answer.rttMs);
    this.#stats.endedAt = machine.clock.now();
    if (!this.options.quiet) await this.context.out(this.#output.reply(this.target, sequence, answer));
  }
}
