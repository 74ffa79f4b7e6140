/**
 * Logins to a VM through its floating IP: who gets in, what is let through, and that an SSH client nobody here wrote works.
 */
import { execFile, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { promisify } from 'node:util';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cloud, makeNetwork, startCloud } from './clouds.js';

const { privateKey, publicKey } = keyPair();

let cloud: Cloud;
let subnet: { readonly network: string; readonly subnet: string };
let floating: string;
let near: Machine;
let far: Machine;

interface Machine {
  readonly port: string;
  readonly address: string;
  readonly group: string;
}

function keyPair(): { readonly privateKey: string; readonly publicKey: string } {
  const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'pem' });
  const key = keyOf(pem.toString());
  return { privateKey: pem.toString(), publicKey: `${key.type} ${key.getPublicSSH().toString('base64')}` };
}

async function post<T = { id: string }>(path: string, kind: string, fields: Record<string, unknown>): Promise<T> {
  const { status, body } = await cloud.call('network', `/v2.0/${path}`, { body: { [kind]: fields } });
  expect(status).toBe(201);
  return body[kind];
}

const letIn = (group: string, what: Record<string, unknown>) =>
  post('security-group-rules', 'security_group_rule', { security_group_id: group, direction: 'ingress', ...what });
const SSH = { protocol: 'tcp', port_range_min: 20, port_range_max: 30 };

/** A VM that lets the key in. */
async function makeMachine(name: string): Promise<Machine> {
  const { id: group } = await post('security-groups', 'security_group', { name });
  const port = await post<{ id: string; fixed_ips: { ip_address: string }[] }>('ports', 'port', {
    network_id: subnet.network,
    security_groups: [group],
  });
  const imageRef = (await cloud.call('image', '/v2/images?name=cirros')).body.images[0].id;
  const flavors = (await cloud.call('compute', '/v2.1/flavors')).body.flavors as { id: string; name: string }[];
  const script = `#!/bin/sh\nmkdir -m 700 -p /root/.ssh\necho '${publicKey}' > /root/.ssh/authorized_keys\nchmod 600 /root/.ssh/authorized_keys\n`;
  const server = {
    name,
    imageRef,
    flavorRef: flavors.find((flavor) => flavor.name === 'm1.tiny')?.id,
    networks: [{ port: port.id }],
    config_drive: true,
    user_data: Buffer.from(script).toString('base64'),
  };
  const { status, body } = await cloud.call('compute', '/v2.1/servers', { body: { server } });
  expect([status, body]).toEqual([202, expect.anything()]);
  return { port: port.id, address: port.fixed_ips[0]?.ip_address ?? '', group };
}

/** Asks the simulator for a way to an address. Resolves to the status, and to the connection where it is 200. */
function ask(target: string): Promise<{ readonly status: number; readonly socket: Duplex }> {
  const { hostname: host, port } = new URL(cloud.simulator.url);
  return new Promise((resolve, reject) => {
    request({ host, port, method: 'CONNECT', path: target, agent: false })
      .once('connect', ({ statusCode = 0 }, socket, head) => {
        socket.on('error', () => {});
        socket.unshift(head);
        resolve({ status: statusCode, socket });
      })
      .once('error', reject)
      .end();
  });
}

async function statusOf(target: string): Promise<number> {
  const { status, socket } = await ask(target);
  socket.destroy();
  return status;
}

async function until(done: () => Promise<boolean>): Promise<void> {
  while (!(await done())) await new Promise((resolve) => setTimeout(resolve, 10));
}

function keyOf(pem: string): ssh2.ParsedKey {
  const key = ssh2.utils.parseKey(pem);
  if (key instanceof Error) throw key;
  return key;
}

/** Shows one key and signs with another. */
class Forger extends ssh2.BaseAgent {
  constructor(
    private readonly shown: ssh2.ParsedKey,
    private readonly own: ssh2.ParsedKey,
  ) {
    super();
  }

  getIdentities(done: ssh2.IdentityCallback<ssh2.ParsedKey>): void {
    done(undefined, [this.shown]);
  }

  override sign(
    _: unknown,
    data: Buffer,
    options: ssh2.SigningRequestOptions | ssh2.SignCallback,
    done?: ssh2.SignCallback,
  ): void {
    const signature = this.own.sign(data);
    const answer = typeof options === 'function' ? options : done;
    if (!(signature instanceof Error)) answer?.(undefined, signature);
  }
}

function login(sock: Duplex, user = 'root', key: string | ssh2.BaseAgent = privateKey): Promise<ssh2.Client> {
  const client = new ssh2.Client();
  return new Promise((resolve, reject) => {
    client
      .once('ready', () => resolve(client))
      .on('error', reject)
      .connect({ sock, username: user, ...(typeof key === 'string' ? { privateKey: key } : { agent: key }) });
  });
}

beforeAll(async () => {
  cloud = await startCloud();
  subnet = await makeNetwork(cloud, { name: 'lan', cidr: '10.3.0.0/24' });
  [near, far] = [await makeMachine('near'), await makeMachine('far')];
});

