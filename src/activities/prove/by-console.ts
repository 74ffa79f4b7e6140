/**
 * The proof by console: the test VMs ping by themselves, and their consoles are read.
 * The rule: a VM that never printed its start line says nothing about the tunnel.
 */
import type { LinkInput } from '../../workflows/protocol.js';
import type { Attempt } from '../attempt.js';
import { type ConsoleReport, readConsole } from '../check-script.js';
import { isGone, refuse } from '../failures.js';
import { type Direction, type Prover, type Vm, vmsOf } from './prover.js';

/** Lines of a console that are read: enough for minutes of our own, with a kernel's chatter between. */
const CONSOLE_LINES = 400;

export async function proverByConsole(
  directions: readonly Direction[],
  input: LinkInput,
  attempt: Attempt,
): Promise<Prover> {
  const vms = vmsOf(directions);
  const started = new Set<Vm>();
  const listen = async (): Promise<ReadonlyMap<Direction, ConsoleReport>> => {
    const reports = await Promise.all(
      vms.map(async (vm) => {
        const text = await consoleOrRefusal(vm, attempt);
        const own = directions.filter(({ from }) => from === vm);
        return own.map((direction) => [direction, reportOf(direction, text, input)] as const);
      }),
    );
    for (const [{ from }, report] of reports.flat()) if (report.started) started.add(from);
    return new Map(reports.flat());
  };
  // Sequences up to these began before the connections stood.
  const baselines = await listen();
  return {
    get hears() {
      return started.size === vms.length;
    },
    async look() {
      return [...(await listen())].flatMap(([direction, report]) =>
        report.measured
          .filter(({ sequence, received }) => sequence > (baselines.get(direction)?.begun ?? 0) && received > 0)
          .map(({ sequence: _, ...summary }) => ({ direction, ...summary })),
      );
    },
    async inconclusive() {
      const silent = vms.filter((vm) => !started.has(vm));
      if (silent.length === 0) return undefined;
      return neverRan(silent, input);
    },
  };
}

/** For these VMs. */
export function neverRan(vms: readonly Vm[], { link, timeoutMs }: LinkInput): string {
  return `the test VM of ${vms.map((vm) => vm.name).join(' and ')} never ran its script within ${timeoutMs / 1000} s, so nothing is known of tunnel ${link}: its image may not run user data (cloud-init), or not reach the metadata`;
}

/** What a VM's console shows so far. */
export function consoleOf({ id, region }: Vm, attempt: Attempt): Promise<string> {
  return attempt.read((call) => region.consoleOutput(id, CONSOLE_LINES, call));
}

/** What the console of the VM that pings tells of one direction. */
function reportOf({ from, to }: Direction, text: string, { run }: LinkInput): ConsoleReport {
  return readConsole(text, run, from.site, to.name);
}

async function consoleOrRefusal(vm: Vm, attempt: Attempt): Promise<string> {
  try {
    return await consoleOf(vm, attempt);
  } catch (error) {
    if (!isGone(error)) throw error;
    throw refuse(
      'CheckInconclusive',
      `test VM ${vm.id} of ${vm.name} is gone, or region ${vm.region.name} gives no console output: someone removed it, or use check: ssh or check: none`,
    );
  }
}
