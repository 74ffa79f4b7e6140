/**
 * The guest's shell against the real one: every script of scripts.sh is run by both, and all that comes out must be the same.
 * The one rule: what differs is fixed in the guest, not left out here, unless the machine's /bin/sh is not dash. The real shell has
 * real time and the guest has virtual time, so only what they say is compared, and neither has a limit of its own.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Guest, scaledClock } from '../../src/simulator/guest/index.js';
import { makeGuest } from './guests.js';
import { VirtualClock } from './virtual-clock.js';

const SCRIPTS = readFileSync(new URL('scripts.sh', import.meta.url), 'utf8')
  .split(/^### /m)
  .slice(1)
  .map((part) => ({ name: part.slice(0, part.indexOf('\n')), script: part.slice(part.indexOf('\n') + 1).trimEnd() }));

const dash = ['/usr/bin/dash', '/bin/dash'].find((path) => existsSync(path));

/** @param signal aborted when the test is taken to hang; a script has no other limit, for a slow machine may take long */
async function runByDash(script: string, signal: AbortSignal) {
  const shell = spawn(dash ?? '', ['-c', script], {
    env: { PATH: process.env.PATH ?? '', HOME: '/root', LC_ALL: 'C', TZ: 'UTC' },
    cwd: '/',
    argv0: 'sh',
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  const [stdout, stderr, [code]] = await Promise.all([text(shell.stdout), text(shell.stderr), once(shell, 'close')]);
  return { stdout, stderr, code };
}

describe.skipIf(dash === undefined)(
  `the guest runs a script as dash does${dash === undefined ? ' (skipped: there is no dash here)' : ''}`,
  () => {
    let guest: Guest;
    beforeAll(async () => {
      guest = makeGuest({}, { loginUser: 'root' });
      await guest.finished;
    });
    afterAll(() => {
      guest.stop();
      expect(guest.faults).toEqual([]);
    });

    it.for(SCRIPTS)('$name', async ({ script }, { signal }) => {
      const [real, own] = await Promise.all([runByDash(script, signal), guest.exec(script, signal)]);
      // Programs word their complaints in their own ways; the shell's own must be the same.
      const complaints = (stderr: string): string[] =>
        stderr.split('\n').filter((line) => line.startsWith('sh: ') && !line.includes('Syntax error'));
      expect({ out: own.stdout, code: own.code, err: complaints(own.stderr) }).toEqual({
        out: real.stdout,
        code: real.code,
        err: complaints(real.stderr),
      });
    });
  },
);

describe('what every guest promises', () => {
  it('runs a script that never waits without blocking the process', async () => {
    // By the host's time, for the rest that such a script is made to take is the host's.
    const guest = makeGuest({ clock: scaledClock(100) });
    await guest.finished;
    let over = false;
    const busy = guest.exec('while true; do :; done').finally(() => {
      over = true;
    });
    // This goes on only while the guest lets it: enough turns for it to have used up its free steps and come to rest.
    for (let turn = 0; turn < 200; turn += 1) await delay(1);
    expect(over).toBe(false);
    guest.stop();
    expect((await busy).code).toBe(137);
  });

  it('lets time pass for a script that never waits, and stops it in the very moment', async () => {
    const clock = new VirtualClock();
    const guest = makeGuest({ clock });
    await guest.finished;
    expect((await guest.exec("timeout 5 sh -c 'while :; do :; done'; echo $?")).stdout).toBe('124\n');
    const busy = guest.exec('while true; do :; done');
    // In the midst of a rest of 10 ms, which is to end with the guest.
    await clock.sleep(5005);
    const at = clock.now();
    guest.stop();
    expect((await busy).code).toBe(137);
    expect(clock.now()).toBe(at);
    expect(clock.sleepers).toBe(0);
  });

  it('ends a runaway awk, a flood of output and an endless recursion with an error, not with the simulator', async () => {
    const guest = makeGuest();
    await guest.finished;
    expect((await guest.exec("awk 'BEGIN { while (1) x++ }'")).code).toBe(2);
    expect((await guest.exec('f() { f; }; f')).stderr).toContain('recursion');
    expect((await guest.exec('x=$(yes); echo no')).code).toBe(2);
    expect((await guest.exec('yes > /tmp/full; echo $?')).stdout).toBe('1\n');
    expect((await guest.exec('x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done')).code).toBe(2);
    guest.stop();
    expect(guest.faults).toEqual([]);
  });

  it('says "not found" in the words of the image\'s shell', async () => {
    const [ubuntu, cirros] = [makeGuest(), makeGuest({}, { userSpace: 'busybox' })];
    await Promise.all([ubuntu.finished, cirros.finished]);
    expect(await ubuntu.exec('foo')).toEqual({ stdout: '', stderr: 'sh: 1: foo: not found\n', code: 127 });
    expect(await cirros.exec('foo')).toEqual({ stdout: '', stderr: 'sh: foo: not found\n', code: 127 });
    expect((await cirros.exec('echo -e "a\\tb"; echo "a\\tb"')).stdout).toBe('a\tb\na\\tb\n');
    ubuntu.stop();
    cirros.stop();
  });

  it('does not reach the host: files, environment and processes are its own', async () => {
    const guest = makeGuest();
    await guest.finished;
    const { stdout } = await guest.exec(
      'cat /etc/hostname; [ -e /proc/self/environ ] || echo none; env; ls /work 2>&1',
    );
    expect(stdout).toContain('vm-left\nnone\n');
    expect(stdout).not.toContain(process.env.HOME === '/' ? '\0' : `HOME=${process.env.HOME}\n`);
    expect(stdout).toContain("cannot access '/work'");
    guest.stop();
  });

  it('hands input and UTF-8 through unchanged', async () => {
    const guest = makeGuest();
    await guest.finished;
    expect((await guest.exec('cat; printf %s "é" | wc -c', undefined, 'grüß\n')).stdout).toBe('grüß\n2\n');
    guest.stop();
  });
});
