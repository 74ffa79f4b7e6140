/**
 * A guest's life: boot, user data, console, keys, stop.
 * The one rule: a test that looks at a certain moment sleeps until then by the guest's clock.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { ConsoleLog, type Guest } from '../../src/simulator/guest/index.js';
import { CARD, makeGuest } from './guests.js';
import { VirtualClock } from './virtual-clock.js';

const guests: Guest[] = [];
afterEach(() => {
  for (const guest of guests.splice(0)) {
    guest.stop();
    expect(guest.faults).toEqual([]);
  }
});

function boot(...args: Parameters<typeof makeGuest>): Guest {
  const guest = makeGuest(...args);
  guests.push(guest);
  return guest;
}

/** What follows the boot messages. */
const spoken = (guest: Guest): string => guest.console.text().split('link becomes ready\n')[1] ?? '';

describe('user data', () => {
  it('is run if it is a script, and only what it prints is on the console', async () => {
    const guest = boot({
      userData:
        '#!/bin/sh\nset -e\necho "up $(hostname)"\necho direct > /dev/console\necho err >&2\necho hidden > /tmp/log\n',
    });
    await guest.finished;
    expect(spoken(guest)).toBe('up vm-left\ndirect\nerr\n');
    expect((await guest.exec('cat /tmp/log')).stdout).toBe('hidden\n');
  });

  it.each(['#cloud-config\nruncmd: [echo no]\n', 'echo no\n', '', '\n#!/bin/sh\necho no\n'])(
    'is ignored if it is not a script: %j',
    async (userData) => {
      const guest = boot({ userData });
      await guest.finished;
      expect(spoken(guest)).toBe('');
    },
  );

  it('is never seen without metadata service and config drive', async () => {
    const guest = boot({ userData: '#!/bin/sh\necho no\n', metadata: false });
    await guest.finished;
    expect(guest.console.text()).not.toContain('no\n');
    expect(guest.authorizedKeys('ubuntu')).toEqual([]);
  });

  it('comes from a config drive where there is one, without DHCP and metadata', async () => {
    const configDrive = new Map([
      ['openstack/latest/user_data', Buffer.from('#!/bin/sh\necho from drive\nip -4 addr show eth0 | grep -c inet\n')],
    ]);
    const guest = boot({ metadata: false, cards: [{ name: CARD.name, mac: CARD.mac, mtu: 1450 }] }, { configDrive });
    await guest.finished;
    expect(guest.console.text()).toMatch(/no lease, failing\nfrom drive\n0\n$/);
  });

  it('streams: a line is on the console as soon as it is written', async () => {
    const clock = new VirtualClock();
    const guest = boot({ userData: '#!/bin/sh\necho one\nsleep 600\necho two\n', clock });
    await guest.ready;
    await clock.sleep(599_999);
    expect(spoken(guest)).toBe('one\n');
    await clock.sleep(2);
    expect(spoken(guest)).toBe('one\ntwo\n');
  });

  it('is killed with the guest, and leaves nothing behind that waits', async () => {
    const clock = new VirtualClock();
    const guest = boot({
      userData:
        '#!/bin/sh\ntrap "echo trapped" EXIT TERM\n(while :; do echo tick; sleep 1; done) &\nping 10.2.0.1 > /tmp/answers &\nwait\n',
      rtt: () => 1,
      clock,
    });
    await guest.ready;
    await clock.sleep(2500);
    expect(spoken(guest)).toBe('tick\ntick\ntick\n');
    expect(clock.sleepers).toBe(2);
    guest.stop();
    expect(clock.sleepers).toBe(0);
    await guest.finished;
    await clock.sleep(10_000);
    expect(spoken(guest)).toBe('tick\ntick\ntick\n');
    expect(clock.sleepers).toBe(0);
  });
});

