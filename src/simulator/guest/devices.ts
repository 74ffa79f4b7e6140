/**
 * A fresh guest's disk: directories, devices, /proc, /etc, and the installed programs.
 * The one rule: what is here is what a small cloud image has; nothing is put here for a test's convenience.
 */
import { randomBytes } from 'node:crypto';
import { BUILT_IN, PROGRAMS } from './commands/index.js';
import type { GuestFiles } from './files.js';
import type { Machine } from './machine.js';
import { OpenFile, Reader, type Sink } from './streams.js';

const DIRECTORIES = [
  '/bin',
  '/dev',
  '/etc',
  '/etc/dropbear',
  '/etc/init.d',
  '/etc/ssh',
  '/home',
  '/lib',
  '/mnt',
  '/opt',
  '/proc',
  '/root',
  '/run',
  '/sbin',
  '/sys',
  '/tmp',
  '/usr',
  '/usr/bin',
  '/usr/local',
  '/usr/local/bin',
  '/usr/sbin',
  '/var',
  '/var/lib',
  '/var/log',
  '/var/run',
  '/var/tmp',
];
const SYSTEM_BINARIES = new Set(['ip', 'ifconfig', 'route', 'killall']);
const SHELLS_OF_BUSYBOX = ['ash'];

/** Fills an empty disk. `loginUser`: whom the image has besides root. */
export function furnish(machine: Machine, loginUser: string): void {
  const { files } = machine;
  for (const path of DIRECTORIES) files.makeDirectory(path, true, path === '/root' ? 0o700 : 0o755);
  const nothing: Sink = { write: () => {} };
  const discard = (): OpenFile => new OpenFile({ sink: nothing, reader: Reader.of('') });
  const toConsole = (): OpenFile => new OpenFile({ sink: machine.console, reader: Reader.of('') });
  const kernelLog: Sink = {
    write: (data) => machine.console.write(`${kernelStamp(machine)} ${data.endsWith('\n') ? data : `${data}\n`}`),
  };
  device(files, '/dev/null', discard);
  for (const name of ['console', 'ttyS0', 'tty0', 'tty', 'tty1'])
    device(files, `/dev/${name}`, name === 'tty1' ? discard : toConsole);
  device(files, '/dev/kmsg', () => new OpenFile({ sink: kernelLog }));
  device(files, '/dev/zero', () => new OpenFile({ sink: nothing, reader: new Reader(() => '\0'.repeat(4096)) }));
  for (const name of ['urandom', 'random']) {
    device(
      files,
      `/dev/${name}`,
      () => new OpenFile({ sink: nothing, reader: new Reader(() => randomBytes(64).toString('latin1')) }),
    );
  }
  const report = (path: string, text: () => string): void =>
    device(files, path, () => new OpenFile({ reader: Reader.of(text()) }), 0o444);
  const up = (): number => (machine.clock.now() - machine.bootedAt) / 1000;
  report('/proc/uptime', () => `${up().toFixed(2)} ${(up() * 0.9).toFixed(2)}\n`);
  report('/proc/loadavg', () => '0.08 0.03 0.01 1/98 321\n');
  report('/proc/cmdline', () => 'console=ttyS0 panic=10\n');
  report('/proc/version', () => 'Linux version 5.15.0-117-generic (gcc 11.4.0) #127-Ubuntu SMP\n');
  device(files, '/proc/self', discard);
  files.write('/etc/hostname', `${machine.hostname}\n`);
  files.write('/etc/hosts', `127.0.0.1 localhost\n127.0.1.1 ${machine.hostname}\n`);
  const users = loginUser === 'root' ? '' : `${loginUser}:x:1000:1000::/home/${loginUser}:/bin/sh\n`;
  files.write('/etc/passwd', `root:x:0:0:root:/root:/bin/sh\n${users}`);
  const shells = new Set(machine.userSpace === 'busybox' ? SHELLS_OF_BUSYBOX : ['dash']);
  for (const name of [...PROGRAMS.keys(), ...BUILT_IN]) {
    if ((name === 'ash' || name === 'dash') && !shells.has(name)) continue;
    const file = files.write(
      `${SYSTEM_BINARIES.has(name) ? '/sbin' : name === 'sh' || name === 'ping' ? '/bin' : '/usr/bin'}/${name}`,
      '',
      0o755,
    );
    file.program = name;
  }
}

/** `[    6.124664]`, as the kernel stamps its messages. */
export function kernelStamp(machine: Machine): string {
  return `[${((machine.clock.now() - machine.bootedAt) / 1000).toFixed(6).padStart(12)}]`;
}

function device(files: GuestFiles, path: string, open: () => OpenFile, mode = 0o666): void {
  files.put(path, { kind: 'device', open, mode, modified: 0 });
}
