/**
 * The hypervisor's side of a guest: powers it on, gives it its network, metadata and config drive, keeps its console and disk.
 * The one rule: a guest reaches only what its ports reach, asked anew each time. Without DHCP it has no address, without a router's
 * leg in its subnet no metadata; a config drive needs neither.
 */
import { Buffer } from 'node:buffer';
import { type Arrival, reach, type Traffic } from '../data-plane.js';
import { type ConfigDrive, Guest, type GuestInterface, type GuestNetwork, scaledClock } from '../guest/index.js';
import type { FixedIp } from '../network/addresses.js';
import type { RegionState, Row } from '../state.js';
import { carries } from '../tunnel-status.js';
import { portsOf } from './server-ports.js';

/** Simulated milliseconds in a guest's second. */
const SECOND = 1_000;

export class GuestHost {
  readonly #guests = new Map<string, Guest>();
  readonly #regions: readonly RegionState[];

  constructor(regions: readonly RegionState[]) {
    this.#regions = regions;
  }

  /** Where a packet from a port comes to, over all that carries it now. */
  reach(region: RegionState, port: Row, to: string, traffic: Traffic): Arrival | undefined {
    return reach(region, port, to, traffic, this.#regions, (end) => carries(end, this.#regions));
  }

  /** Powers a server's guest on, on the disk and console of its earlier life if it had one. */
  start(server: Row, region: RegionState): void {
    const earlier = this.#guests.get(server.id);
    earlier?.stop();
    const speed = SECOND / region.delays.guestSecondMs;
    const files = instanceFiles(server);
    const guest = new Guest({
      hostname: hostnameOf(server),
      clock: scaledClock(speed),
      network: this.#networkOf(server, region, files),
      userSpace: (server._image as Row | undefined)?.os_distro === 'ubuntu' ? 'iputils' : 'busybox',
      // From power-on to the network is what the region calls booting.
      kernelMs: region.delays.bootMs * speed,
      ...(server.config_drive === 'True' ? { configDrive: files } : {}),
      ...(earlier === undefined ? {} : { disk: { files: earlier.files, console: earlier.console } }),
    });
    this.#guests.set(server.id, guest);
  }

  /** A server's guest, for logging in by SSH; undefined before its first boot. */
  guest(serverId: string): Guest | undefined {
    return this.#guests.get(serverId);
  }

  /** The last `lines` lines of a server's console, all of it without. */
  console(serverId: string, lines?: number): string {
    const all = this.#guests.get(serverId)?.console.tail() ?? '';
    // As Nova cuts: what follows the last line break counts as a line.
    if (lines === undefined || lines < 0) return all;
    return lines === 0 ? '' : all.split('\n').slice(-lines).join('\n');
  }

  stop(serverId: string): void {
    const guest = this.#guests.get(serverId);
    guest?.stop();
    for (const fault of guest?.faults.splice(0) ?? []) console.error('simulator, in a guest:', fault);
  }

  forget(serverId: string): void {
    this.#guests.delete(serverId);
  }

  stopAll(): void {
    for (const id of [...this.#guests.keys()]) {
      this.stop(id);
      this.forget(id);
    }
  }

  #networkOf(server: Row, region: RegionState, files: ConfigDrive): GuestNetwork {
    const bound = () =>
      portsOf(region, server.id).filter((port) => port.status === 'ACTIVE' && port.admin_state_up !== false);
    return {
      interfaces: () => bound().map((port, index) => cardOf(port, index, region)),
      ping: async (from, to) => {
        const port = bound().find((one) => (one.fixed_ips as FixedIp[]).some((ip) => ip.ip_address === from));
        return port && this.reach(region, port, to, { protocol: 'icmp' });
      },
      metadata: async (path) => {
        const served = bound().some((port) =>
          (port.fixed_ips as FixedIp[]).some((ip) => servesMetadata(region, ip.subnet_id)),
        );
        if (!served) return undefined;
        const file = files.get(aliasOf(path));
        return file === undefined
          ? { status: 404, body: '' }
          : { status: 200, body: Buffer.from(file).toString('utf8') };
      },
    };
  }
}

/** Nova's default host name: the server's name without what a host name may not have. */
function hostnameOf(server: Row): string {
  const name = String(server.name)
    .replace(/[ _]/g, '-')
    .replace(/[^\w.-]+/g, '')
    .toLowerCase()
    .replace(/^[.-]+|[.-]+$/g, '');
  return name === '' ? `Server-${server.id}` : name;
}

function cardOf(port: Row, index: number, region: RegionState): GuestInterface {
  const [fixed] = port.fixed_ips as FixedIp[];
  const subnet = region.get('subnet', fixed?.subnet_id);
  const card = {
    name: `eth${index}`,
    mac: String(port.mac_address),
    mtu: Number(region.get('network', port.network_id)?.mtu ?? 1450),
  };
  if (fixed === undefined || subnet?.enable_dhcp !== true) return card;
  const prefix = Number(String(subnet.cidr).split('/')[1]);
  const gateway =
    subnet.gateway_ip === null || subnet.gateway_ip === undefined ? {} : { gateway: String(subnet.gateway_ip) };
  return {
    ...card,
    address: fixed.ip_address,
    prefix,
    dns: (subnet.dns_nameservers as string[] | undefined) ?? [],
    ...gateway,
  };
}

/** The metadata proxy runs in the router's name space: it needs DHCP for the route, and a leg of a router in the subnet. */
function servesMetadata(region: RegionState, subnetId: string): boolean {
  if (region.get('subnet', subnetId)?.enable_dhcp !== true) return false;
  const legs = region.rows('port').filter((port) => port.device_owner === 'network:router_interface');
  return legs.some((leg) => (leg.fixed_ips as FixedIp[]).some((ip) => ip.subnet_id === subnetId));
}

/** What Nova writes to the config drive, and serves as metadata under the same paths. */
function instanceFiles(server: Row): ConfigDrive {
  const key = server._publicKey === undefined ? {} : { public_keys: { [String(server.key_name)]: server._publicKey } };
  const meta = {
    uuid: server.id,
    name: server.name,
    hostname: `${hostnameOf(server)}.novalocal`,
    launch_index: 0,
    availability_zone: 'nova',
    project_id: server.project_id,
    meta: server.metadata,
    ...key,
  };
  const userData = Buffer.from(String(server._userData ?? ''), 'base64');
  return new Map<string, Uint8Array>([
    ['openstack/latest/meta_data.json', Buffer.from(JSON.stringify(meta))],
    ['ec2/latest/instance-id', Buffer.from(`i-${server.id.slice(0, 8)}`)],
    ['ec2/latest/hostname', Buffer.from(`${hostnameOf(server)}.novalocal`)],
    ...(userData.length === 0 ? [] : [['openstack/latest/user_data', userData] as const]),
  ]);
}

/** EC2's paths beside OpenStack's: `/latest/user-data`, `/latest/meta-data/instance-id`. */
function aliasOf(path: string): string {
  const bare = path.replace(/^\/+|\/+$/g, '');
  if (/^(?:latest|\d{4}-\d\d-\d\d)\/user-data$/.test(bare)) return 'openstack/latest/user_data';
  const item = /^(?:latest|\d{4}-\d\d-\d\d)\/meta-data\/(instance-id|hostname|local-hostname)$/.exec(bare)?.[1];
  if (item !== undefined) return `ec2/latest/${item.replace('local-', '')}`;
  return bare.replace(/^openstack\/\d{4}-\d\d-\d\d\//, 'openstack/latest/');
}
