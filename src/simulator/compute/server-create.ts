/**
 * POST /servers: the checks of Nova's schema and of its API, in Nova's order (schema, flavor, image, networks, key, groups, quota).
 * The one rule: nothing is made before everything is checked.
 */
import { Buffer } from 'node:buffer';
import ipaddr from 'ipaddr.js';
import { pythonRepr } from '../python-text.js';
import { type CallContext, newId, type Row, timestamp } from '../state.js';
import { badRequest, invalid } from './errors.js';
import { checkQuota } from './quotas.js';
import { bodyOf, type Fields, type NovaCall } from './request.js';
import { bindPorts, findGroups, findWishes } from './server-ports.js';

const ATTRIBUTES = new Set([
  'name',
  'imageRef',
  'flavorRef',
  'adminPass',
  'metadata',
  'networks',
  'OS-DCF:diskConfig',
  'accessIPv4',
  'accessIPv6',
  'personality',
  'availability_zone',
  'block_device_mapping',
  'block_device_mapping_v2',
  'config_drive',
  'min_count',
  'max_count',
  'return_reservation_id',
  'key_name',
  'security_groups',
  'user_data',
  'auto_disk_config',
  'os:scheduler_hints',
  'OS-SCH-HNT:scheduler_hints',
]);
/** Attributes by the microversion that brought them. */
const LATER: Readonly<Record<string, number>> = {
  description: 19,
  tags: 52,
  trusted_image_certificates: 63,
  host: 74,
  hypervisor_hostname: 74,
  hostname: 90,
};
const MAX_USER_DATA = 65_535;

/** Makes the servers that a body asks for, in BUILD. @throws ApiError */
export function createServers({ body, version, context }: NovaCall): Row[] {
  const wanted = bodyOf(body, 'server');
  checkSchema(wanted, version);
  const flavor = context.region.get('flavor', wanted.flavorRef);
  if (flavor === undefined) throw badRequest(`Flavor ${String(wanted.flavorRef)} could not be found.`);
  const image = findImage(wanted, context);
  if (image) checkFit(flavor, image);
  const wishes = findWishes(wanted.networks, context);
  const pair = context.region
    .rows('keypair')
    .find((row) => row.user_id === context.userId && row.name === wanted.key_name);
  if (wanted.key_name !== undefined && wanted.key_name !== null && !pair)
    throw badRequest('Invalid key_name provided.');
  const groups = findGroups(wanted.security_groups, context);
  const count = Math.max(Number(wanted.max_count ?? 1), Number(wanted.min_count ?? 1));
  checkQuota(context, flavor, count);
  if (count > 1 && wishes.some((wish) => 'port' in wish)) {
    throw badRequest(
      'Unable to launch multiple instances with a single configured port ID. Please launch your instance one by one with different ports.',
    );
  }
  return Array.from({ length: count }, (_, index) => {
    const name = count > 1 ? `${String(wanted.name)}-${index + 1}` : String(wanted.name);
    const server = insertServer(name, wanted, flavor, image, pair, context);
    try {
      bindPorts(wishes, server, groups, context);
    } catch (error) {
      context.region.delete('server', server.id);
      throw error;
    }
    return server;
  });
}

function insertServer(
  name: string,
  wanted: Fields,
  flavor: Row,
  image: Row | undefined,
  pair: Row | undefined,
  context: CallContext,
): Row {
  const now = timestamp();
  return context.region.insert('server', {
    id: newId(),
    name,
    status: 'BUILD',
    tenant_id: context.projectId,
    project_id: context.projectId,
    user_id: context.userId,
    metadata: { ...(wanted.metadata as Record<string, string> | undefined) },
    image: image?.id ?? '',
    flavor: flavor.id,
    created: now,
    updated: now,
    accessIPv4: wanted.accessIPv4 ?? '',
    accessIPv6: canonical(wanted.accessIPv6),
    key_name: pair?.name ?? null,
    config_drive: isTrue(wanted.config_drive) ? 'True' : '',
    description: wanted.description ?? null,
    tags: wanted.tags ?? [],
    'OS-DCF:diskConfig': wanted['OS-DCF:diskConfig'] ?? 'MANUAL',
    _flavor: flavor,
    _image: image,
    _userData: wanted.user_data ?? '',
    _publicKey: pair?.public_key,
    _task: 'scheduling',
    _adminPass: wanted.adminPass ?? newId().replaceAll('-', '').slice(0, 12),
  });
}

function checkSchema(wanted: Fields, version: number): void {
  const extra = Object.keys(wanted).filter((key) => !ATTRIBUTES.has(key) && !((LATER[key] ?? Infinity) <= version));
  if (extra.length > 0) {
    const names = extra.map((key) => `'${key}'`).join(', ');
    throw invalid(
      'server',
      wanted,
      `Additional properties are not allowed (${names} ${extra.length > 1 ? 'were' : 'was'} unexpected)`,
    );
  }
  for (const key of ['name', 'flavorRef', ...(version >= 37 ? ['networks'] : [])]) {
    if (wanted[key] === undefined) throw invalid('server', wanted, `'${key}' is a required property`);
  }
  const { name, metadata, networks, security_groups: groups, user_data: userData } = wanted;
  checkName(name);
  checkAccess(wanted);
  checkCounts(wanted);
  checkMetadata(metadata);
  if (typeof networks === 'string' && (version < 37 || !['auto', 'none'].includes(networks))) {
    throw invalid('networks', networks, `'${networks}' is not of type 'array'`);
  }
  if (groups !== undefined && !Array.isArray(groups))
    throw invalid('security_groups', groups, `${String(groups)} is not of type 'array'`);
  if (userData !== undefined && userData !== null) checkUserData(userData);
}

