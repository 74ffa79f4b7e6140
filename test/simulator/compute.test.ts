/**
 * Nova's rules beyond the recordings: microversions, checks, life, ports, what a guest can see.
 * The one rule: what passes by itself is either waited for until it is so and stays so, or looked at in a cloud where it takes an hour.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cloud, makeNetwork, type Reply, startCloud } from './clouds.js';
import { eventually } from './guests.js';

/** Longer than any machine takes for a test: what is delayed by it does not happen while the test looks. */
const HOUR = 3_600_000;

let cloud: Cloud;
let image: string;
let flavor: string;
let net: Awaited<ReturnType<typeof makeNetwork>>;

beforeAll(async () => {
  cloud = await startCloud();
  image = (await cloud.call('image', '/v2/images?name=cirros')).body.images[0].id;
  flavor = (await nova('/flavors')).body.flavors.find((one: { name: string }) => one.name === 'm1.tiny').id;
  net = await makeNetwork(cloud, { name: 'a', cidr: '10.1.0.0/24' });
});
afterAll(() => cloud.stop());

function nova(
  path: string,
  body?: unknown,
  options: { method?: string; version?: string; user?: string } = {},
): Promise<Reply> {
  const { version, ...rest } = options;
  const headers = version === undefined ? {} : { 'OpenStack-API-Version': `compute ${version}` };
  return cloud.call('compute', `/v2.1${path}`, { body, headers, ...rest });
}

const wanted = (fields: Record<string, unknown> = {}) => ({
  server: { name: 'vm', imageRef: image, flavorRef: flavor, networks: [{ uuid: net.network }], ...fields },
});

/** Makes a server and waits until it is ACTIVE. */
async function server(fields: Record<string, unknown> = {}): Promise<string> {
  const made = await nova('/servers', wanted(fields));
  expect(made.body).toHaveProperty('server.id');
  const { id } = made.body.server;
  await eventually(async () => (await nova(`/servers/${id}`)).body.server.status).toBe('ACTIVE');
  return id;
}

async function removed(id: string): Promise<void> {
  expect((await nova(`/servers/${id}`, undefined, { method: 'DELETE' })).status).toBe(204);
  await eventually(async () => (await nova(`/servers/${id}`)).status).toBe(404);
}

/** A server with a port of its own, in a cloud that has nothing else. */
async function serverOf(other: Cloud): Promise<{ readonly id: string; readonly port: string }> {
  const { network } = await makeNetwork(other, { name: 's', cidr: '10.9.0.0/24' });
  const made = await other.call('network', '/v2.0/ports', { body: { port: { network_id: network } } });
  const imageRef = (await other.call('image', '/v2/images?name=cirros')).body.images[0].id;
  const { flavors } = (await other.call('compute', '/v2.1/flavors')).body;
  const flavorRef = flavors.find((one: { name: string }) => one.name === 'm1.tiny').id;
  const { server: created } = (
    await other.call('compute', '/v2.1/servers', {
      body: { server: { name: 'vm', imageRef, flavorRef, networks: [{ port: made.body.port.id }] } },
    })
  ).body;
  return { id: created.id, port: made.body.port.id };
}

const console_ = async (id: string): Promise<string> =>
  (await nova(`/servers/${id}/action`, { 'os-getConsoleOutput': {} })).body.output;
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const port = async (fields: Record<string, unknown> = {}) =>
  (await cloud.call('network', '/v2.0/ports', { body: { port: { network_id: net.network, ...fields } } })).body.port;