afterAll(() => cloud.stop());

describe('a floating IP', () => {
  test('leads to its VM once it is let in and has booted, and to nothing but SSH', async () => {
    const networks = (await cloud.call('network', '/v2.0/networks?router:external=true')).body.networks;
    const made = await post<{ id: string; floating_ip_address: string }>('floatingips', 'floatingip', {
      floating_network_id: networks[0].id,
    });
    floating = made.floating_ip_address;
    const settle = (port_id: string | null) =>
      cloud.call('network', `/v2.0/floatingips/${made.id}`, { method: 'PUT', body: { floatingip: { port_id } } });
    expect(await statusOf(`${floating}:22`)).toBe(504);
    expect((await settle(near.port)).status).toBe(200);
    expect(await statusOf(`${floating}:22`)).toBe(504);
    await letIn(near.group, { protocol: 'icmp' });
    await letIn(near.group, { ...SSH, port_range_min: 23 });
    expect(await statusOf(`${floating}:22`)).toBe(504);
    await letIn(near.group, SSH);
    await until(async () => (await statusOf(`${floating}:22`)) === 200);
    expect(await statusOf(`${floating}:23`)).toBe(403);
    expect(await statusOf('10.3.0.1:22')).toBe(504);
    await settle(null);
    expect(await statusOf(`${floating}:22`)).toBe(504);
    await settle(near.port);
  });

  test('lets in who has the key of the user data, and runs commands as an SSH server does', async () => {
    let client: ssh2.Client | undefined;
    await until(async () => {
      client = await login((await ask(`${floating}:22`)).socket).catch(() => undefined);
      return client !== undefined;
    });
    const told = await run(client, 'echo out; echo err >&2; whoami; exit 3');
    expect(told).toEqual({ stdout: 'out\nroot\n', stderr: 'err\n', code: 3 });
    client?.end();
    for (const [user, key] of [
      ['ubuntu', privateKey],
      ['root', keyPair().privateKey],
    ] as const)
      await expect(login((await ask(`${floating}:22`)).socket, user, key)).rejects.toThrow(/authentication methods/);
    const sock = (await ask(`${floating}:22`)).socket;
    const agent = new Forger(keyOf(privateKey), keyOf(keyPair().privateKey));
    await expect(login(sock, 'root', agent)).rejects.toThrow(/authentication methods/);
  });

  test('leads on from its VM to where a packet from there would get', async () => {
    const client = await login((await ask(`${floating}:22`)).socket);
    const onward = (port: number) =>
      new Promise<Duplex>((resolve, reject) => {
        client.forwardOut('127.0.0.1', 0, far.address, port, (error, channel) =>
          error === undefined ? resolve(channel) : reject(error),
        );
      });
    await expect(onward(22)).rejects.toThrow();
    await letIn(far.group, SSH);
    await expect(onward(23)).rejects.toThrow();
    const second = await login(await onward(22));
    expect((await run(second, 'hostname')).stdout).toBe('far\n');
    second.end();
    client.end();
  });

  test.skipIf(spawnSync('ssh', ['-V']).error !== undefined)("works with OpenSSH's client", async () => {
    const folder = mkdtempSync(join(tmpdir(), 'simulator-ssh-'));
    const [key, proxy] = [join(folder, 'key'), join(folder, 'proxy.mjs')];
    writeFileSync(key, privateKey, { mode: 0o600 });
    const { hostname, port } = new URL(cloud.simulator.url);
    writeFileSync(
      proxy,
      `import { request } from 'node:http';
const path = process.argv[2];
request({ host: '${hostname}', port: ${port}, method: 'CONNECT', path })  .on('connect', (answer, socket, head) => {
  socket.unshift(head);
  process.stdin.pipe(socket).pipe(process.stdout);
}).end();`,
    );
    const options = [
      '-F/dev/null',
      `-i${key}`,
      '-oBatchMode=yes',
      '-oStrictHostKeyChecking=no',
      '-oUserKnownHostsFile=/dev/null',
      `-oProxyCommand=${process.execPath} ${proxy} %h:%p`,
    ];
    const { stdout } = await promisify(execFile)('ssh', [...options, `root@${floating}`, 'hostname; uname']);
    expect(stdout).toBe('near\nLinux\n');
    rmSync(folder, { recursive: true });
  });
});

function run(client: ssh2.Client | undefined, command: string) {
  return new Promise<{ stdout: string; stderr: string; code: number }>((resolve, reject) => {
    client?.exec(command, (error, channel) => {
      if (error !== undefined) return reject(error);
      const out = { stdout: '', stderr: '' };
      channel.on('data', (data: Buffer) => {
        out.stdout += data;
      });
      channel.stderr.on('data', (data: Buffer) => {
        out.stderr += data;
      });
      channel.once('close', (code: number) => resolve({ ...out, code }));
    });
  });
}
