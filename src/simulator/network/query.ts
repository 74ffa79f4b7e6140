/** Lists: filters, sorting, pages and fields, by neutron's api_common. The rule: an unknown filter is ignored, an unknown sort key refused. */
import { badRequest, neutronError } from '../errors.js';
import { pythonRepr } from '../python-text.js';
import { type CallContext, type Row, shown } from '../state.js';
import { maySee, mustGet, type Resource } from './resource.js';

/** Parameters of a list that are no filters. */
const CONTROLS = new Set(['fields', 'limit', 'marker', 'sort_key', 'sort_dir', 'page_reverse']);

/** Attributes that no resource can be sorted by. */
const UNSORTABLE = new Set([
  'description',
  'shared',
  'subnets',
  'tags',
  'fixed_ips',
  'security_groups',
  'security_group_rules',
  'allocation_pools',
  'dns_nameservers',
  'host_routes',
  'routes',
  'external_gateway_info',
  'port_id',
  'prefixlen',
  'allowed_address_pairs',
  'extra_dhcp_opts',
  'availability_zones',
  'availability_zone_hints',
]);
/** VPN resources are sorted by these alone. */
const VPN_SORTABLE = new Set(['id', 'name', 'tenant_id', 'project_id', 'router_id']);

/** What a GET shows of a row. */
export function view(
  resource: Resource,
  row: Row,
  context: CallContext,
  query?: URLSearchParams,
): Record<string, unknown> {
  resource.refresh?.(row, context);
  return chosen(row, query?.getAll('fields') ?? []);
}

function chosen(row: Row, fields: readonly string[]): Record<string, unknown> {
  const all = shown(row);
  return fields.length === 0 ? all : Object.fromEntries(Object.entries(all).filter(([key]) => fields.includes(key)));
}

/** The body of a list. */
export function listed(resource: Resource, query: URLSearchParams, context: CallContext): Record<string, unknown> {
  const sorts = sortsOf(resource, query);
  const limit = limitOf(query);
  const names = new Set([...query.keys()].filter((key) => !CONTROLS.has(key)));
  const filters = [...names].map((name) => [name, query.getAll(name)] as const);
  const fields = query.getAll('fields');
  const found = context.region.rows(resource.kind).filter((row) => {
    if (!maySee(row, context)) return false;
    resource.refresh?.(row, context);
    return filters.every(([name, values]) => matches(row, name, values));
  });
  // A page needs an order that stays: the id is the last key of every one.
  if (limit > 0 && !sorts.some(({ key }) => key === 'id')) sorts.push({ key: 'id', down: false });
  if (sorts.length > 0) found.sort((a, b) => compare(a, b, sorts));
  const page = limit > 0 ? pageOf(resource, found, query, limit, context) : found;
  return {
    [resource.many]: page.map((row) => chosen(row, fields)),
    ...(limit > 0 ? { [`${resource.many}_links`]: links(resource, page, query, limit, context) } : {}),
  };
}

interface Sort {
  readonly key: string;
  readonly down: boolean;
}

function sortsOf(resource: Resource, query: URLSearchParams): Sort[] {
  const keys = query.getAll('sort_key').filter(Boolean);
  const directions = query.getAll('sort_dir').filter(Boolean);
  if (keys.length !== directions.length) throw badRequest('The number of sort_keys and sort_dirs must be same');
  const vpn = resource.path.startsWith('vpn/');
  const absent = keys.filter(
    (key) =>
      resource.sortable === false ||
      resource.attributes[key] === undefined ||
      (vpn ? !VPN_SORTABLE.has(key) : UNSORTABLE.has(key)),
  );
  if (absent.length > 0) throw badRequest(`${pythonRepr(absent)} is invalid attribute for sort_keys`);
  const wrong = directions.filter((one) => one !== 'asc' && one !== 'desc');
  if (wrong.length > 0)
    throw badRequest(`${pythonRepr(wrong)} is invalid value for sort_dirs, valid value is 'asc' and 'desc'`);
  return keys.map((key, index) => ({ key, down: directions[index] === 'desc' }));
}

