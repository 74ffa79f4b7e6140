/** Our login at OpenSSH's own server, which most images have: where there is one on this machine. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pingCommand, readSummary } from '../../src/activities/check-script.js';
import { KeyRing } from '../../src/activities/key-ring.js';
import { SshError, SshSession } from '../../src/activities/prove/ssh-session.js';

const SSHD = '/usr/sbin/sshd';
const KEYGEN = '/usr/bin/ssh-keygen';
const missing = [SSHD, KEYGEN, ...(userInfo().uid === 0 ? ['/run/sshd'] : [])].filter((path) => !existsSync(path));

const keys = KeyRing.parse(randomBytes(32).toString('base64'));
const { privateKey, publicKey } = keys.sshKey(keys.currentId, { owner: 'test', vpn: 'v', nonce: 'run' }) ?? {};

describe.skipIf(missing.length > 0)(`OpenSSH${missing.length > 0 ? ` (${missing.join(', ')} is missing)` : ''}`, () => {
  let server: ChildProcess;
  let port: number;
  let authorized: string;

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sshd-'));
    authorized = join(folder, 'authorized_keys');
    const hostKey = join(folder, 'host');
    execFileSync(KEYGEN, ['-q', '-t', 'ed25519', '-N', '', '-f', hostKey]);
    port = await freePort();
    const config = [
      `ListenAddress 127.0.0.1:${port}`,
      `HostKey ${hostKey}`,
      `AuthorizedKeysFile ${authorized}`,
      `PidFile ${join(folder, 'pid')}`,
      // The folder is below /tmp, which others may write to.
      'StrictModes no',
      'UsePAM no',
      'PermitRootLogin prohibit-password',
      'AllowTcpForwarding no',
    ];
    writeFileSync(join(folder, 'config'), `${config.join('\n')}\n`);
    server = spawn(SSHD, ['-D', '-e', '-f', join(folder, 'config')], { stdio: ['ignore', 'ignore', 'pipe'] });
    for await (const text of server.stderr ?? []) if (String(text).includes('listening on')) break;
  }, 60_000);

  afterAll(() => server.kill());

  const login = async () => {
    const { signal } = new AbortController();
    const over = connect(port, '127.0.0.1');
    await once(over, 'connect');
    const { username: user } = userInfo();
    return SshSession.open(over, { user, privateKey: privateKey ?? '', signal, timeoutMs: 20_000 });
  };

  test('lets nobody in before the key is there, as while cloud-init works; then it does, and runs what the proof runs', async () => {
    const early = await login().catch((error: unknown) => error);
    expect(early).toBeInstanceOf(SshError);
    expect((early as SshError).what).toBe('refused');
    writeFileSync(authorized, `${publicKey}\n`);
    const session = await login();
    expect(await session.run('echo here; exit 3', 20_000)).toEqual({ code: 3, output: 'here\n' });
    const { output } = await session.run(pingCommand('127.0.0.1'), 20_000);
    expect(readSummary(output)).toMatchObject({ lossPercent: 0 });
    const onward = await session.forward('127.0.0.1').catch((error: unknown) => error);
    expect((onward as SshError).what).toBe('forbidden');
    session.end();
  }, 60_000);
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { readonly port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}
