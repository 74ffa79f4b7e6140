/**
 * The seam between the proof and the way the test VMs are heard: on their consoles, or by SSH.
 * The rule: what a prover tells of are pings that began after it was made, so after both connections stood.
 */
import type { Region } from '../../openstack/region.js';
import type { PingStatistics } from '../../workflows/protocol.js';

/** One of the two ways through a tunnel: from the test VM of a site to the address of the other's. */
export interface Direction {
  readonly from: string;
  readonly to: string;
  readonly address: string;
  /** Of the VM that pings. */
  readonly region: Region;
  readonly server: string;
}

export interface Prover {
  /** One look: measured sequences with at least one answer, of either direction. */
  look(): Promise<readonly PingStatistics[]>;
  /** Whether the last look found VMs that ping, so that a silence is the tunnel's. */
  readonly hears: boolean;
  /** At the deadline: why nothing is known of the tunnel. Undefined where the VMs do what they should and the tunnel carries nothing. */
  inconclusive(): Promise<string | undefined>;
}
