/**
 * The seam between the proof and the way the test VMs are heard: on their consoles, or by SSH.
 * The rule: what a prover tells of are pings that began after it was made, so after both connections stood.
 */
import type { Region } from '../../openstack/region.js';
import type { PingStatistics } from '../../workflows/protocol.js';
import type { PingSummary } from '../check-script.js';

/** A test VM, in one of a site's subnets. */
export interface Vm {
  readonly site: string;
  /** By `nameOfVm`. */
  readonly name: string;
  readonly region: Region;
  readonly id: string;
  readonly address: string;
  /** Range of its subnet, where the site has more than one. */
  readonly subnet: string | undefined;
}

/** One of the two ways between two test VMs at either end of a tunnel. */
export interface Direction {
  readonly from: Vm;
  readonly to: Vm;
}

/** A measured sequence with at least one answer. */
export interface Answer extends PingSummary, Pick<PingStatistics, 'through'> {
  readonly direction: Direction;
}

export interface Prover {
  /** One look: answers of any direction. */
  look(): Promise<readonly Answer[]>;
  /** Whether the last look found VMs that ping, so that a silence is the tunnel's. */
  readonly hears: boolean;
  /** At the deadline: why nothing is known of the tunnel. Undefined where the VMs do what they should and the tunnel carries nothing. */
  inconclusive(): Promise<string | undefined>;
}

/** The VMs at the directions' ends, each once. */
export function vmsOf(directions: readonly Direction[]): readonly Vm[] {
  return [...new Set(directions.map(({ from }) => from))];
}

/** A link, and where pings get through between some of its subnets, the ways on which they do not. */
export function inWords(link: string, silent: readonly Direction[]): string {
  if (silent.length === 0) return link;
  const end = ({ site, subnet }: Vm) => (subnet === undefined ? site : `${site} (${subnet})`);
  return `${link} from ${silent.map(({ from, to }) => `${end(from)} to ${end(to)}`).join(', ')}, though others did,`;
}
