/**
 * Glance v2, read only: images to boot from. The one rule: an image's shape is that of the recording; what is ours alone begins with `_`.
 */
import { type Answer, ApiError } from '../errors.js';
import { type CallContext, newId, type RegionState, type Row, shown, timestamp } from '../state.js';

const LIST_CONTROLS = new Set(['limit', 'marker', 'sort_key', 'sort_dir', 'sort', 'member_status']);
const PAGE = 25;

export function handleImages(method: string, path: string, query: URLSearchParams, context: CallContext): Answer {
  const inner = path.replace(/^\/v2(?:\.\d+)?(?=\/|$)\/?/, '').replace(/\/$/, '');
  if (!/^\/v2(?:\.\d+)?(?:\/|$)/.test(path)) return versions(path, context);
  const [collection, id, sub] = inner.split('/');
  if (collection === '') return versions(path, context);
  if (collection === 'schemas') return { status: 200, body: schema(id ?? 'images') };
  if (collection !== 'images') throw html(404, 'Not Found', 'The resource could not be found.');
  if (method !== 'GET' && method !== 'HEAD')
    throw html(403, 'Forbidden', 'You are not authorized to complete this action.');
  if (id === undefined) return list(query, context);
  const row = context.region.get('image', id);
  if (row === undefined || !maySee(row, context)) throw html(404, 'Not Found', `No image found with ID ${id}`);
  if (sub === 'file') throw html(403, 'Forbidden', 'You are not authorized to complete download_image action.');
  if (sub === 'members') return { status: 200, body: { members: [], schema: '/v2/schemas/members' } };
  return { status: 200, body: shown(row) };
}

function maySee(row: Row, { projectId, isAdmin }: CallContext): boolean {
  return isAdmin || row.visibility === 'public' || row.visibility === 'community' || row.owner === projectId;
}

function list(query: URLSearchParams, context: CallContext): Answer {
  const filters = [...query].filter(([key]) => !LIST_CONTROLS.has(key));
  const wantsHidden = query.get('os_hidden') === 'true';
  const found = context.region
    .rows('image')
    .filter((row) => maySee(row, context) && (row.os_hidden === true) === wantsHidden)
    .filter(
      (row) =>
        row.visibility !== 'community' || row.owner === context.projectId || query.get('visibility') === 'community',
    )
    .filter((row) => filters.every(([key, value]) => matchesFilter(row, key, value)));
  const sorted = sort(found, query);
  const marker = query.get('marker');
  const at = marker === null ? -1 : sorted.findIndex((row) => row.id === marker);
  if (marker !== null && at < 0) throw html(400, 'Bad Request', `Invalid marker: image ${marker} could not be found`);
  const asked = query.get('limit');
  if (asked !== null && !/^\d+$/.test(asked)) throw html(400, 'Bad Request', 'limit param must be an integer');
  const limit = Math.min(Number(asked ?? PAGE), 1000);
  const page = sorted.slice(at + 1, at + 1 + limit);
  const next = new URLSearchParams(query);
  next.set('marker', page.at(-1)?.id ?? '');
  const first = new URLSearchParams(query);
  first.delete('marker');
  const more = at + 1 + limit < sorted.length && page.length > 0;
  return {
    status: 200,
    body: {
      images: page.map(shown),
      first: first.size > 0 ? `/v2/images?${first}` : '/v2/images',
      ...(more ? { next: `/v2/images?${next}` } : {}),
      schema: '/v2/schemas/images',
    },
  };
}

function matchesFilter(row: Row, key: string, value: string): boolean {
  if (key === 'tag') return (row.tags as string[]).includes(value);
  if (key === 'size_min') return Number(row.size) >= Number(value);
  if (key === 'size_max') return Number(row.size) <= Number(value);
  if (key === 'visibility' && value === 'all') return true;
  const wanted = value.startsWith('in:') ? value.slice(3).split(',') : [value];
  return wanted.includes(String(row[key] ?? ''));
}

function sort(rows: readonly Row[], query: URLSearchParams): Row[] {
  const pairs = (query.get('sort') ?? '').split(',').filter(Boolean);
  const keys =
    pairs.length > 0
      ? pairs
      : query
          .getAll('sort_key')
          .map((key, at) => `${key}:${query.getAll('sort_dir')[at] ?? query.get('sort_dir') ?? 'desc'}`);
  const order = [...(keys.length > 0 ? keys : ['created_at:desc']), 'id:desc'].map((pair) => pair.split(':'));
  return [...rows].sort((a, b) => {
    for (const [key = '', direction = 'desc'] of order) {
      const [x, y] = [a[key], b[key]];
      const by =
        typeof x === 'number' && typeof y === 'number' ? x - y : String(x ?? '').localeCompare(String(y ?? ''));
      if (by !== 0) return direction === 'asc' ? by : -by;
    }
    return 0;
  });
}

/** Glance's errors are small pages. */
function html(status: number, title: string, text: string): ApiError {
  return new ApiError({
    status,
    body: `<html>\n <head>\n  <title>${status} ${title}</title>\n </head>\n <body>\n  <h1>${status} ${title}</h1>\n  ${text}<br /><br />\n\n\n\n </body>\n</html>`,
  });
}

function versions(path: string, { base }: CallContext): Answer {
  const all = ['v2.15', 'v2.13', 'v2.9', 'v2.7', 'v2.6', 'v2.5', 'v2.4', 'v2.3', 'v2.2', 'v2.1', 'v2.0'];
  const links = [{ rel: 'self', href: `${base}/v2/` }];
  const body = { versions: all.map((id, at) => ({ id, status: at === 0 ? 'CURRENT' : 'SUPPORTED', links })) };
  return { status: path === '/versions' ? 200 : 300, body };
}

function schema(name: string): Record<string, unknown> {
  if (name.endsWith('s')) {
    return { name, properties: { [name]: { type: 'array', items: { type: 'object' } }, schema: { type: 'string' } } };
  }
  const text = ['id', 'name', 'status', 'visibility', 'owner', 'checksum', 'disk_format', 'container_format'];
  const properties = Object.fromEntries(text.map((key) => [key, { type: ['null', 'string'] }]));
  return { name, properties, additionalProperties: { type: 'string' } };
}

/** The images that a region has from the start: CirrOS with busybox, Ubuntu with iputils. */
export function furnishImages(region: RegionState, owner: string): void {
  const now = timestamp();
  const common = {
    disk_format: 'qcow2',
    container_format: 'bare',
    visibility: 'public',
    status: 'active',
    protected: false,
    owner,
    os_hidden: false,
    os_hash_algo: 'sha512',
    created_at: now,
    updated_at: now,
    tags: [],
    schema: '/v2/schemas/image',
    stores: 'fs',
  };
  const add = (name: string, distribution: string, size: number, minRam: number, minDisk: number): void => {
    const id = newId();
    const checksum = id.replaceAll('-', '');
    region.insert('image', {
      id,
      name,
      os_distro: distribution,
      ...common,
      size,
      virtual_size: size * 4,
      checksum,
      os_hash_value: checksum.repeat(4),
      min_ram: minRam,
      min_disk: minDisk,
      self: `/v2/images/${id}`,
      file: `/v2/images/${id}/file`,
    });
  };
  add('cirros', 'cirros', 21_692_416, 0, 0);
  add('ubuntu-22.04', 'ubuntu', 663_486_464, 512, 5);
}
