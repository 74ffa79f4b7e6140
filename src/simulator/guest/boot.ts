/**
 * What a guest does from power-on until its user data runs: kernel messages, DHCP, metadata.
 * The one rule: user data is seen only if it can be had, from the metadata service or a config drive; nothing else may know it.
 */
import { bytesOf } from './bytes.js';
import { kernelStamp } from './devices.js';
import { FileError } from './files.js';
import type { GuestInterface, Machine } from './machine.js';

/** What cloud-init or CirrOS's init found out about its instance. */
export interface InstanceData {
  readonly source: 'config-drive' | 'metadata';
  /** Byte string; undefined if there is none. */
  readonly userData: string | undefined;
  readonly publicKeys: readonly string[];
}

/** The config drive's content, as Nova writes it. Paths are relative: `openstack/latest/user_data`. */
export type ConfigDrive = ReadonlyMap<string, Uint8Array>;

const DHCP_TRIES = 3;
const METADATA_TRIES = 20;

/** Prints what a kernel prints. */
export async function bootKernel(machine: Machine): Promise<void> {
  const say = async (text: string): Promise<void> => {
    await machine.console.write(`${kernelStamp(machine)} ${text}\n`);
  };
  await say('Linux version 5.15.0-117-generic (buildd@lcy02-amd64-037) (gcc 11.4.0, GNU ld 2.38) #127-Ubuntu SMP');
  await say('Command line: console=ttyS0 panic=10');
  await say('BIOS-provided physical RAM map:');
  await say('scsi host0: ata_piix');
  await say('scsi host1: ata_piix');
  await say('ata1: PATA max MWDMA2 cmd 0x1f0 ctl 0x3f6 bmdma 0xc120 irq 14');
  await say('ata2: PATA max MWDMA2 cmd 0x170 ctl 0x376 bmdma 0xc128 irq 15');
}

/** Asks for an address on each card; gives up as udhcpc does. */
export async function runDhcp(machine: Machine, signal: AbortSignal): Promise<void> {
  await machine.console.write('udhcpc: started, v1.35.0\n');
  let leased: GuestInterface[] = [];
  for (let attempt = 1; leased.length === 0; attempt += 1) {
    await machine.console.write('udhcpc: broadcasting discover\n');
    leased = machine.network.interfaces().filter((card) => card.address !== undefined);
    if (leased.length > 0) break;
    await machine.clock.sleep(3000, signal);
    if (attempt === DHCP_TRIES) {
      await machine.console.write('udhcpc: no lease, failing\n');
      return;
    }
  }
  for (const card of leased) {
    const server = card.dhcpServer ?? card.gateway ?? '';
    await machine.console.write(`udhcpc: broadcasting select for ${card.address}, server ${server}\n`);
    await machine.console.write(`udhcpc: lease of ${card.address} obtained from ${server}, lease time 86400\n`);
    await machine.console.write(
      `${kernelStamp(machine)} IPv6: ADDRCONF(NETDEV_CHANGE): ${card.name}: link becomes ready\n`,
    );
  }
  const dns = leased.flatMap((card) => card.dns ?? []);
  machine.files.write('/etc/resolv.conf', dns.map((address) => `nameserver ${address}\n`).join(''));
}

/** Reads the instance's data: the config drive first, then the metadata service, as cloud-init's OpenStack sources do. */
export async function findInstanceData(
  machine: Machine,
  drive: ConfigDrive | undefined,
  signal: AbortSignal,
): Promise<InstanceData | undefined> {
  if (drive) {
    const userData = drive.get('openstack/latest/user_data');
    const meta = drive.get('openstack/latest/meta_data.json');
    return {
      source: 'config-drive',
      userData: userData && bytesOf(userData),
      publicKeys: meta ? keysOf(Buffer.from(meta).toString('utf8')) : [],
    };
  }
  for (let attempt = 0; attempt < METADATA_TRIES; attempt += 1) {
    const meta = await machine.network.metadata('/openstack/latest/meta_data.json');
    if (meta?.status === 200) {
      const user = await machine.network.metadata('/openstack/latest/user_data');
      return {
        source: 'metadata',
        userData: user?.status === 200 ? Buffer.from(user.body, 'utf8').toString('latin1') : undefined,
        publicKeys: keysOf(meta.body),
      };
    }
    await machine.clock.sleep(1000, signal);
  }
  return undefined;
}

function keysOf(text: string): string[] {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null || !('public_keys' in parsed)) return [];
    return Object.values(parsed.public_keys ?? {}).filter((key): key is string => typeof key === 'string');
  } catch {
    return [];
  }
}

/** Writes what an init writes: the keys of the login user, and the user data itself. */
export function install(machine: Machine, data: InstanceData, user: string): void {
  const { files } = machine;
  const home = user === 'root' ? '/root' : `/home/${user}`;
  try {
    files.makeDirectory(`${home}/.ssh`, true, 0o700);
    if (data.publicKeys.length > 0) {
      files.write(`${home}/.ssh/authorized_keys`, data.publicKeys.map((key) => `${key.trim()}\n`).join(''), 0o600);
    }
    files.makeDirectory('/var/lib/cloud/instance/scripts', true);
    if (data.userData !== undefined) files.write('/var/lib/cloud/instance/user-data.txt', data.userData, 0o600);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
  }
}