describe('microversions', () => {
  it('are answered as asked, by either header, and "latest" is 2.93', async () => {
    expect((await nova('/flavors', undefined, { version: '2.61' })).headers.get('openstack-api-version')).toBe(
      'compute 2.61',
    );
    const legacy = await cloud.call('compute', '/v2.1/flavors', {
      headers: { 'X-OpenStack-Nova-API-Version': '2.55' },
    });
    expect(legacy.headers.get('x-openstack-nova-api-version')).toBe('2.55');
    expect((await nova('/flavors', undefined, { version: 'latest' })).headers.get('openstack-api-version')).toBe(
      'compute 2.93',
    );
  });

  it('outside 2.1 to 2.93 are refused with 406, nonsense with 400', async () => {
    expect(await nova('/servers', undefined, { version: '2.94' })).toMatchObject({
      status: 406,
      body: {
        computeFault: {
          code: 406,
          message: 'Version 2.94 is not supported by the API. Minimum is 2.1 and maximum is 2.93.',
        },
      },
    });
    expect((await nova('/servers', undefined, { version: 'two' })).body.badRequest.message).toContain(
      'is of invalid format',
    );
  });

  it('bring their attributes: embedded flavor, tags, locked; and 2.37 requires networks', async () => {
    const id = await server();
    const old = (await nova(`/servers/${id}`)).body.server;
    const recent = (await nova(`/servers/${id}`, undefined, { version: '2.79' })).body.server;
    expect(old).not.toHaveProperty('locked');
    expect(recent).toMatchObject({
      locked: false,
      tags: [],
      description: null,
      flavor: { original_name: 'm1.tiny', vcpus: 1, ram: 512 },
    });
    const { networks: _left, ...without } = wanted().server;
    expect((await nova('/servers', { server: without }, { version: '2.37' })).body.badRequest.message).toContain(
      "'networks' is a required property",
    );
    await removed(id);
  });
});

describe('a create is refused', () => {
  it.each([
    ['without a name', { name: undefined }, 400, "'name' is a required property"],
    ['with blanks around its name', { name: ' vm ' }, 400, "An invalid 'name' value was provided."],
    ['with user data that is not base64', { user_data: '#!/bin/sh' }, 400, "'#!/bin/sh' is not a 'base64'"],
    ['with user data of more than 65535 characters', { user_data: 'AAAA'.repeat(16_384) }, 400, 'is too long'],
    [
      'with an unknown port',
      { networks: [{ port: '2b46bbb5-0e73-4988-8341-c6f121307bf1' }] },
      400,
      'Port 2b46bbb5-0e73-4988-8341-c6f121307bf1 could not be found.',
    ],
    [
      'with an unknown network',
      { networks: [{ uuid: '2b46bbb5-0e73-4988-8341-c6f121307bf1' }] },
      400,
      'Network 2b46bbb5-0e73-4988-8341-c6f121307bf1 could not be found.',
    ],
    ['with an image reference that is no id', { imageRef: 'cirros' }, 400, 'Invalid imageRef provided.'],
    ['with metadata that is no text', { metadata: { n: 1 } }, 400, "1 is not of type 'string'"],
    [
      'with an unknown attribute of a later microversion',
      { tags: ['x'] },
      400,
      "Additional properties are not allowed ('tags' was unexpected)",
    ],
  ])('%s', async (_name, fields, status, message) => {
    const before = cloud.simulator.snapshot();
    const reply = await nova('/servers', wanted(fields));
    expect(reply.status).toBe(status);
    expect(reply.body.badRequest).toMatchObject({ code: status, message: expect.stringContaining(message) });
    expect(cloud.simulator.snapshot()).toEqual(before);
  });

  it('with a port that is in use, and on an external network', async () => {
    const id = await server();
    const [used] = (await nova(`/servers/${id}/os-interface`)).body.interfaceAttachments;
    expect(
      (await nova('/servers', wanted({ networks: [{ port: used.port_id }] }))).body.conflictingRequest.message,
    ).toBe(`Port ${used.port_id} is still in use.`);
    const outside = (await cloud.call('network', '/v2.0/networks?router:external=true')).body.networks[0].id;
    expect((await nova('/servers', wanted({ networks: [{ uuid: outside }] }))).body.forbidden.message).toBe(
      `It is not allowed to create an interface on external network ${outside}`,
    );
    await removed(id);
  });

  it('when the flavor is too small for the image', async () => {
    const ubuntu = (await cloud.call('image', '/v2/images?name=ubuntu-22.04')).body.images[0].id;
    const nano = (await nova('/flavors')).body.flavors.find((one: { name: string }) => one.name === 'm1.nano').id;
    expect((await nova('/servers', wanted({ imageRef: ubuntu, flavorRef: nano }))).body.badRequest.message).toBe(
      "Flavor's memory is too small for requested image.",
    );
    expect((await nova('/servers', wanted({ imageRef: ubuntu }))).body.badRequest.message).toContain(
      'Flavor disk is 1073741824 bytes, minimum size is 5368709120 bytes.',
    );
  });

  it('with 403 when a quota is reached, and limits show the use', async () => {
    const project = cloud.simulator.projectId('demo');
    await nova(`/os-quota-sets/${project}`, { quota_set: { instances: 1 } }, { method: 'PUT', user: 'admin' });
    const id = await server();
    expect((await nova('/limits')).body.limits.absolute).toMatchObject({
      maxTotalInstances: 1,
      totalInstancesUsed: 1,
      totalCoresUsed: 1,
      totalRAMUsed: 512,
    });
    expect(await nova('/servers', wanted())).toMatchObject({
      status: 403,
      body: {
        forbidden: {
          code: 403,
          message: 'Quota exceeded for instances: Requested 1, but already used 1 of 1 instances',
        },
      },
    });
    await nova(`/os-quota-sets/${project}`, undefined, { method: 'DELETE', user: 'admin' });
    await removed(id);
  });
});

