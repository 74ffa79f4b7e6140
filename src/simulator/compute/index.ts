/**
 * Nova and Glance, as far as a test VM needs them: servers that build, boot and run their user data, flavors, images, key pairs, console output.
 * The rule: a server's status follows from its times; its guest starts when it is ACTIVE and stops when it is deleted.
 */
import { type Answer, novaError } from '../errors.js';
import { makePort } from '../network/addresses.js';
import { defaultGroup } from '../network/core.js';
import { type CallContext, newId, type Row, timestamp } from '../state.js';
import type { GuestHost } from './guest-host.js';

export interface ComputeRequest {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly microversion: string | undefined;
}

const VERSION = { id: 'v2.1', status: 'CURRENT', version: '2.93', min_version: '2.1', updated: '2013-07-23T11:33:21Z' };

export class Compute {
  constructor(private readonly guests: GuestHost) {}

  handle(request: ComputeRequest, context: CallContext): Answer {
    const answer = this.route(request, context);
    const version = request.microversion ?? '2.1';
    return {
      ...answer,
      headers: {
        'Openstack-Api-Version': `compute ${version}`,
        'X-Openstack-Nova-Api-Version': version,
        Vary: 'OpenStack-API-Version',
        ...answer.headers,
      },
    };
  }

  private route({ method, path, body }: ComputeRequest, context: CallContext): Answer {
    const inner = path.replace(/^\/v2\.1\/?/, '').replace(/\/$/, '');
    const [collection, id, ...rest] = inner.split('/');
    const links = [{ rel: 'self', href: `${context.base}/v2.1/` }];
    if (!path.startsWith('/v2.1')) return { status: 200, body: { versions: [{ ...VERSION, links }] } };
    if (inner === '') return { status: 200, body: { version: { ...VERSION, links } } };
    if (collection === 'servers') return this.servers(method, id, rest[0], body, context);
    if (collection === 'flavors') return flavors(id, context);
    if (collection === 'os-keypairs') return keypairs(method, id, body, context);
    if (collection === 'limits')
      return {
        status: 200,
        body: { limits: { rate: [], absolute: { maxTotalInstances: 10, totalInstancesUsed: 0 } } },
      };
    if (collection === 'extensions') return { status: 200, body: { extensions: [] } };
    throw novaError(404, 'itemNotFound', 'The resource could not be found.');
  }

  private servers(
    method: string,
    id: string | undefined,
    action: string | undefined,
    body: unknown,
    context: CallContext,
  ): Answer {
    const own = context.region.rows('server').filter((row) => row.project_id === context.projectId || context.isAdmin);
    const present = own.filter((row) => !this.expire(row, context));
    if (method === 'POST' && id === undefined) return this.create(body, context);
    if (id === undefined || id === 'detail') {
      const detail = present.map((row) => view(row, context));
      return {
        status: 200,
        body: {
          servers: id === 'detail' ? detail : detail.map((one) => ({ id: one.id, name: one.name, links: one.links })),
        },
      };
    }
    const row = present.find((one) => one.id === id);
    if (row === undefined) throw novaError(404, 'itemNotFound', `Instance ${id} could not be found.`);
    if (action === 'action') return this.act(row, body as Record<string, { length?: number } | null>, context);
    if (action === 'metadata') {
      if (method !== 'GET') row.metadata = { ...(row.metadata as object), ...(body as { metadata?: object }).metadata };
      return { status: 200, body: { metadata: row.metadata } };
    }
    if (method === 'DELETE') {
      row._deletedAt = Date.now();
      this.guests.stop(row.id);
      return { status: 204 };
    }
    if (method === 'PUT') row.name = (body as { server?: { name?: string } }).server?.name ?? row.name;
    return { status: 200, body: { server: view(row, context) } };
  }

  private create(body: unknown, context: CallContext): Answer {
    const { region } = context;
    const wanted = (body as { server?: Record<string, unknown> } | undefined)?.server;
    if (wanted === undefined)
      throw novaError(
        400,
        'badRequest',
        "Invalid input for field/attribute server. Value: None. 'server' is a required property",
      );
    if (typeof wanted.name !== 'string' || wanted.name.trim() === '') {
      throw novaError(
        400,
        'badRequest',
        `Invalid input for field/attribute name. Value: ${String(wanted.name ?? '')}. '${String(wanted.name ?? '')}' is too short`,
      );
    }
    const image = region.get('image', wanted.imageRef);
    if (image === undefined) throw novaError(400, 'badRequest', 'Can not find requested image');
    const flavor = region.get('flavor', wanted.flavorRef);
    if (flavor === undefined)
      throw novaError(400, 'badRequest', `Flavor ${String(wanted.flavorRef)} could not be found.`);
    if (wanted.key_name !== undefined && !region.rows('keypair').some((pair) => pair.name === wanted.key_name))
      throw novaError(400, 'badRequest', 'Invalid key_name provided.');
    const ports = portsFor(wanted, context);
    const now = Date.now();
    const row = region.insert('server', {
      id: newId(),
      name: wanted.name,
      status: 'BUILD',
      tenant_id: context.projectId,
      project_id: context.projectId,
      user_id: context.userId,
      metadata: wanted.metadata ?? {},
      image,
      flavor,
      created: timestamp(now),
      updated: timestamp(now),
      key_name: wanted.key_name ?? null,
      config_drive: wanted.config_drive === true || wanted.config_drive === 'True' ? 'True' : '',
      security_groups: wanted.security_groups ?? [{ name: 'default' }],
      _builtAt: now + region.delays.buildMs,
      _userData: wanted.user_data ?? '',
      _ownPorts: ports.filter((port) => port._nova === true).map((port) => port.id),
    });
    for (const port of ports) Object.assign(port, { device_id: row.id, device_owner: 'compute:nova' });
    this.guests.boot(row, ports[0], context);
    const links = linksOf(row, context);
    return {
      status: 202,
      headers: { Location: links[0]?.href ?? '' },
      body: {
        server: {
          id: row.id,
          links,
          'OS-DCF:diskConfig': 'MANUAL',
          security_groups: row.security_groups,
          adminPass: newId().slice(0, 12),
        },
      },
    };
  }

