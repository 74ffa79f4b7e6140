/** A router's own ports and the networks behind them. Apart from routers and interfaces, since both need it. */
import type { RegionState, Row } from '../state.js';
import { type FixedIp, overlapping } from './addresses.js';

export function portsOf(region: RegionState, device: string): readonly Row[] {
  return region.rows('port').filter((port) => port.device_id === device);
}

export function subnetsOf(region: RegionState, router: string): readonly Row[] {
  return portsOf(region, router)
    .flatMap((port) => port.fixed_ips as FixedIp[])
    .flatMap((ip) => region.get('subnet', ip.subnet_id) ?? []);
}

/** Why a subnet cannot join others on one router; undefined when it can. */
export function overlapProblem(subnet: Row, others: readonly Row[]): string | undefined {
  const twice = others.find((one) => one.id === subnet.id);
  if (twice !== undefined) return `Router already has a port on subnet ${subnet.id}`;
  const other = others.find((one) => overlapping(String(one.cidr), String(subnet.cidr)));
  return other === undefined
    ? undefined
    : `Cidr ${String(subnet.cidr)} of subnet ${subnet.id} overlaps with cidr ${String(other.cidr)} of subnet ${other.id}`;
}
