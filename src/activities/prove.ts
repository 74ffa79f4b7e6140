/**
 * Waiting and proving: the ping between the test VMs, and the status that the API gives the tunnel.
 * The rules: only pings begun after both connections stood count; DOWN is a stage and no failure; what fails says why.
 */
import { activityInfo } from '@temporalio/activity';
import { siteStepKey } from '../graph/step-keys.js';
import type { ResourceKind } from '../graph/types.js';
import type { LinkInput, PingOutput, PingStatistics, SitePins, TunnelOutput } from '../workflows/protocol.js';
import { Attempt } from './attempt.js';
import { nameOfVm } from './check-script.js';
import { diagnose, statusesOf } from './diagnose.js';
import { refuse } from './failures.js';
import { Nudger, nudgingTime } from './nudge.js';
import { proverByConsole } from './prove/by-console.js';
import { SshProver, wayIn } from './prove/by-ssh.js';
import { type Answer, type Direction, inWords, type Prover, type Vm } from './prove/prover.js';
import { readEnds, readStatuses, UNSEEN } from './read-ends.js';
import type { WorkerContext } from './worker-context.js';

/** Between two looks at the connections while pings are waited for, in the agents' own pace: they report once a minute. */
const STATUS_LOOK_MS = 15_000;

/** Longest between two looks at what the pings say. A look is one read a VM, and all else of the run waits for it. */
const PING_LOOK_MS = 2_000;

export function makePingPeers(worker: WorkerContext) {
  return (input: LinkInput): Promise<PingOutput> =>
    Attempt.run(nudgingTime(input), async (attempt) => {
      const nudger = await Nudger.start(input, worker, attempt);
      const directions = await directionsOf(input, worker, attempt);
      const entry = wayIn(input);
      const prover =
        entry === undefined
          ? await proverByConsole(directions, input, attempt)
          : new SshProver(entry, directions, input, worker, attempt);
      const deadline = deadlineOf(input);
      const answers = new Map<Direction, Answer>();
      const hope = new Hope(input);
      const statusEveryMs = Math.min(STATUS_LOOK_MS, 3 * input.timing.pollMs);
      let nextStatusAt = Date.now() + statusEveryMs;
      for (;;) {
        for (const one of await prover.look()) {
          const best = answers.get(one.direction);
          if (best === undefined || one.lossPercent < best.lossPercent) answers.set(one.direction, one);
        }
        const all = directions.flatMap((direction) => answers.get(direction) ?? []);
        const silent = directions.filter((direction) => !answers.has(direction));
        const whole = silent.length === 0 && all.every((one) => one.lossPercent === 0);
        // A loss in the tunnel's first seconds is given the chance of a clean sequence, until the time is up.
        if (whole || (silent.length === 0 && Date.now() > deadline))
          return { directions: all.map(statisticsOf), ...nudger.output };
        if (Date.now() > deadline)
          throw await notProven(prover, all.length > 0 ? silent : [], input, worker, attempt, nudger);
        await nudger.remind(() => readStatuses(input, worker, attempt));
        if (Date.now() >= nextStatusAt) {
          const statuses = await readStatuses(input, worker, attempt);
          if (hope.isLost(statuses)) throw await notUp(statuses, input, worker, attempt, nudger);
          nextStatusAt = Date.now() + statusEveryMs;
        }
        // A test VM that has not booted, or one direction that answers, is nothing that the agents could mend.
        if (all.length === 0 && prover.hears) await nudger.turn();
        await attempt.pause(Math.min(PING_LOOK_MS, input.timing.pollMs));
      }
    });
}

export function makeAwaitTunnel(worker: WorkerContext) {
  return (input: LinkInput): Promise<TunnelOutput> =>
    Attempt.run(nudgingTime(input), async (attempt) => {
      const nudger = await Nudger.start(input, worker, attempt);
      const deadline = deadlineOf(input);
      const hope = new Hope(input);
      for (;;) {
        const statuses = await readStatuses(input, worker, attempt);
        if (Object.values(statuses).every((status) => status === 'ACTIVE')) return { statuses, ...nudger.output };
        if (hope.isLost(statuses)) throw await notUp(statuses, input, worker, attempt, nudger);
        const late = Date.now() > deadline;
        if (late && input.proven) {
          return {
            statuses,
            ...nudger.output,
            warning: `packets flow through ${input.link}, but the API still says ${said(statuses)}: its agent reports late`,
          };
        }
        if (late) throw await notUp(statuses, input, worker, attempt, nudger);
        await nudger.remind(async () => statuses);
        if (!input.proven) await nudger.turn();
        await attempt.pause(input.timing.pollMs);
      }
    });
}