describe('the life of a server', () => {
  it('is in BUILD before it is ACTIVE, and cannot be worked with', async () => {
    const slow = await startCloud({ buildMs: HOUR });
    const { id } = await serverOf(slow);
    const building = (await slow.call('compute', `/v2.1/servers/${id}`)).body.server;
    expect(building).toMatchObject({
      status: 'BUILD',
      hostId: '',
      addresses: {},
      'OS-EXT-STS:vm_state': 'building',
      'OS-EXT-STS:task_state': 'scheduling',
      'OS-EXT-STS:power_state': 0,
    });
    expect(
      (await slow.call('compute', `/v2.1/servers/${id}/action`, { body: { 'os-getConsoleOutput': {} } })).body
        .conflictingRequest.message,
    ).toBe(`Instance ${id} is not ready`);
    expect(
      (await slow.call('compute', `/v2.1/servers/${id}/action`, { body: { 'os-stop': null } })).body.conflictingRequest
        .message,
    ).toBe(`Cannot 'stop' instance ${id} while it is in vm_state building`);
    await slow.stop();
  });

  it('ends in ERROR with its reason when a fault says so, and such a server can be deleted', async () => {
    const region = cloud.simulator.regions.get('left');
    region?.stuck.set('server', { status: 'ERROR' });
    const { id } = (await nova('/servers', wanted())).body.server;
    await eventually(async () => (await nova(`/servers/${id}`)).body.server).toMatchObject({
      status: 'ERROR',
      fault: { code: 500, message: 'No valid host was found. ' },
    });
    region?.stuck.delete('server');
    await removed(id);
  });

  it('stays in BUILD while a fault says so, and is ACTIVE after it', async () => {
    const region = cloud.simulator.regions.get('left');
    region?.stuck.set('server', { status: 'BUILD' });
    const { id } = (await nova('/servers', wanted())).body.server;
    const later = (await nova('/servers', wanted())).body.server;
    region?.stuck.set(later.id, { status: 'ACTIVE' });
    // By then the first would be as well.
    await eventually(async () => (await nova(`/servers/${later.id}`)).body.server.status).toBe('ACTIVE');
    expect((await nova(`/servers/${id}`)).body.server.status).toBe('BUILD');
    region?.stuck.clear();
    await eventually(async () => (await nova(`/servers/${id}`)).body.server.status).toBe('ACTIVE');
    await Promise.all([removed(id), removed(later.id)]);
  });

  it('stops, starts and reboots the guest on its disk; user data runs once', async () => {
    const id = await server({ user_data: base64('#!/bin/sh\necho first boot\n') });
    await eventually(() => console_(id)).toContain('first boot\n');
    expect((await nova(`/servers/${id}/action`, { 'os-start': null })).body.conflictingRequest.message).toBe(
      `Cannot 'start' instance ${id} while it is in vm_state active`,
    );
    expect((await nova(`/servers/${id}/action`, { 'os-stop': null })).status).toBe(202);
    expect((await nova(`/servers/${id}`)).body.server).toMatchObject({
      status: 'SHUTOFF',
      'OS-EXT-STS:power_state': 4,
    });
    const booted = (await console_(id)).match(/lease of/g)?.length;
    await nova(`/servers/${id}/action`, { 'os-start': null });
    await eventually(async () => (await console_(id)).match(/lease of/g)?.length).toBe((booted ?? 0) + 1);
    expect((await nova(`/servers/${id}/action`, { reboot: { type: 'HARD' } })).status).toBe(202);
    await eventually(async () => (await console_(id)).match(/lease of/g)?.length).toBe((booted ?? 0) + 2);
    expect((await console_(id)).match(/first boot/g)?.length).toBe(1);
    expect((await nova(`/servers/${id}/action`, { 'os-sing': null })).body.badRequest.message).toBe(
      'There is no such action: os-sing',
    );
    await removed(id);
  });

  it("is still there after its deletion, and holds a caller's port, until it is gone", async () => {
    const slow = await startCloud({ deleteMs: HOUR });
    const { id, port: given } = await serverOf(slow);
    await eventually(async () => (await slow.call('compute', `/v2.1/servers/${id}`)).body.server.status).toBe('ACTIVE');
    expect((await slow.call('compute', `/v2.1/servers/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await slow.call('compute', `/v2.1/servers/${id}`)).body.server).toMatchObject({
      'OS-EXT-STS:task_state': 'deleting',
    });
    expect((await slow.call('network', `/v2.0/ports/${given}`)).body.port).toMatchObject({
      device_id: id,
      device_owner: 'compute:nova',
    });
    await slow.stop();
  });

  it("lets a caller's port go when it is gone, and takes Nova's own port with it", async () => {
    const given = await port();
    const id = await server({ networks: [{ port: given.id }, { uuid: net.network }] });
    const ports = (await cloud.call('network', `/v2.0/ports?device_id=${id}`)).body.ports;
    expect(ports).toHaveLength(2);
    expect((await nova(`/servers/${id}`, undefined, { method: 'DELETE' })).status).toBe(204);
    await eventually(async () => (await nova(`/servers/${id}`)).body.itemNotFound?.message).toBe(
      `Instance ${id} could not be found.`,
    );
    const after = (await cloud.call('network', `/v2.0/ports?network_id=${net.network}`)).body.ports as {
      id: string;
      device_id: string;
    }[];
    expect(after.filter((one) => ports.some((before: { id: string }) => before.id === one.id))).toEqual([
      expect.objectContaining({ id: given.id, device_id: '', device_owner: '', status: 'DOWN' }),
    ]);
    await cloud.call('network', `/v2.0/ports/${given.id}`, { method: 'DELETE' });
  });

  it('belongs to its project', async () => {
    const id = await server();
    expect((await nova(`/servers/${id}`, undefined, { user: 'other' })).status).toBe(404);
    expect((await nova('/servers', undefined, { user: 'other' })).body).toEqual({ servers: [] });
    expect((await nova(`/servers/${id}`, undefined, { user: 'other', method: 'DELETE' })).status).toBe(404);
    expect((await nova('/servers?all_tenants=1', undefined, { user: 'admin' })).body.servers).toHaveLength(1);
    await removed(id);
  });
});

describe('servers, sub-resources and lists', () => {
  it('page by limit and marker, newest first, and filter by name and status', async () => {
    const ids = [];
    for (const name of ['one', 'two', 'three']) ids.push(await server({ name }));
    const first = (await nova('/servers?limit=2')).body;
    expect(first.servers.map((one: { name: string }) => one.name)).toEqual(['three', 'two']);
    const next = new URL(first.servers_links[0].href);
    expect((await nova(`/servers${next.search}`)).body).toEqual({
      servers: [expect.objectContaining({ name: 'one' })],
    });
    expect((await nova('/servers?name=^t')).body.servers).toHaveLength(2);
    expect((await nova('/servers/detail?status=BUILD')).body.servers).toEqual([]);
    expect((await nova('/servers?marker=nope')).body.badRequest.message).toBe('marker [nope] not found');
    for (const id of ids) await removed(id);
  });

  it('keeps metadata: set, added to, replaced, removed key by key', async () => {
    const id = await server({ metadata: { owner: 'a', step: 'b' } });
    const at = `/servers/${id}/metadata`;
    expect((await nova(`/servers/${id}`)).body.server.metadata).toEqual({ owner: 'a', step: 'b' });
    expect((await nova(at, { metadata: { step: 'c', run: '1' } })).body.metadata).toEqual({
      owner: 'a',
      step: 'c',
      run: '1',
    });
    expect((await nova(`${at}/run`, { meta: { run: '2' } }, { method: 'PUT' })).body).toEqual({ meta: { run: '2' } });
    expect((await nova(`${at}/owner`, undefined, { method: 'DELETE' })).status).toBe(204);
    expect((await nova(`${at}/owner`)).body.itemNotFound.message).toBe('Metadata item was not found');
    expect((await nova(at, { metadata: { x: 'y' } }, { method: 'PUT' })).body.metadata).toEqual({ x: 'y' });
    await removed(id);
  });

  it('renames, attaches and detaches', async () => {
    const id = await server();
    expect((await nova(`/servers/${id}`, { server: { name: 'renamed' } }, { method: 'PUT' })).body.server.name).toBe(
      'renamed',
    );
    const extra = await port();
    expect(
      (await nova(`/servers/${id}/os-interface`, { interfaceAttachment: { port_id: extra.id } })).body
        .interfaceAttachment,
    ).toMatchObject({ port_id: extra.id, port_state: 'ACTIVE' });
    expect((await nova(`/servers/${id}/os-interface`)).body.interfaceAttachments).toHaveLength(2);
    expect((await nova(`/servers/${id}/os-interface/${extra.id}`, undefined, { method: 'DELETE' })).status).toBe(202);
    expect((await nova(`/servers/${id}/os-interface`)).body.interfaceAttachments).toHaveLength(1);
    await removed(id);
    await cloud.call('network', `/v2.0/ports/${extra.id}`, { method: 'DELETE' });
  });

  it('takes security groups by id as well as by name', async () => {
    const group = (await cloud.call('network', '/v2.0/security-groups', { body: { security_group: { name: 'web' } } }))
      .body.security_group.id;
    const id = await server({ security_groups: [{ name: group }] });
    expect((await nova(`/servers/${id}`)).body.server.security_groups).toEqual([{ name: 'web' }]);
    await removed(id);
  });
});

describe('what a guest can see', () => {
  const script = base64('#!/bin/sh\necho "data seen"\nip -4 -o addr show eth0 | grep -c inet\n');

  it('user data by metadata, on a subnet with DHCP and a router', async () => {
    const id = await server({ user_data: script });
    await eventually(() => console_(id)).toContain('data seen\n1\n');
    expect((await nova(`/servers/${id}/action`, { 'os-getConsoleOutput': { length: 2 } })).body.output).toBe('1\n');
    await removed(id);
  });

  it('none without a router, but from a config drive', async () => {
    const { network } = await makeNetwork(cloud, { name: 'lone', cidr: '10.3.0.0/24', routed: false });
    const blind = await server({ networks: [{ uuid: network }], user_data: script });
    const seeing = await server({ networks: [{ uuid: network }], user_data: script, config_drive: true });
    expect((await nova(`/servers/${seeing}`)).body.server.config_drive).toBe('True');
    await eventually(() => console_(seeing)).toContain('data seen\n1\n');
    expect(await console_(blind)).not.toContain('data seen');
    await removed(blind);
    await removed(seeing);
  });

  it('no address without DHCP', async () => {
    const { network } = await makeNetwork(cloud, { name: 'nodhcp', cidr: '10.4.0.0/24', dhcp: false });
    const id = await server({ networks: [{ uuid: network }], user_data: script, config_drive: true });
    await eventually(() => console_(id)).toContain('no lease, failing\ndata seen\n0\n');
    await removed(id);
  });

  it('its own key, and its neighbour while that one runs and its group lets the ping in', async () => {
    await nova('/os-keypairs', {
      keypair: {
        name: 'k',
        public_key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILo2QwkIN4lTGnzX2SbrYziTfI8bE9Wg5QpQSQssIZgF me@here',
      },
    });
    const neighbour = await server({ name: 'neighbour' });
    const [{ fixed_ips: addresses }] = (await nova(`/servers/${neighbour}/os-interface`)).body.interfaceAttachments;
    const to = addresses[0].ip_address;
    const ping = `#!/bin/sh\nwhile :; do ping -c 1 -W 1 ${to} >/dev/null && echo "peer up" || echo "peer down"; sleep 1; done\n`;
    const id = await server({ user_data: base64(ping), key_name: 'k' });
    await eventually(() => console_(id)).toContain('peer up\n');
    await nova(`/servers/${neighbour}/action`, { 'os-stop': null });
    await eventually(() => console_(id)).toMatch(/peer up\n(peer down\n)+$/);
    await nova(`/servers/${neighbour}/action`, { 'os-start': null });
    await eventually(() => console_(id)).toMatch(/peer down\n(peer up\n)+$/);
    await removed(id);
    await removed(neighbour);
  });
});

describe('key pairs', () => {
  it('are made by Nova when no key is given, until 2.92, and belong to a user', async () => {
    const made = await nova('/os-keypairs', { keypair: { name: 'gen' } });
    expect(made.body.keypair).toMatchObject({
      name: 'gen',
      public_key: expect.stringMatching(/^ssh-rsa AAAAB3NzaC1yc2E/),
      private_key: expect.stringContaining('BEGIN RSA PRIVATE KEY'),
    });
    expect((await nova('/os-keypairs', { keypair: { name: 'gen2' } }, { version: '2.92' })).status).toBe(400);
    expect((await nova('/os-keypairs/gen', undefined, { user: 'other' })).status).toBe(404);
    expect(
      (await nova('/os-keypairs', { keypair: { name: 'bad', public_key: 'nonsense' } })).body.badRequest.message,
    ).toBe('Keypair data is invalid: failed to generate fingerprint');
    expect((await nova('/os-keypairs/gen', undefined, { method: 'DELETE' })).status).toBe(202);
    expect(
      (
        await nova(
          '/os-keypairs',
          { keypair: { name: 'k2', public_key: made.body.keypair.public_key } },
          { version: '2.2' },
        )
      ).status,
    ).toBe(201);
    expect((await nova('/os-keypairs/k2', undefined, { method: 'DELETE', version: '2.2' })).status).toBe(204);
  });
});

describe('Glance', () => {
  const glance = (path: string) => cloud.call('image', path);

  it('filters, sorts and pages', async () => {
    const names = async (query: string) =>
      (await glance(`/v2/images${query}`)).body.images.map((one: { name: string }) => one.name);
    expect(await names('?sort=name:asc')).toEqual(['cirros', 'ubuntu-22.04']);
    expect(await names('?sort_key=name&sort_dir=desc')).toEqual(['ubuntu-22.04', 'cirros']);
    expect(await names('?name=in:cirros,other')).toEqual(['cirros']);
    expect(await names('?status=queued')).toEqual([]);
    expect(await names('?visibility=private')).toEqual([]);
    const first = (await glance('/v2/images?sort=name:asc&limit=1')).body;
    expect(first.first).toBe('/v2/images?sort=name%3Aasc&limit=1');
    expect((await glance(first.next)).body).toMatchObject({ images: [{ name: 'ubuntu-22.04' }] });
    expect((await glance(first.next)).body).not.toHaveProperty('next');
  });

  it('answers an unknown image and an unknown marker with a page', async () => {
    expect(await glance('/v2/images/nope')).toMatchObject({
      status: 404,
      body: expect.stringContaining('No image found with ID nope'),
    });
    expect((await glance('/v2/images?marker=nope')).status).toBe(400);
    expect((await glance(`/v2/images/${image}`)).body).toMatchObject({
      id: image,
      min_ram: 0,
      min_disk: 0,
      file: `/v2/images/${image}/file`,
    });
  });

  it('says which versions it has to anyone', async () => {
    expect((await cloud.call('image', '/', { user: null })).status).toBe(300);
  });
});