  private act(row: Row, body: Record<string, { length?: number } | null>, context: CallContext): Answer {
    if ('os-getConsoleOutput' in body)
      return { status: 200, body: { output: this.guests.console(row.id, body['os-getConsoleOutput']?.length) } };
    if ('os-stop' in body) row._stopped = true;
    else if ('os-start' in body || 'reboot' in body) row._stopped = false;
    else throw novaError(400, 'badRequest', `There is no such action: ${Object.keys(body).join(', ')}`);
    refresh(row, context);
    return { status: 202 };
  }

  /** Removes a server whose deletion has had its time. True when it is gone. */
  private expire(row: Row, context: CallContext): boolean {
    if (row._deletedAt !== undefined && Date.now() >= Number(row._deletedAt) + context.region.delays.deleteMs) {
      const { region } = context;
      for (const port of region.rows('port').filter((one) => one.device_id === row.id)) {
        if ((row._ownPorts as string[]).includes(port.id)) region.delete('port', port.id);
        else Object.assign(port, { device_id: '', device_owner: '', status: 'DOWN' });
      }
      region.delete('server', row.id);
      return true;
    }
    refresh(row, context);
    return false;
  }
}

/** Brings a server's status up to the clock. */
export function refresh(row: Row, { region }: Pick<CallContext, 'region'>): void {
  const forced = region.stuck.get(row.id) ?? region.stuck.get('server');
  const built = Date.now() >= Number(row._builtAt);
  row.status = forced ?? (row._stopped === true ? 'SHUTOFF' : built ? 'ACTIVE' : 'BUILD');
  if (built) for (const port of region.rows('port')) if (port.device_id === row.id) port.status = 'ACTIVE';
}

function portsFor(wanted: Record<string, unknown>, context: CallContext): readonly Row[] {
  const { region } = context;
  const networks = Array.isArray(wanted.networks)
    ? (wanted.networks as { uuid?: string; port?: string; fixed_ip?: string }[])
    : [];
  return networks.map((one) => {
    if (one.port !== undefined) {
      const port = region.get('port', one.port);
      if (port === undefined || (port.project_id !== context.projectId && !context.isAdmin))
        throw novaError(400, 'badRequest', `Port id ${one.port} could not be found.`);
      if (port.device_id !== '') throw novaError(409, 'conflictingRequest', `Port ${one.port} is still in use.`);
      return port;
    }
    const network = region.get('network', one.uuid);
    if (network === undefined) throw novaError(400, 'badRequest', `Network ${one.uuid} could not be found.`);
    const groups = (wanted.security_groups as { name: string }[] | undefined)?.map(({ name }) => {
      const group = region
        .rows('security_group')
        .find(
          (candidate) =>
            (candidate.name === name || candidate.id === name) && candidate.project_id === context.projectId,
        );
      if (group === undefined && name !== 'default')
        throw novaError(400, 'badRequest', `Security group ${name} not found for project ${context.projectId}.`);
      return (group ?? defaultGroup(region, context.projectId)).id;
    });
    const port = makePort(region, {
      network,
      projectId: context.projectId,
      ...(one.fixed_ip === undefined ? {} : { fixedIps: [{ ip_address: one.fixed_ip }] }),
      fields: { security_groups: groups ?? [defaultGroup(region, context.projectId).id], _nova: true },
    });
    return port;
  });
}

function linksOf(row: Row, { base }: CallContext) {
  return [
    { rel: 'self', href: `${base}/v2.1/servers/${row.id}` },
    { rel: 'bookmark', href: `${base}/servers/${row.id}` },
  ];
}