/** A server's name as the schema has it. @throws ApiError */
export function checkName(name: unknown): void {
  if (name === undefined) return;
  if (typeof name !== 'string') throw invalid('name', name, `${String(name)} is not of type 'string'`);
  if (name === '') throw invalid('name', name, "'' is too short");
  if (name.length > 255) throw invalid('name', name, `'${name}' is too long`);
  if (name.trim() !== name) {
    throw invalid(
      'name',
      name,
      "An invalid 'name' value was provided. The name must be: printable characters. Can not start or end with whitespace.",
    );
  }
}

/** Addresses that only the user knows the meaning of; empty is none. @throws ApiError */
export function checkAccess({ accessIPv4, accessIPv6 }: Fields): void {
  if (accessIPv4 && !ipaddr.IPv4.isValidFourPartDecimal(String(accessIPv4)))
    throw invalid('accessIPv4', accessIPv4, `${pythonRepr(accessIPv4)} is not a 'ipv4'`);
  if (accessIPv6 && !ipaddr.IPv6.isValid(String(accessIPv6)))
    throw invalid('accessIPv6', accessIPv6, `${pythonRepr(accessIPv6)} is not a 'ipv6'`);
}

/** The shortest text of an address, as Nova stores it. */
export function canonical(address: unknown): string {
  return address ? ipaddr.IPv6.parse(String(address)).toRFC5952String() : '';
}

function checkCounts(wanted: Fields): void {
  for (const field of ['min_count', 'max_count']) {
    const value = wanted[field];
    if (value === undefined) continue;
    if (!/^[0-9]*$/.test(String(value))) throw invalid(field, value, `${pythonRepr(value)} does not match '^[0-9]*$'`);
    if (Number(value) < 1) throw invalid(field, value, `${String(value)} is less than the minimum of 1`);
  }
  if (wanted.max_count !== undefined && Number(wanted.min_count ?? 1) > Number(wanted.max_count))
    throw badRequest('min_count must be <= max_count');
}

/** Metadata as the schema has it: texts of at most 255 characters. @throws ApiError */
export function checkMetadata(metadata: unknown): void {
  for (const [key, value] of Object.entries((metadata ?? {}) as Fields)) {
    if (!/^[a-zA-Z0-9-_:. ]{1,255}$/.test(key)) {
      throw invalid('metadata', metadata, `Additional properties are not allowed ('${key}' was unexpected)`);
    }
    if (typeof value !== 'string') throw invalid(key, value, `${String(value)} is not of type 'string'`);
    if (value.length > 255) throw invalid(key, value, `'${value}' is too long`);
  }
}

function checkUserData(value: unknown): void {
  if (typeof value !== 'string') throw invalid('user_data', value, `${String(value)} is not of type 'string'`);
  if (value.length > MAX_USER_DATA) throw invalid('user_data', value, `'${value}' is too long`);
  const compact = value.replace(/\s/g, '');
  const valid = /^[A-Za-z0-9+/]*={0,2}$/.test(compact) && compact.length % 4 === 0;
  if (!valid || Buffer.from(compact, 'base64').toString('base64') !== compact)
    throw invalid('user_data', value, `'${value}' is not a 'base64'`);
}

function findImage(wanted: Fields, context: CallContext): Row | undefined {
  const mapping = wanted.block_device_mapping_v2;
  const devices = Array.isArray(mapping) ? (mapping as readonly Fields[]) : [];
  const fromDevice = devices.find((device) => device.source_type === 'image')?.uuid;
  const given =
    wanted.imageRef === '' || wanted.imageRef === undefined || wanted.imageRef === null ? fromDevice : wanted.imageRef;
  if (given === undefined) {
    if (devices.length > 0 || Array.isArray(wanted.block_device_mapping)) return undefined;
    throw badRequest('Missing imageRef attribute');
  }
  const id = String(given).split('/').at(-1) ?? '';
  if (!/^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(id)) throw badRequest('Invalid imageRef provided.');
  const image = context.region.get('image', id);
  if (image === undefined) throw badRequest('Can not find requested image');
  if (image.status !== 'active') throw badRequest(`Image ${id} is not active.`);
  return image;
}

function checkFit(flavor: Row, image: Row): void {
  if (Number(flavor.ram) < Number(image.min_ram ?? 0))
    throw badRequest("Flavor's memory is too small for requested image.");
  const gigabyte = 1024 ** 3;
  const [disk, size, least] = [
    Number(flavor.disk) * gigabyte,
    Number(image.size ?? 0),
    Number(image.min_disk ?? 0) * gigabyte,
  ];
  if (disk === 0) return;
  if (size > disk) {
    throw badRequest(
      `Flavor's disk is too small for requested image. Flavor disk is ${disk} bytes, image is ${size} bytes.`,
    );
  }
  if (least > disk) {
    throw badRequest(
      `Flavor's disk is smaller than the minimum size specified in image metadata. Flavor disk is ${disk} bytes, minimum size is ${least} bytes.`,
    );
  }
}

function isTrue(value: unknown): boolean {
  return value === true || /^(?:true|1|yes|on|t|y)$/i.test(String(value ?? ''));
}
