/**
 * The guest's shell against the real one: every script of scripts.sh is run by both, and all that comes out must be the same.
 * The one rule: what differs is fixed in the guest, not left out here, unless the machine's /bin/sh is not dash.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Guest } from '../../src/simulator/guest/index.js';
import { makeGuest } from './guests.js';

const SCRIPTS = readFileSync(new URL('scripts.sh', import.meta.url), 'utf8')
  .split(/^### /m)
  .slice(1)
  .map((part) => ({ name: part.slice(0, part.indexOf('\n')), script: part.slice(part.indexOf('\n') + 1).trimEnd() }));

const dash = ['/usr/bin/dash', '/bin/dash'].find((path) => existsSync(path));

describe.skipIf(dash === undefined)(
  `the guest runs a script as dash does${dash === undefined ? ' (skipped: there is no dash here)' : ''}`,
  () => {
    let guest: Guest;
    beforeAll(async () => {
      guest = makeGuest({ speed: 1 }, { loginUser: 'root' });
      await guest.finished;
    });
    afterAll(() => {
      guest.stop();
      expect(guest.faults).toEqual([]);
    });

    it.each(SCRIPTS)('$name', async ({ script }) => {
      const environment = { PATH: process.env.PATH ?? '', HOME: '/root', LC_ALL: 'C', TZ: 'UTC' };
      const real = spawnSync(dash ?? '', ['-c', script], {
        encoding: 'utf8',
        env: environment,
        cwd: '/',
        timeout: 20_000,
        argv0: 'sh',
      });
      const own = await guest.exec(script, AbortSignal.timeout(20_000));
      // Programs word their complaints in their own ways; the shell's own must be the same.
      const complaints = (text: string): string[] =>
        text.split('\n').filter((line) => line.startsWith('sh: ') && !line.includes('Syntax error'));
      expect({ out: own.stdout, code: own.code, err: complaints(own.stderr) }).toEqual({
        out: real.stdout,
        code: real.status,
        err: complaints(real.stderr),
      });
    });
  },
);

describe('what every guest promises', () => {
  it('runs a script that never waits without blocking the process, and stops it at once', async () => {
    const guest = makeGuest();
    await guest.finished;
    const busy = guest.exec('while true; do :; done');
    let turns = 0;
    for (const end = Date.now() + 500; Date.now() < end; turns += 1)
      await new Promise((resolve) => setTimeout(resolve, 5));
    expect(turns).toBeGreaterThan(2);
    const at = Date.now();
    guest.stop();
    expect((await busy).code).toBe(137);
    expect(Date.now() - at).toBeLessThan(2000);
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
