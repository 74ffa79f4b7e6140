/**
 * The SSH server of a guest: logins by public key, commands in the guest's shell, connections onward from it.
 * The rule: who may log in is what stands in the guest's own files, put there by nothing but its user data.
 */
import { generateKeyPairSync } from 'node:crypto';
import type { Duplex } from 'node:stream';
import ssh2, { type AuthContext, type Connection, type Session } from 'ssh2';
import type { Guest } from '../guest/index.js';

/** What takes a connection from the guest to an address and port; undefined where nothing there answers. */
export type Onward = (address: string, port: number) => ((stream: Duplex) => void) | undefined;

/** One for all guests of a simulator: making one takes longer than a VM boots in a test. */
export function makeHostKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'sec1', format: 'pem' }).toString();
}

/** Serves one connection. */
export function serveSsh(guest: Guest, stream: Duplex, hostKey: string, onward: Onward): void {
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    let user = '';
    client.on('error', () => {});
    client.on('authentication', (context) => {
      user = context.username;
      if (mayLogIn(guest, context)) context.accept();
      else context.reject(['publickey']);
    });
    client.on('session', (accept) => serveSession(accept(), guest, () => user));
    forward(client, onward);
  });
  // Any stream will do: it is read and written, and nothing else is asked of it.
  server.injectSocket(stream as Parameters<typeof server.injectSocket>[0]);
}

function mayLogIn(guest: Guest, context: AuthContext): boolean {
  if (context.method !== 'publickey') return false;
  const { key, signature, blob, hashAlgo } = context;
  const known = guest
    .authorizedKeys(context.username)
    .map((line) => ssh2.utils.parseKey(line))
    .find((one) => !(one instanceof Error) && one.getPublicSSH().equals(key.data));
  if (known === undefined || known instanceof Error) return false;
  // Without a signature it asks whether the key would do.
  if (signature === undefined || blob === undefined) return true;
  return known.verify(blob, signature, hashAlgo) === true;
}

function serveSession(session: Session, guest: Guest, user: () => string): void {
  session.on('exec', (accept, _reject, { command }) => {
    const channel = accept();
    const gone = new AbortController();
    channel.once('close', () => gone.abort());
    channel.on('error', () => {});
    void guest.exec(command, gone.signal, '', user()).then(({ stdout, stderr, code }) => {
      if (gone.signal.aborted) return;
      channel.write(stdout);
      channel.stderr.write(stderr);
      channel.exit(code);
      channel.end();
    });
  });
}

function forward(client: Connection, onward: Onward): void {
  client.on('tcpip', (accept, reject, { destIP, destPort }) => {
    const take = onward(destIP, destPort);
    if (take === undefined) return reject();
    const channel = accept();
    channel.on('error', () => {});
    take(channel);
  });
}
