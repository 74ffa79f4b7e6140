/**
 * ping as the two families of images print it. The expected texts are those of iputils 20211215 and BusyBox 1.35.
 * The one rule: time is the guest's own and virtual, so counts and times are given exactly.
 */
import { afterEach, describe, expect, it } from 'vitest';
import type { Guest, UserSpace } from '../../src/simulator/guest/index.js';
import { makeGuest, type World } from './guests.js';

const guests: Guest[] = [];
afterEach(() => {
  for (const guest of guests.splice(0)) {
    guest.stop();
    expect(guest.faults).toEqual([]);
  }
});

async function boot(userSpace: UserSpace, world: World): Promise<Guest> {
  const guest = makeGuest(world, { userSpace });
  guests.push(guest);
  await guest.finished;
  return guest;
}

/** Answers from 10.2.0.75 only, with the times given, then none. */
function answering(...times: (number | undefined)[]): (to: string) => number | undefined {
  return (to) => (to === '10.2.0.75' ? times.shift() : undefined);
}

describe('iputils', () => {
  it('prints header, replies with three significant digits, and a summary with mdev', async () => {
    const guest = await boot('iputils', { rtt: answering(0.0456, 1.2345, 12.345, 123.45) });
    const { stdout, code } = await guest.exec('ping -c 4 10.2.0.75');
    expect(stdout).toBe(`PING 10.2.0.75 (10.2.0.75) 56(84) bytes of data.
64 bytes from 10.2.0.75: icmp_seq=1 ttl=62 time=0.046 ms
64 bytes from 10.2.0.75: icmp_seq=2 ttl=62 time=1.23 ms
64 bytes from 10.2.0.75: icmp_seq=3 ttl=62 time=12.3 ms
64 bytes from 10.2.0.75: icmp_seq=4 ttl=62 time=123 ms

--- 10.2.0.75 ping statistics ---
4 packets transmitted, 4 received, 0% packet loss, time 3123ms
rtt min/avg/max/mdev = 0.046/34.269/123.450/51.712 ms
`);
    expect(code).toBe(0);
  });

  it('prints no times without an answer, and fails with 1', async () => {
    const guest = await boot('iputils', {});
    const { stdout, code } = await guest.exec('ping -c 2 -W 1 10.2.0.75');
    expect(stdout).toBe(
      'PING 10.2.0.75 (10.2.0.75) 56(84) bytes of data.\n\n--- 10.2.0.75 ping statistics ---\n2 packets transmitted, 0 received, 100% packet loss, time 1000ms\n\n',
    );
    expect(code).toBe(1);
  });

  it('counts a loss of one in three as 33.3333%, and succeeds', async () => {
    const guest = await boot('iputils', { rtt: answering(1, undefined, 1) });
    const { stdout, code } = await guest.exec('ping -q -c 3 -W 1 10.2.0.75');
    expect(stdout).toContain('3 packets transmitted, 2 received, 33.3333% packet loss');
    expect(stdout).not.toContain('icmp_seq');
    expect(code).toBe(0);
  });

  it('says that a neighbour who does not answer is unreachable', async () => {
    const guest = await boot('iputils', {});
    const { stdout, code } = await guest.exec('ping -c 1 10.1.0.99');
    expect(stdout).toBe(
      'PING 10.1.0.99 (10.1.0.99) 56(84) bytes of data.\nFrom 10.1.0.85 icmp_seq=1 Destination Host Unreachable\n\n--- 10.1.0.99 ping statistics ---\n1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 3000ms\n\n',
    );
    expect(code).toBe(1);
  });

  it('takes size, source and interval', async () => {
    const guest = await boot('iputils', { rtt: answering(2, 2) });
    const { stdout } = await guest.exec('ping -c 2 -i 0.2 -s 100 -I eth0 10.2.0.75');
    expect(stdout).toContain(
      'PING 10.2.0.75 (10.2.0.75) from 10.1.0.85 eth0: 100(128) bytes of data.\n108 bytes from 10.2.0.75',
    );
    expect(stdout).toContain('2 packets transmitted, 2 received, 0% packet loss, time 202ms\n');
    expect((await guest.exec('ping -c 1 -I eth7 10.2.0.75')).code).toBe(2);
  });

  it('ends by its deadline, by timeout -s INT with a summary, by kill without one', async () => {
    const guest = await boot('iputils', { rtt: () => 1 });
    const byDeadline = await guest.exec('ping -w 3 10.2.0.75');
    expect(byDeadline.stdout).toContain('\n3 packets transmitted, 3 received, 0% packet loss, time 2000ms\n');
    const interrupted = await guest.exec('timeout -s INT 2.5 ping 10.2.0.75; echo $?');
    expect(interrupted.stdout).toMatch(
      /\n3 packets transmitted, 3 received, 0% packet loss, time 2000ms\n[^\n]*\n124\n$/,
    );
    const killed = await guest.exec('timeout 2.5 ping 10.2.0.75; echo $?');
    expect(killed.stdout).not.toContain('packets transmitted');
    expect(killed.stdout).toMatch(/\n[^\n]* icmp_seq=3 [^\n]*\n124\n$/);
    const job = await guest.exec('ping 10.2.0.75 > /tmp/p & sleep 1.5; kill -INT $!; wait; tail -2 /tmp/p | head -1');
    expect(job.stdout).toBe('2 packets transmitted, 2 received, 0% packet loss, time 1000ms\n');
  });

  it('knows names, its own address and dead ends', async () => {
    const guest = await boot('iputils', { rtt: answering(1) });
    expect((await guest.exec('ping -c 1 nowhere.example')).stderr).toBe(
      'ping: nowhere.example: Name or service not known\n',
    );
    expect((await guest.exec('ping -c 1 nowhere.example')).code).toBe(2);
    expect((await guest.exec('ping -c 1 localhost')).stdout).toContain(
      '64 bytes from localhost (127.0.0.1): icmp_seq=1 ttl=64',
    );
    expect((await guest.exec('ping -c 1 10.1.0.85')).code).toBe(0);
    const lost = await boot('iputils', { cards: [{ name: 'eth0', mac: 'fa:16:3e:00:00:01', mtu: 1450 }] });
    expect(await lost.exec('ping -c 1 10.2.0.75')).toEqual({
      stdout: '',
      stderr: 'ping: connect: Network is unreachable\n',
      code: 2,
    });
  });

  it('writes each reply when it comes, so that a pipe sees it before ping ends', async () => {
    const guest = await boot('iputils', { rtt: () => 1 });
    const { stdout } = await guest.exec(
      'ping 10.2.0.75 | while read l; do case $l in *icmp_seq=2*) echo "saw it"; break;; esac; done',
    );
    expect(stdout).toBe('saw it\n');
  });
});

