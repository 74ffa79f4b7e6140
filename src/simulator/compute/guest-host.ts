/**
 * The hypervisor's side of a guest: powers it on when its server has built, gives it its network, metadata and config drive, keeps its console, stops it.
 * The rule: a guest reaches only what its port reaches. Without DHCP it has no address, without a router's leg no metadata; a config drive needs neither.
 */
import { Buffer } from 'node:buffer';
import { ping } from '../data-plane.js';
import { type ConfigDrive, Guest, type GuestNetwork, scaledClock } from '../guest/index.js';
import type { FixedIp } from '../network/addresses.js';
import type { CallContext, RegionState, Row } from '../state.js';
import { carries } from '../tunnel-status.js';

/** Simulated milliseconds in a guest's second. */
const SECOND = 1_000;

interface Entry {
  timer?: NodeJS.Timeout;
  guest?: Guest;
}

export class GuestHost {
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly regions: readonly RegionState[]) {}

  /** Powers a server's guest on once it has built. `bootMs` is its time from power-on to its network. */
  boot(server: Row, port: Row | undefined, context: CallContext): void {
    const { region } = context;
    const entry: Entry = {};
    this.entries.set(server.id, entry);
    entry.timer = setTimeout(() => {
      entry.guest = this.start(server, port, region);
    }, region.delays.buildMs);
    entry.timer.unref();
  }

  console(id: string, lines: number | undefined): string {
    return this.entries.get(id)?.guest?.console.tail(lines) ?? '';
  }

  stop(id: string): void {
    const entry = this.entries.get(id);
    clearTimeout(entry?.timer);
    entry?.guest?.stop();
    for (const fault of entry?.guest?.faults ?? []) console.error('simulator, in a guest:', fault);
  }

  stopAll(): void {
    for (const id of this.entries.keys()) this.stop(id);
    this.entries.clear();
  }

  private start(server: Row, port: Row | undefined, region: RegionState): Guest {
    const speed = SECOND / region.delays.guestSecondMs;
    const files = instanceFiles(server);
    return new Guest({
      hostname: String(server.name),
      clock: scaledClock(speed),
      network: this.networkOf(port, region, files),
      kernelMs: region.delays.bootMs * speed,
      ...(server.config_drive === 'True' ? { configDrive: files } : {}),
    });
  }

  private networkOf(port: Row | undefined, region: RegionState, files: ConfigDrive): GuestNetwork {
    const fixed = (port?.fixed_ips as FixedIp[] | undefined)?.[0];
    const subnet = () => region.get('subnet', fixed?.subnet_id);
    return {
      interfaces: () => {
        const current = subnet();
        const card = { name: 'eth0', mac: String(port?.mac_address ?? ''), mtu: 1450 };
        if (fixed === undefined || current?.enable_dhcp !== true) return [card];
        const prefix = Number(String(current.cidr).split('/')[1]);
        const gateway = current.gateway_ip === null ? {} : { gateway: String(current.gateway_ip) };
        return [{ ...card, address: fixed.ip_address, prefix, dns: current.dns_nameservers as string[], ...gateway }];
      },
      ping: async (_from, to) => {
        const current = region.get('port', port?.id);
        return current === undefined
          ? undefined
          : ping(region, current, to, this.regions, (end) => carries(end, this.regions));
      },
      metadata: async (path) => {
        if (subnet()?.enable_dhcp !== true || !routed(region, fixed?.subnet_id)) return undefined;
        const file = files.get(path.replace(/^\//, ''));
        return file === undefined
          ? { status: 404, body: '' }
          : { status: 200, body: Buffer.from(file).toString('utf8') };
      },
    };
  }
}

/** What Nova writes to the config drive, and serves as metadata under the same paths. */
function instanceFiles(server: Row): ConfigDrive {
  const meta = {
    uuid: server.id,
    name: server.name,
    hostname: server.name,
    meta: server.metadata,
    availability_zone: 'nova',
  };
  const userData = Buffer.from(String(server._userData), 'base64');
  return new Map<string, Uint8Array>([
    ['openstack/latest/meta_data.json', Buffer.from(JSON.stringify(meta))],
    ...(userData.length === 0 ? [] : [['openstack/latest/user_data', userData] as const]),
  ]);
}

function routed(region: RegionState, subnetId: string | undefined): boolean {
  const legs = region.rows('port').filter((port) => port.device_owner === 'network:router_interface');
  return legs.some((leg) => (leg.fixed_ips as FixedIp[]).some((ip) => ip.subnet_id === subnetId));
}