function view(row: Row, context: CallContext): Record<string, unknown> {
  refresh(row, context);
  const { region, base } = context;
  const active = row.status === 'ACTIVE';
  const bookmark = (kind: string, id: unknown) => ({
    id,
    links: [{ rel: 'bookmark', href: `${base}/${kind}/${String(id)}` }],
  });
  const addresses: Record<string, unknown[]> = {};
  for (const port of region.rows('port').filter((one) => one.device_id === row.id)) {
    const network = String(region.get('network', port.network_id)?.name ?? '');
    const list = addresses[network] ?? [];
    addresses[network] = list;
    for (const ip of port.fixed_ips as { ip_address: string }[])
      list.push({
        version: 4,
        addr: ip.ip_address,
        'OS-EXT-IPS:type': 'fixed',
        'OS-EXT-IPS-MAC:mac_addr': port.mac_address,
      });
    const floating = region.rows('floatingip').find((ip) => ip.port_id === port.id);
    if (floating)
      list.push({
        version: 4,
        addr: floating.floating_ip_address,
        'OS-EXT-IPS:type': 'floating',
        'OS-EXT-IPS-MAC:mac_addr': port.mac_address,
      });
  }
  return {
    id: row.id,
    name: row.name,
    status: row.status,
    tenant_id: row.tenant_id,
    user_id: row.user_id,
    metadata: row.metadata,
    hostId: active ? '0aecd1510f65a078a3972890' : '',
    image: bookmark('images', (row.image as Row).id),
    flavor: bookmark('flavors', (row.flavor as Row).id),
    created: row.created,
    updated: row.updated,
    addresses,
    accessIPv4: '',
    accessIPv6: '',
    links: linksOf(row, context),
    'OS-DCF:diskConfig': 'MANUAL',
    progress: active ? 0 : 0,
    'OS-EXT-AZ:availability_zone': 'nova',
    config_drive: row.config_drive,
    key_name: row.key_name,
    'OS-SRV-USG:launched_at': active ? row.updated : null,
    'OS-SRV-USG:terminated_at': null,
    security_groups: row.security_groups,
    'OS-EXT-STS:task_state': row._deletedAt === undefined ? (active ? null : 'spawning') : 'deleting',
    'OS-EXT-STS:vm_state': active ? 'active' : 'building',
    'OS-EXT-STS:power_state': active ? 1 : 0,
    'os-extended-volumes:volumes_attached': [],
    ...(row.status === 'ERROR'
      ? {
          fault: {
            code: 500,
            message: 'No valid host was found. There are not enough hosts available.',
            created: row.updated,
          },
        }
      : {}),
  };
}

function flavors(id: string | undefined, { region, base }: CallContext): Answer {
  const all = region
    .rows('flavor')
    .map((row) => ({ ...row, links: [{ rel: 'self', href: `${base}/v2.1/flavors/${row.id}` }] }));
  if (id === undefined)
    return {
      status: 200,
      body: {
        flavors: all.map(({ id: one, links, ...row }) => ({
          id: one,
          name: (row as Record<string, unknown>).name,
          links,
        })),
      },
    };
  if (id === 'detail') return { status: 200, body: { flavors: all } };
  const flavor = all.find((row) => row.id === id);
  if (flavor === undefined) throw novaError(404, 'itemNotFound', `Flavor ${id} could not be found.`);
  return { status: 200, body: { flavor } };
}

function keypairs(method: string, name: string | undefined, body: unknown, { region, userId }: CallContext): Answer {
  const own = region.rows('keypair').filter((row) => row.user_id === userId);
  if (method === 'GET' && name === undefined)
    return { status: 200, body: { keypairs: own.map((keypair) => ({ keypair })) } };
  if (method === 'POST') {
    const wanted = (body as { keypair?: { name?: string; public_key?: string } }).keypair ?? {};
    if (own.some((row) => row.name === wanted.name))
      throw novaError(409, 'conflictingRequest', `Key pair '${wanted.name}' already exists.`);
    const keypair = region.insert('keypair', {
      id: newId(),
      name: wanted.name,
      public_key: wanted.public_key ?? '',
      user_id: userId,
      fingerprint: '00:00',
    });
    return { status: 200, body: { keypair } };
  }
  const row = own.find((one) => one.name === name);
  if (row === undefined) throw novaError(404, 'itemNotFound', `Keypair ${name} not found for user ${userId}`);
  if (method === 'GET') return { status: 200, body: { keypair: row } };
  region.delete('keypair', row.id);
  return { status: 202 };
}

/** Glance: images to boot from. */
export function handleImages(
  method: string,
  path: string,
  query: URLSearchParams,
  { region, base }: CallContext,
): Answer {
  const inner = path.replace(/^\/v2\/?/, '').replace(/\/$/, '');
  if (inner === '' || !path.startsWith('/v2'))
    return {
      status: 300,
      body: { versions: [{ id: 'v2.16', status: 'CURRENT', links: [{ rel: 'self', href: `${base}/v2/` }] }] },
    };
  const [collection, id] = inner.split('/');
  if (collection !== 'images' || method !== 'GET') throw neutronLike404();
  const all = region.rows('image');
  if (id !== undefined) {
    const image = all.find((row) => row.id === id);
    if (image === undefined) throw neutronLike404();
    return { status: 200, body: image };
  }
  const name = query.get('name');
  return {
    status: 200,
    body: {
      images: all.filter((row) => name === null || row.name === name || row.id === name),
      first: '/v2/images',
      schema: '/v2/schemas/images',
    },
  };
}

function neutronLike404() {
  return novaError(404, 'itemNotFound', 'No image found with that ID');
}
