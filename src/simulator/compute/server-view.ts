/**
 * A server as Nova shows it. The one rule: keys, their order and their defaults are those of the recordings; later microversions add.
 */
import { createHash } from 'node:crypto';
import type { FixedIp } from '../network/addresses.js';
import type { CallContext, Row } from '../state.js';
import { forcedStatus } from './server-life.js';
import { portsOf } from './server-ports.js';

const VM_STATES: Readonly<Record<string, string>> = {
  ACTIVE: 'active',
  BUILD: 'building',
  ERROR: 'error',
  SHUTOFF: 'stopped',
};
const POWER_STATES: Readonly<Record<string, number>> = { ACTIVE: 1, SHUTOFF: 4 };

export function linksOf(id: string, { base }: CallContext) {
  return [
    { rel: 'self', href: `${base}/v2.1/servers/${id}` },
    { rel: 'bookmark', href: `${base}/servers/${id}` },
  ];
}

/** `vm_state` of a server: active, building, error, stopped. */
export function vmState(row: Row, context: CallContext): string {
  return VM_STATES[statusOf(row, context)] ?? 'active';
}

export function statusOf(row: Row, { region }: CallContext): string {
  return forcedStatus(row, region) ?? String(row.status);
}

/** @param version 2.x: the x */
export function serverView(row: Row, context: CallContext, version: number): Record<string, unknown> {
  const status = statusOf(row, context);
  const built = row._launchedAt !== undefined;
  const bookmark = (kind: string, id: unknown) => ({
    id,
    links: [{ rel: 'bookmark', href: `${context.base}/${kind}/${String(id)}` }],
  });
  const { swap, ...flavor } = (row._flavor ?? {}) as Partial<Row>;
  const embedded = {
    original_name: flavor.name,
    ram: flavor.ram,
    vcpus: flavor.vcpus,
    disk: flavor.disk,
    ephemeral: flavor['OS-FLV-EXT-DATA:ephemeral'],
    swap: Number(swap || 0),
    extra_specs: {},
  };
  return {
    id: row.id,
    name: row.name,
    status,
    tenant_id: row.tenant_id,
    user_id: row.user_id,
    metadata: row.metadata,
    hostId: built
      ? createHash('sha224')
          .update(`${String(row.project_id)}compute-1`)
          .digest('hex')
      : '',
    image: row.image === '' ? '' : bookmark('images', row.image),
    flavor: version >= 47 ? embedded : bookmark('flavors', row.flavor),
    created: row.created,
    updated: row.updated,
    addresses: built ? addressesOf(row, context) : {},
    accessIPv4: row.accessIPv4,
    accessIPv6: row.accessIPv6,
    links: linksOf(row.id, context),
    'OS-DCF:diskConfig': row['OS-DCF:diskConfig'],
    ...(status === 'ACTIVE' || status === 'BUILD' ? { progress: 0 } : {}),
    ...(status === 'ERROR' ? { fault: { code: 500, created: row.updated, message: 'No valid host was found. ' } } : {}),
    'OS-EXT-AZ:availability_zone': built ? 'nova' : '',
    config_drive: row.config_drive,
    key_name: row.key_name,
    'OS-SRV-USG:launched_at': built ? String(row._launchedAt).replace('Z', '.000000') : null,
    'OS-SRV-USG:terminated_at': null,
    ...groupNames(row, context),
    'OS-EXT-STS:task_state': row._task ?? null,
    'OS-EXT-STS:vm_state': vmState(row, context),
    'OS-EXT-STS:power_state': POWER_STATES[status] ?? 0,
    'os-extended-volumes:volumes_attached': [],
    ...(version >= 9 ? { locked: false } : {}),
    ...(version >= 19 ? { description: row.description } : {}),
    ...(version >= 26 ? { tags: row.tags } : {}),
    ...(version >= 63 ? { trusted_image_certificates: null } : {}),
    ...(version >= 71 ? { server_groups: [] } : {}),
    ...(version >= 73 ? { locked_reason: null } : {}),
    ...(version >= 90 ? { 'OS-EXT-SRV-ATTR:hostname': row.name } : {}),
  };
}

/** What a PUT answers: before 2.75, without what extensions add to a GET. */
export function updatedView(row: Row, context: CallContext, version: number): Record<string, unknown> {
  const all = serverView(row, context, version);
  if (version >= 75) return all;
  const added = ['config_drive', 'key_name', 'security_groups', 'trusted_image_certificates', 'server_groups'];
  return Object.fromEntries(
    Object.entries(all).filter(([key]) => !/^(OS-EXT|OS-SRV|os-ext)/.test(key) && !added.includes(key)),
  );
}

/** Names of the groups on its ports; without ports or groups the key is left out, as Nova does. */
function groupNames(row: Row, { region }: CallContext): { security_groups?: { name: unknown }[] } {
  const ids = portsOf(region, row.id).flatMap((port) => port.security_groups as string[]);
  const names = [...new Set(ids)].map((id) => ({ name: region.get('security_group', id)?.name ?? id }));
  return names.length > 0 ? { security_groups: names } : {};
}

/** Addresses by network name; floating ones carry the MAC of their port. */
export function addressesOf(row: Row, { region }: CallContext): Record<string, Record<string, unknown>[]> {
  const out: Record<string, Record<string, unknown>[]> = {};
  for (const port of portsOf(region, row.id)) {
    const network = String(region.get('network', port.network_id)?.name ?? '');
    const entry = (address: unknown, type: string) => ({
      version: String(address).includes(':') ? 6 : 4,
      addr: address,
      'OS-EXT-IPS:type': type,
      'OS-EXT-IPS-MAC:mac_addr': port.mac_address,
    });
    const fixed = (port.fixed_ips as FixedIp[]).map((ip) => entry(ip.ip_address, 'fixed'));
    const floating = region.rows('floatingip').filter((ip) => ip.port_id === port.id);
    const all = [...fixed, ...floating.map((ip) => entry(ip.floating_ip_address, 'floating'))];
    out[network] = [...(out[network] ?? []), ...all];
  }
  return out;
}
