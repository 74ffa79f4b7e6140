/**
 * Statuses of services and connections over time, computed when they are asked for: PENDING_CREATE until the agent has it, DOWN until the tunnel is up
 * and reported, ACTIVE after. Measured on a real cloud: the old status stays for a while after a change, and the API is behind the packets.
 * The rule: nothing here runs by itself; a status follows from when what changed.
 */
import { type End, mismatches, peerOf } from './data-plane.js';
import type { CallContext, RegionState, Row, Stuck } from './state.js';

/** Notes that a connection or service was made or changed: its agent needs its time again. */
export function touch(row: Row, _region: RegionState, now = Date.now()): void {
  row._changedAt = now;
}

type Kind = 'vpnservice' | 'ipsec_site_connection';

/** The agents of a router look again: what they had forgotten until then, they have from now on. */
export function lookAgain(routerId: string, by: NonNullable<Stuck['until']>, region: RegionState): void {
  const services = region.rows('vpnservice').filter((service) => service.router_id === routerId);
  const isTheirs = (connection: Row) => services.some((service) => service.id === connection.vpnservice_id);
  const connections = region.rows('ipsec_site_connection').filter(isTheirs);
  const rows: readonly (readonly [Row, Kind])[] = [
    ...services.map((row) => [row, 'vpnservice'] as const),
    ...connections.map((row) => [row, 'ipsec_site_connection'] as const),
  ];
  const forgotten = rows.filter(([row, kind]) => region.stuckAs(row, kind)?.until === by);
  for (const [row, kind] of forgotten) {
    region.stuck.delete(row.id);
    region.stuck.delete(kind);
    touch(row, region);
  }
}

/** Whether a service that is down has been seen so by its agent: set up before, it has not been down at all. */
export function isSeenDown(service: Row, region: RegionState, now = Date.now()): boolean {
  return service.admin_state_up === false && now >= knownAt(service, region);
}

/** When the agent of a row's region has its newest form. */
function knownAt(row: Row, region: RegionState): number {
  return Number(row._changedAt ?? 0) + region.delays.agentMs;
}

/** When a tunnel began to carry packets, by both agents' knowledge; undefined while its ends do not match. */
function carriesSince(end: End, regions: readonly RegionState[]): number | undefined {
  const peer = peerOf(end, regions);
  if (peer === undefined || mismatches(end, peer).length > 0) return undefined;
  const forgotten = [end, peer].some((one) => one.region.stuckAs(one.connection, 'ipsec_site_connection')?.until);
  if (forgotten) return undefined;
  return (
    Math.max(knownAt(end.connection, end.region), knownAt(peer.connection, peer.region)) +
    end.region.delays.negotiationMs
  );
}

/** Whether a tunnel carries packets now. */
export function carries(end: End, regions: readonly RegionState[], now = Date.now()): boolean {
  const since = carriesSince(end, regions);
  return since !== undefined && now >= since;
}

/** The status that the API shows now. */
export function statusOf(
  row: Row,
  kind: Kind,
  { region, peers }: Pick<CallContext, 'region' | 'peers'>,
  now = Date.now(),
): string {
  const stuck = region.stuckAs(row, kind);
  if (stuck !== undefined) return stuck.status;
  return kind === 'vpnservice'
    ? serviceStatus(row, region, now)
    : connectionStatus({ region, connection: row }, peers, now);
}

function serviceStatus(row: Row, region: RegionState, now: number): string {
  const connections = region.rows('ipsec_site_connection').filter((one) => one.vpnservice_id === row.id);
  const known = connections.filter((one) => now >= knownAt(one, region));
  // Never leaves PENDING_CREATE before its first connection, and keeps its last status after the last.
  if (known.length === 0) return String(row.status);
  if (now < knownAt(row, region)) return String(row.status);
  return row.admin_state_up === true && known.some((one) => one.admin_state_up === true) ? 'ACTIVE' : 'DOWN';
}

function connectionStatus(end: End, regions: readonly RegionState[], now: number): string {
  const { connection, region } = end;
  if (now < knownAt(connection, region)) return String(connection.status);
  const since = carriesSince(end, regions);
  return since !== undefined && now >= since + region.delays.reportMs ? 'ACTIVE' : 'DOWN';
}
