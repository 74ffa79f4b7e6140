/**
 * The proof by console: the test VMs ping by themselves, and their consoles are read.
 * The rule: a VM that never printed its start line says nothing about the tunnel.
 */
import type { LinkInput } from '../../workflows/protocol.js';
import type { Attempt } from '../attempt.js';
import { type ConsoleReport, readConsole } from '../check-script.js';
import { isGone, refuse } from '../failures.js';
import type { Direction, Prover } from './prover.js';

/** Lines of a console that are read: enough for minutes of our own, with a kernel's chatter between. */
const CONSOLE_LINES = 400;

export async function proverByConsole(
  directions: readonly Direction[],
  input: LinkInput,
  attempt: Attempt,
): Promise<Prover> {
  const started = new Set<Direction>();
  const listen = async (direction: Direction): Promise<ConsoleReport> => {
    try {
      const report = await readConsoleOf(direction, input, attempt);
      if (report.started) started.add(direction);
      return report;
    } catch (error) {
      if (!isGone(error)) throw error;
      throw refuse(
        'CheckInconclusive',
        `test VM ${direction.server} of ${direction.from} is gone, or region ${direction.region.name} gives no console output: someone removed it, or use check: ssh or check: none`,
      );
    }
  };
  // Sequences up to these began before the connections stood.
  const baselines = new Map<Direction, number>();
  for (const direction of directions) baselines.set(direction, (await listen(direction)).begun);
  return {
    get hears() {
      return started.size === directions.length;
    },
    async look() {
      const reports = await Promise.all(directions.map(async (one) => [one, await listen(one)] as const));
      return reports.flatMap(([one, report]) =>
        report.measured
          .filter(({ sequence, received }) => sequence > (baselines.get(one) ?? 0) && received > 0)
          .map(({ sequence: _, ...summary }) => ({ from: one.from, to: one.to, address: one.address, ...summary })),
      );
    },
    async inconclusive() {
      const silent = directions.filter((direction) => !started.has(direction)).map((direction) => direction.from);
      if (silent.length === 0) return undefined;
      return neverRan(silent, input);
    },
  };
}

/** For the VMs of these sites. */
export function neverRan(sites: readonly string[], { link, timeoutMs }: LinkInput): string {
  return `the test VM of ${sites.join(' and ')} never ran its script within ${timeoutMs / 1000} s, so nothing is known of tunnel ${link}: its image may not run user data (cloud-init), or not reach the metadata`;
}

/** What the console of the VM that pings tells so far. */
export async function readConsoleOf(direction: Direction, input: LinkInput, attempt: Attempt): Promise<ConsoleReport> {
  const text = await attempt.read((call) => direction.region.consoleOutput(direction.server, CONSOLE_LINES, call));
  return readConsole(text, input.run, direction.from, direction.to);
}
