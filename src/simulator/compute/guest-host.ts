/**
 * The hypervisor's side of a guest: starts it when its server has built and booted, gives it its network and its user data, keeps its console, stops it.
 * The rule: a guest that could not see its user data on a real cloud does not see it here: without DHCP and metadata it needs a config drive.
 */
import { Buffer } from 'node:buffer';
import { ping } from '../data-plane.js';
import type { FixedIp } from '../network/addresses.js';
import type { CallContext, RegionState, Row } from '../state.js';
import { carries } from '../tunnel-status.js';
import { type RunningGuest, startGuest } from './start-guest.js';

interface Entry {
  timer?: NodeJS.Timeout;
  guest?: RunningGuest;
}

export class GuestHost {
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly regions: readonly RegionState[]) {}

  /** Schedules a server's guest for when the server has built and its kernel has booted. */
  boot(server: Row, port: Row | undefined, context: CallContext): void {
    const { region } = context;
    const entry: Entry = {};
    this.entries.set(server.id, entry);
    entry.timer = setTimeout(() => {
      entry.guest = this.start(server, port, region);
    }, region.delays.buildMs + region.delays.bootMs);
    entry.timer.unref();
  }

  console(id: string, lines: number | undefined): string {
    return this.entries.get(id)?.guest?.console(lines) ?? '';
  }

  stop(id: string): void {
    const entry = this.entries.get(id);
    clearTimeout(entry?.timer);
    entry?.guest?.stop();
  }

  stopAll(): void {
    for (const id of this.entries.keys()) this.stop(id);
    this.entries.clear();
  }

  private start(server: Row, port: Row | undefined, region: RegionState): RunningGuest {
    const fixed = (port?.fixed_ips as FixedIp[] | undefined)?.[0];
    const subnet = region.get('subnet', fixed?.subnet_id);
    const configured = subnet?.enable_dhcp === true;
    const routed = region
      .rows('port')
      .some(
        (one) =>
          one.device_owner === 'network:router_interface' &&
          (one.fixed_ips as FixedIp[]).some((ip) => ip.subnet_id === subnet?.id),
      );
    const seesUserData = server.config_drive === 'True' || (configured && routed);
    return startGuest({
      name: String(server.name),
      speed: 1000 / region.delays.guestSecondMs,
      mac: String(port?.mac_address ?? ''),
      mtu: 1450,
      ...(configured && fixed !== undefined && subnet !== undefined
        ? {
            address: fixed.ip_address,
            prefix: Number(String(subnet.cidr).split('/')[1]),
            gateway: String(subnet.gateway_ip ?? ''),
            dns: subnet.dns_nameservers as string[],
          }
        : {}),
      userData: seesUserData ? Buffer.from(String(server._userData), 'base64').toString('utf8') : '',
      metadata: { uuid: server.id, name: server.name, meta: server.metadata },
      ping: (to) => {
        const current = region.get('port', port?.id);
        return current === undefined
          ? undefined
          : ping(region, current, to, this.regions, (end) => carries(end, this.regions));
      },
    });
  }
}