describe('boot', () => {
  it('prints kernel and DHCP messages like those that were recorded', async () => {
    const guest = boot();
    await guest.finished;
    expect(guest.console.text()).toMatch(
      /ata2: PATA max MWDMA2 cmd 0x170 ctl 0x376 bmdma 0xc128 irq 15\nudhcpc: started, v1\.35\.0\nudhcpc: broadcasting discover\nudhcpc: broadcasting select for 10\.1\.0\.85, server 10\.1\.0\.2\nudhcpc: lease of 10\.1\.0\.85 obtained from 10\.1\.0\.2, lease time 86400\n\[ +\d+\.\d{6}\] IPv6: ADDRCONF\(NETDEV_CHANGE\): eth0: link becomes ready\n$/,
    );
  });

  it('installs the public keys, which a script may add to', async () => {
    const guest = boot({
      userData:
        '#!/bin/sh\nmkdir -p /root/.ssh\necho "ssh-ed25519 BBBB other" >> /root/.ssh/authorized_keys\nchmod 600 /root/.ssh/authorized_keys\n',
    });
    await guest.finished;
    expect(guest.authorizedKeys('ubuntu')).toEqual(['ssh-ed25519 AAAA user@host']);
    expect(guest.authorizedKeys('root')).toEqual(['ssh-ed25519 BBBB other']);
    expect(guest.authorizedKeys('nobody')).toEqual([]);
  });

  it('lets nobody in by keys that others may write', async () => {
    const guest = boot({});
    await guest.finished;
    await guest.exec('chmod 622 /home/ubuntu/.ssh/authorized_keys');
    expect(guest.authorizedKeys('ubuntu')).toEqual([]);
  });

  it('shows a script its address, routes and metadata', async () => {
    const guest = boot({ userData: 'x' });
    await guest.finished;
    const { stdout } = await guest.exec(
      "ip -4 addr show eth0 | awk '/inet /{print $2}'; ip route | head -1; hostname -I; curl -s http://169.254.169.254/latest/user-data; echo; wget -qO- http://169.254.169.254/openstack/latest/meta_data.json | grep -o vm-left",
    );
    expect(stdout).toBe('10.1.0.85/24\ndefault via 10.1.0.1 dev eth0 \n10.1.0.85 \nx\nvm-left\n');
  });
});

describe('the check of a VPN by two scripts', () => {
  it('until-ping loops see the tunnel come up', async () => {
    let up = false;
    const clock = new VirtualClock();
    const guest = boot({
      clock,
      rtt: (to) => (up && to === '10.2.0.75' ? 4.2 : undefined),
      userData:
        '#!/bin/sh\nPEER=10.2.0.75\nn=0\nuntil ping -c 1 -W 1 "$PEER" >/dev/null 2>&1; do n=$((n+1)); [ $n -eq 2 ] && echo "still waiting"; sleep 1; done\nping -c 3 "$PEER" | awk \'/packets transmitted/ {sub(/%/, "", $6); print "loss=" $6} /^rtt/ {split($4, t, "/"); print "avg=" t[2]}\'\n',
    });
    await guest.ready;
    // A lost answer costs a second, and so does the pause after it.
    await clock.sleep(2999);
    expect(spoken(guest)).toBe('');
    await clock.sleep(2);
    expect(spoken(guest)).toBe('still waiting\n');
    up = true;
    await guest.finished;
    expect(spoken(guest)).toBe('still waiting\nloss=0\navg=4.200\n');
  });
});

describe('the console', () => {
  it('keeps the end of what was written, and gives its last lines', () => {
    const console = new ConsoleLog(10);
    for (const line of ['one\n', 'two\n', 'three\n']) console.write(line);
    expect(console.text()).toBe('two\nthree\n');
    expect(console.tail(1)).toBe('three\n');
    expect(console.tail(0)).toBe('');
    expect(console.tail(-1)).toBe('two\nthree\n');
    expect(console.tail(99)).toBe('two\nthree\n');
  });
});
