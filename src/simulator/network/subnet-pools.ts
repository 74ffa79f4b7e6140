/** Allocation pools of a subnet, by Neutron's IPAM: in its network, apart from each other, and without its gateway. */
import { neutronError } from '../errors.js';
import type { Row } from '../state.js';
import { defaultPools, hostRange, type Pool, toNumber, versionOf } from './addresses.js';

/** The pools asked for, or all hosts but the gateway. */
export function poolsOf(row: Row): readonly Pool[] {
  const gateway = row.gateway_ip as string | null;
  const range = String(row.cidr);
  const asked = row.allocation_pools as Pool[] | undefined;
  if (asked === undefined) return defaultPools(range, gateway);
  const hosts = hostRange(range);
  const seen: Pool[] = [];
  for (const pool of asked) {
    const [start, end] = [toNumber(pool.start), toNumber(pool.end)];
    const shown = `${pool.start}-${pool.end}`;
    if (versionOf(pool.start) !== versionOf(pool.end) || start > end)
      throw neutronError(400, 'InvalidAllocationPool', `The allocation pool ${poolText(pool)} is not valid.`);
    if (versionOf(pool.start) !== hosts.version)
      throw neutronError(400, 'InvalidAllocationPool', `The allocation pool ${shown} is not valid.`);
    if (start < hosts.first || end > hosts.last)
      throw neutronError(
        400,
        'OutOfBoundsAllocationPool',
        `The allocation pool ${shown} spans beyond the subnet cidr ${range}.`,
      );
    const other = seen.find((one) => toNumber(one.start) <= end && start <= toNumber(one.end));
    if (other !== undefined)
      throw neutronError(
        409,
        'OverlappingAllocationPools',
        `Found overlapping allocation pools: ${other.start}-${other.end} ${shown} for subnet ${range}.`,
      );
    seen.push(pool);
  }
  if (gateway !== null) refuseGatewayInPools(gateway, asked);
  return asked;
}

const poolText = (pool: Pool) => `{'start': '${pool.start}', 'end': '${pool.end}'}`;

export function refuseGatewayInPools(gateway: string, ranges: readonly Pool[]): void {
  const value = toNumber(gateway);
  const pool = ranges.find(
    (one) => versionOf(one.start) === versionOf(gateway) && toNumber(one.start) <= value && value <= toNumber(one.end),
  );
  if (pool !== undefined)
    throw neutronError(
      409,
      'GatewayConflictWithAllocationPools',
      `Gateway ip ${gateway} conflicts with allocation pool ${pool.start}-${pool.end}.`,
    );
}
