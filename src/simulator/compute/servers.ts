/**
 * /servers: list, show, create, update, delete, and where their sub-resources are answered.
 * The one rule: a server of another project does not exist for the caller (404), except for administrators.
 */
import type { Answer } from '../errors.js';
import { type CallContext, type Row, timestamp } from '../state.js';
import { badRequest, invalid, itemNotFound } from './errors.js';
import { bodyOf, type NovaCall, pageOf } from './request.js';
import { runAction } from './server-actions.js';
import { canonical, checkAccess, checkName, createServers } from './server-create.js';
import { handleInterfaces } from './server-interfaces.js';
import type { ServerLife } from './server-life.js';
import { handleMetadata } from './server-metadata.js';
import { portsOf } from './server-ports.js';
import { addressesOf, linksOf, serverView, statusOf, updatedView } from './server-view.js';

export class Servers {
  readonly #life: ServerLife;

  constructor(life: ServerLife) {
    this.#life = life;
  }

  handle(call: NovaCall): Answer {
    const { method, parts, context, version } = call;
    const [, id, sub] = parts;
    if (id === undefined && method === 'POST') return this.#create(call);
    if (id === undefined || (id === 'detail' && method === 'GET')) return list(call, id === 'detail');
    const row = find(id, context);
    switch (sub) {
      case undefined:
        return this.#one(call, row);
      case 'action':
        return runAction(call, row, this.#life);
      case 'metadata':
        return handleMetadata(call, row);
      case 'os-interface':
        return handleInterfaces(call, row);
      case 'ips':
        return addresses(row, parts[3], context);
      case 'os-security-groups':
        return { status: 200, body: { security_groups: groupsOf(row, context) } };
      case 'os-volume_attachments':
        return { status: 200, body: { volumeAttachments: [] } };
      case 'os-instance-actions':
        return { status: 200, body: { instanceActions: [] } };
      case 'tags':
        if (version >= 26) return { status: 200, body: { tags: row.tags } };
    }
    throw itemNotFound('The resource could not be found.');
  }

  #create(call: NovaCall): Answer {
    const { context, body } = call;
    const servers = createServers(call);
    for (const server of servers) this.#life.build(server, context);
    const [first] = servers;
    if (bodyOf(body, 'server').return_reservation_id === true || !first) {
      return { status: 202, body: { reservation_id: `r-${first?.id.slice(0, 8)}` } };
    }
    const links = linksOf(first.id, context);
    const groups = bodyOf(body, 'server').security_groups ?? [{ name: 'default' }];
    const server = {
      id: first.id,
      links,
      'OS-DCF:diskConfig': first['OS-DCF:diskConfig'],
      security_groups: groups,
      adminPass: first._adminPass,
    };
    return { status: 202, headers: { Location: links[0]?.href ?? '' }, body: { server } };
  }

  #one({ method, body, context, version }: NovaCall, row: Row): Answer {
    if (method === 'DELETE') {
      this.#life.remove(row, context);
      return { status: 204 };
    }
    if (method === 'PUT') {
      const change = bodyOf(body, 'server');
      for (const key of Object.keys(change)) {
        if (
          ![
            'name',
            'accessIPv4',
            'accessIPv6',
            'OS-DCF:diskConfig',
            ...(version >= 19 ? ['description'] : []),
          ].includes(key)
        ) {
          throw invalid('server', change, `Additional properties are not allowed ('${key}' was unexpected)`);
        }
      }
      checkName(change.name);
      checkAccess(change);
      Object.assign(row, change, { updated: timestamp(), accessIPv6: canonical(change.accessIPv6 ?? row.accessIPv6) });
      return { status: 200, body: { server: updatedView(row, context, version) } };
    } else if (method !== 'GET' && method !== 'HEAD') throw badRequest('The method is not allowed for this resource.');
    return { status: 200, body: { server: serverView(row, context, version) } };
  }
}

/** All addresses, or those on one network. */
function addresses(row: Row, network: string | undefined, context: CallContext): Answer {
  const all = addressesOf(row, context);
  if (network === undefined) return { status: 200, body: { addresses: all } };
  const own = all[network];
  if (own === undefined) throw itemNotFound('Network label is not found');
  return { status: 200, body: { [network]: own } };
}

function find(id: string, { region, projectId, isAdmin }: CallContext): Row {
  const row = region.get('server', id);
  if (row === undefined || (row.project_id !== projectId && !isAdmin))
    throw itemNotFound(`Instance ${id} could not be found.`);
  return row;
}

function list({ query, context, version }: NovaCall, detail: boolean): Answer {
  const everyone =
    context.isAdmin && /^(?:1|true|yes|)$/i.test(query.get('all_tenants') ?? query.get('all_projects') ?? 'no');
  const wanted = (key: string): string | null => query.get(key);
  const name = wanted('name');
  const ip = wanted('ip');
  const found = context.region
    .rows('server')
    .filter((row) => everyone || row.project_id === context.projectId)
    .filter((row) => name === null || pattern(name).test(String(row.name)))
    .filter((row) => query.getAll('status').every((status) => statusOf(row, context) === status.toUpperCase()))
    .filter((row) => ip === null || addressTexts(row, context).some((one) => pattern(ip).test(one)))
    .filter((row) => wanted('image') === null || row.image === wanted('image'))
    .filter((row) => wanted('flavor') === null || row.flavor === wanted('flavor'))
    .filter((row) => wanted('uuid') === null || row.id === wanted('uuid'))
    .filter(
      (row) =>
        wanted('changes-since') === null ||
        Date.parse(String(row.updated)) >= Date.parse(wanted('changes-since') ?? ''),
    )
    .reverse();
  const since = wanted('changes-since');
  if (since !== null && !/^\d{4}-\d{2}-\d{2}T/.test(since))
    throw badRequest(
      `Invalid input for query parameters changes-since. Value: ${since}. '${since}' is not a 'date-time'`,
    );
  const key = wanted('sort_key') === 'display_name' || wanted('sort_key') === 'name' ? 'name' : 'created';
  const sign = wanted('sort_dir') === 'asc' ? -1 : 1;
  const sorted = query.has('sort_key')
    ? found.sort((a, b) => sign * String(b[key]).localeCompare(String(a[key])))
    : found;
  const { page, next } = pageOf(sorted, query, `${context.base}/v2.1/servers${detail ? '/detail' : ''}`);
  const short = (row: Row) => ({ id: row.id, name: row.name, links: linksOf(row.id, context) });
  const servers = page.map((row) => (detail ? serverView(row, context, version) : short(row)));
  return {
    status: 200,
    body: { servers, ...(next === undefined ? {} : { servers_links: [{ rel: 'next', href: next }] }) },
  };
}

function addressTexts(row: Row, context: CallContext): readonly string[] {
  return Object.values(addressesOf(row, context)).flatMap((list) => list.map(({ addr }) => String(addr)));
}

/** Nova's name filter is a regular expression of the database. */
function pattern(text: string): RegExp {
  try {
    return new RegExp(text, 'i');
  } catch {
    return /$^/;
  }
}

function groupsOf(row: Row, { region }: CallContext): unknown[] {
  const ids = new Set(portsOf(region, row.id).flatMap((port) => port.security_groups as string[]));
  return [...ids].map((id) => {
    const group = region.get('security_group', id);
    return { id, name: group?.name, description: group?.description, tenant_id: group?.project_id, rules: [] };
  });
}