type Statuses = Readonly<Record<string, string>>;

/** Whether waiting can still help: not with a connection in ERROR, nor with one that is gone. */
class Hope {
  private unseenSince: number | undefined;

  constructor(private readonly input: LinkInput) {}

  isLost(statuses: Statuses): boolean {
    const values = Object.values(statuses);
    // One list may lag behind; several that do not show it mean that it is gone.
    this.unseenSince = values.includes(UNSEEN) ? (this.unseenSince ?? Date.now()) : undefined;
    const gone = this.unseenSince !== undefined && Date.now() - this.unseenSince > this.input.timing.httpTimeoutMs;
    return gone || values.includes('ERROR');
  }
}

async function notUp(
  statuses: Statuses,
  input: LinkInput,
  worker: WorkerContext,
  attempt: Attempt,
  nudger: Nudger,
): Promise<Error> {
  const why = diagnose(await readEnds(input, worker, attempt), input.external);
  return refuse('TunnelDown', `tunnel ${input.link} is not up: ${said(statuses)}. ${nudger.told}${why}`);
}

function said(statuses: Statuses): string {
  return Object.entries(statuses)
    .map(([site, status]) => `${status} at ${site}`)
    .join(', ');
}

/** Counted from when the step was first scheduled, so that a worker's restart does not give it more. */
function deadlineOf(input: LinkInput): number {
  return activityInfo().scheduledTimestampMs + input.timeoutMs;
}

/** Both ways between every two test VMs that are to reach each other. */
async function directionsOf(input: LinkInput, worker: WorkerContext, attempt: Attempt): Promise<readonly Direction[]> {
  const [a, b] = input.sites;
  if (b === undefined) throw new Error(`a ping over ${input.link} has one end`);
  const [near, far] = [await vmsAt(a, 0, input, worker, attempt), await vmsAt(b, 1, input, worker, attempt)];
  return near.flatMap((one) =>
    far.flatMap((other) => [
      { from: one, to: other },
      { from: other, to: one },
    ]),
  );
}

async function vmsAt(
  pins: SitePins,
  index: 0 | 1,
  { outputs, subnets }: LinkInput,
  worker: WorkerContext,
  attempt: Attempt,
): Promise<readonly Vm[]> {
  const region = await worker.open(pins, attempt);
  const output = (kind: ResourceKind, part: string) => outputs[siteStepKey(pins.site, kind, part)];
  return (subnets?.[index] ?? ['']).map((part) => ({
    site: pins.site,
    name: nameOfVm(pins.site, part),
    region,
    id: output('server', part)?.id ?? '',
    address: output('port', part)?.address ?? '',
    subnet: subnets === undefined ? undefined : output('subnet', part)?.cidr,
  }));
}

function statisticsOf({ direction: { from, to }, ...measured }: Answer): PingStatistics {
  const subnets =
    from.subnet === undefined || to.subnet === undefined ? {} : { subnets: { from: from.subnet, to: to.subnet } };
  return { from: from.site, to: to.site, ...subnets, address: to.address, ...measured };
}

/** `silent`: what has not answered; nothing where nothing has. */
async function notProven(
  prover: Prover,
  silent: readonly Direction[],
  input: LinkInput,
  worker: WorkerContext,
  attempt: Attempt,
  nudger: Nudger,
): Promise<Error> {
  const unknown = await prover.inconclusive();
  if (unknown !== undefined) return refuse('CheckInconclusive', unknown);
  const ends = await readEnds(input, worker, attempt);
  return refuse(
    'TunnelDown',
    `no ping crossed ${inWords(input.link, silent)} within ${input.timeoutMs / 1000} s (${said(statusesOf(ends))}). ${nudger.told}${diagnose(ends)}`,
  );
}
