/**
 * Waiting and proving: the ping between the test VMs, and the status that the API gives the tunnel.
 * The rules: only pings begun after both connections stood count; DOWN is a stage and no failure; what fails says why.
 */
import { activityInfo } from '@temporalio/activity';
import type { Region } from '../openstack/region.js';
import type { LinkInput, PingOutput, PingStatistics, TunnelOutput } from '../workflows/protocol.js';
import { Attempt } from './attempt.js';
import { type ConsoleReport, readConsole } from './check-script.js';
import { diagnose, statusesOf } from './diagnose.js';
import { isGone, refuse } from './failures.js';
import { Nudger, nudgingTime } from './nudge.js';
import { readEnds, readStatuses, UNSEEN } from './read-ends.js';
import type { WorkerContext } from './worker-context.js';

/** Lines of a console that are read: enough for minutes of our own, with a kernel's chatter between. */
const CONSOLE_LINES = 400;

interface Direction {
  readonly from: string;
  readonly to: string;
  readonly region: Region;
  readonly server: string;
  readonly address: string;
  /** Sequences up to this one began before the connections stood. */
  baseline: number;
}

export function makePingPeers(worker: WorkerContext) {
  return (input: LinkInput): Promise<PingOutput> =>
    Attempt.run(nudgingTime(input), async (attempt) => {
      const nudger = await Nudger.start(input, worker, attempt);
      const directions = await directionsOf(input, worker, attempt);
      for (const direction of directions) direction.baseline = (await look(direction, input, attempt)).begun;
      const deadline = deadlineOf(input);
      const answers = new Map<Direction, PingStatistics>();
      const started = new Set<Direction>();
      for (;;) {
        const reports = await Promise.all(directions.map((direction) => look(direction, input, attempt)));
        for (const [index, report] of reports.entries()) {
          const direction = directions[index];
          if (direction === undefined) continue;
          if (report.started) started.add(direction);
          const best = report.measured
            .filter((one) => one.sequence > direction.baseline && one.received > 0)
            .sort((a, b) => a.lossPercent - b.lossPercent)[0];
          const { from, to, address } = direction;
          if (best !== undefined)
            answers.set(direction, {
              from,
              to,
              address,
              sent: best.sent,
              received: best.received,
              lossPercent: best.lossPercent,
              rtt: best.rtt,
            });
        }
        const all = directions.flatMap((direction) => answers.get(direction) ?? []);
        const whole = all.length === directions.length && all.every((one) => one.lossPercent === 0);
        // A loss in the tunnel's first seconds is given the chance of a clean sequence, until the time is up.
        if (whole || (all.length === directions.length && Date.now() > deadline))
          return { directions: all, ...nudger.output };
        if (Date.now() > deadline) throw await notProven(input, worker, attempt, directions, started, nudger);
        // A test VM that has not booted, or one direction that answers, is nothing that the agents could mend.
        if (all.length === 0 && started.size === directions.length) await nudger.turn();
        await attempt.pause(input.timing.pollMs);
      }
    });
}

export function makeAwaitTunnel(worker: WorkerContext) {
  return (input: LinkInput): Promise<TunnelOutput> =>
    Attempt.run(nudgingTime(input), async (attempt) => {
      const nudger = await Nudger.start(input, worker, attempt);
      const deadline = deadlineOf(input);
      let unseenSince: number | undefined;
      for (;;) {
        const statuses = await readStatuses(input, worker, attempt);
        const values = Object.values(statuses);
        if (values.every((status) => status === 'ACTIVE')) return { statuses, ...nudger.output };
        // One list may lag behind; several that do not show it mean that it is gone.
        unseenSince = values.includes(UNSEEN) ? (unseenSince ?? Date.now()) : undefined;
        const gone = unseenSince !== undefined && Date.now() - unseenSince > input.timing.httpTimeoutMs;
        const late = Date.now() > deadline;
        if (late && input.proven && !gone) {
          return {
            statuses,
            ...nudger.output,
            warning: `packets flow through ${input.link}, but the API still says ${said(statuses)}: its agent reports late`,
          };
        }
        if (late || gone || values.includes('ERROR')) {
          const why = diagnose(await readEnds(input, worker, attempt));
          throw refuse('TunnelDown', `tunnel ${input.link} is not up: ${said(statuses)}. ${nudger.told}${why}`);
        }
        if (!input.proven) await nudger.turn();
        await attempt.pause(input.timing.pollMs);
      }
    });
}

function said(statuses: Readonly<Record<string, string>>): string {
  return Object.entries(statuses)
    .map(([site, status]) => `${status} at ${site}`)
    .join(', ');
}

/** Counted from when the step was first scheduled, so that a worker's restart does not give it more. */
function deadlineOf(input: LinkInput): number {
  return activityInfo().scheduledTimestampMs + input.timeoutMs;
}

async function directionsOf(input: LinkInput, worker: WorkerContext, attempt: Attempt): Promise<readonly Direction[]> {
  const [a, b] = input.sites;
  const make = async (from: typeof a, to: typeof a): Promise<Direction> => ({
    from: from.site,
    to: to.site,
    region: await worker.open(from, attempt),
    server: input.outputs[`${from.site}/server`]?.id ?? '',
    address: input.outputs[`${to.site}/port`]?.address ?? '',
    baseline: 0,
  });
  return [await make(a, b), await make(b, a)];
}

async function look(direction: Direction, input: LinkInput, attempt: Attempt): Promise<ConsoleReport> {
  try {
    const text = await attempt.read((call) => direction.region.consoleOutput(direction.server, CONSOLE_LINES, call));
    return readConsole(text, input.run, direction.from, direction.to);
  } catch (error) {
    if (!isGone(error)) throw error;
    throw refuse(
      'CheckInconclusive',
      `test VM ${direction.server} of ${direction.from} is gone, or region ${direction.region.name} gives no console output: someone removed it, or use check: none`,
    );
  }
}

async function notProven(
  input: LinkInput,
  worker: WorkerContext,
  attempt: Attempt,
  directions: readonly Direction[],
  started: ReadonlySet<Direction>,
  nudger: Nudger,
): Promise<Error> {
  const silent = directions.filter((direction) => !started.has(direction)).map((direction) => direction.from);
  if (silent.length > 0) {
    return refuse(
      'CheckInconclusive',
      `the test VM of ${silent.join(' and ')} never ran its script within ${input.timeoutMs / 1000} s, so nothing is known of tunnel ${input.link}: its image may not run user data (cloud-init), or not reach the metadata`,
    );
  }
  const ends = await readEnds(input, worker, attempt);
  return refuse(
    'TunnelDown',
    `no ping crossed ${input.link} within ${input.timeoutMs / 1000} s (${said(statusesOf(ends))}). ${nudger.told}${diagnose(ends)}`,
  );
}