describe('busybox', () => {
  it('prints its own header, sequence from 0 and round-trip line', async () => {
    const guest = await boot('busybox', { rtt: answering(0.5, 1.25) });
    expect(await guest.exec('ping -c 2 10.2.0.75')).toEqual({
      stdout: `PING 10.2.0.75 (10.2.0.75): 56 data bytes
64 bytes from 10.2.0.75: seq=0 ttl=62 time=0.500 ms
64 bytes from 10.2.0.75: seq=1 ttl=62 time=1.250 ms

--- 10.2.0.75 ping statistics ---
2 packets transmitted, 2 packets received, 0% packet loss
round-trip min/avg/max = 0.500/0.875/1.250 ms
`,
      stderr: '',
      code: 0,
    });
  });

  it('prints a loss as a whole number, no times without an answer, and fails with 1', async () => {
    const guest = await boot('busybox', { rtt: answering(1, undefined, 1) });
    expect((await guest.exec('ping -c 3 -W 1 10.2.0.75')).stdout).toContain(
      '3 packets transmitted, 2 packets received, 33% packet loss\n',
    );
    expect(await guest.exec('ping -c 1 -W 1 10.2.0.75')).toEqual({
      stdout:
        'PING 10.2.0.75 (10.2.0.75): 56 data bytes\n\n--- 10.2.0.75 ping statistics ---\n1 packets transmitted, 0 packets received, 100% packet loss\n',
      stderr: '',
      code: 1,
    });
    expect(await guest.exec('ping nowhere')).toEqual({ stdout: '', stderr: "ping: bad address 'nowhere'\n", code: 1 });
  });

  it('waits for a lost answer as long as -W says', async () => {
    const guest = await boot('busybox', {});
    const { stdout } = await guest.exec(
      'a=$(date +%s); ping -c 1 -W 4 10.2.0.75 >/dev/null; b=$(date +%s); echo $((b-a))',
    );
    expect(stdout).toBe('4\n');
  });
});