function limitOf(query: URLSearchParams): number {
  const given = query.get('limit');
  if (given === null) return 0;
  if (!/^-?\d+$/.test(given) || Number(given) < 0)
    throw neutronError(
      400,
      'BadRequest',
      `Bad limit request: Limit must be an integer 0 or greater and not '${given}'.`,
    );
  return Number(given);
}

function compare(a: Record<string, unknown>, b: Record<string, unknown>, sorts: readonly Sort[]): number {
  for (const { key, down } of sorts) {
    const [one, other] = [a[key] ?? '', b[key] ?? ''];
    const order =
      typeof one === 'number' && typeof other === 'number'
        ? one - other
        : String(one) < String(other)
          ? -1
          : Number(String(one) > String(other));
    if (order !== 0) return down ? -order : order;
  }
  return 0;
}

const isReverse = (query: URLSearchParams) => query.get('page_reverse')?.toLowerCase() === 'true';

function pageOf(
  resource: Resource,
  found: readonly Row[],
  query: URLSearchParams,
  limit: number,
  context: CallContext,
): readonly Row[] {
  const marker = query.get('marker');
  const at = marker ? found.findIndex(({ id }) => id === marker) : -1;
  if (marker && at < 0) mustGet(resource, marker, context);
  if (!isReverse(query)) return found.slice(at + 1, at + 1 + limit);
  const end = at < 0 ? found.length : at;
  return found.slice(Math.max(0, end - limit), end);
}

/** A page that is full may have a next one; what was before is always linked. */
function links(
  resource: Resource,
  page: readonly Row[],
  query: URLSearchParams,
  limit: number,
  context: CallContext,
): readonly unknown[] {
  const full = page.length >= limit;
  const reverse = isReverse(query);
  const link = (rel: 'next' | 'previous', marker: string | undefined) => {
    const to = new URLSearchParams(query);
    to.delete('page_reverse');
    to.delete('marker');
    if (marker !== undefined) to.set('marker', marker);
    if (rel === 'previous') to.set('page_reverse', 'True');
    return { rel, href: `${context.base}/v2.0/${resource.path}?${to}` };
  };
  return [
    ...(full || reverse ? [link('next', page.at(-1)?.id)] : []),
    ...(full || !reverse ? [link('previous', page[0]?.id)] : []),
  ];
}

function matches(row: Record<string, unknown>, field: string, values: readonly string[]): boolean {
  const tags = (row.tags ?? []) as string[];
  const asked = values.flatMap((value) => value.split(','));
  switch (field) {
    case 'tags':
      return asked.every((tag) => tags.includes(tag));
    case 'tags-any':
      return asked.some((tag) => tags.includes(tag));
    case 'not-tags':
      return !asked.every((tag) => tags.includes(tag));
    case 'not-tags-any':
      return !asked.some((tag) => tags.includes(tag));
    case 'fixed_ips':
      return matchesFixedIps((row.fixed_ips ?? []) as Record<string, unknown>[], values);
  }
  // Unknown filters are ignored, and everything comes back: so do the VPN collections of most releases.
  if (field.startsWith('_') || !(field in row)) return true;
  const value = row[field];
  if (Array.isArray(value))
    return typeof value[0] === 'string' || value.length === 0 ? values.some((one) => value.includes(one)) : true;
  return values.some((one) => text(value) === text(one) || (value === null && one === ''));
}

/** Names are compared as MySQL does, without regard to case; truth has several spellings. */
function text(value: unknown): string {
  return String(value).toLowerCase();
}

function matchesFixedIps(ips: readonly Record<string, unknown>[], values: readonly string[]): boolean {
  const asked = new Map<string, string[]>();
  for (const value of values) {
    const [key = '', ...rest] = value.split('=');
    asked.set(key, [...(asked.get(key) ?? []), rest.join('=')]);
  }
  return [...asked].every(([key, wanted]) =>
    ips.some((ip) =>
      key === 'ip_address_substr'
        ? wanted.some((one) => String(ip.ip_address).includes(one))
        : wanted.includes(String(ip[key])),
    ),
  );
}
