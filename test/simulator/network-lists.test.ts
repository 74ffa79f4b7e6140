/** Neutron's lists: order, pages in both directions, tags, and what it says to what it does not understand. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cloud, startCloud } from './clouds.js';

let cloud: Cloud;

beforeAll(async () => {
  cloud = await startCloud();
  const networks = ['c', 'a', 'b'].map((name) => ({ name }));
  expect((await get('/networks', { networks })).status).toBe(201);
});

afterAll(() => cloud.stop());

function get(path: string, body?: unknown) {
  return cloud.call('network', `/v2.0${path}`, body === undefined ? {} : { body });
}

async function names(path: string): Promise<readonly string[]> {
  return (await get(path)).body.networks.map((one: { name: string }) => one.name);
}

const OWN = 'router:external=False&sort_key=name';

test('a list is sorted by what was asked for', async () => {
  expect(await names(`/networks?${OWN}&sort_dir=asc`)).toEqual(['a', 'b', 'c']);
  expect(await names(`/networks?${OWN}&sort_dir=desc`)).toEqual(['c', 'b', 'a']);
});

test('pages lead forward until one is not full, and back again', async () => {
  const walk = async (from: string, rel: string): Promise<string[]> => {
    const seen: string[] = [];
    for (let path: string | undefined = from; path !== undefined; ) {
      const { body } = await get(path);
      seen.push(...body.networks.map((one: { name: string }) => one.name));
      const next = body.networks_links.find((link: { rel: string }) => link.rel === rel)?.href;
      path = next?.slice(next.indexOf('/networks'));
    }
    return seen;
  };
  expect(await walk(`/networks?${OWN}&sort_dir=asc&limit=2`, 'next')).toEqual(['a', 'b', 'c']);
  expect(await walk(`/networks?${OWN}&sort_dir=asc&limit=1&page_reverse=True`, 'previous')).toEqual(['c', 'b', 'a']);
});

test.each([
  ['limit=-1', 'BadRequest', "Bad limit request: Limit must be an integer 0 or greater and not '-1'."],
  ['sort_key=nonsense&sort_dir=asc', 'HTTPBadRequest', "['nonsense'] is invalid attribute for sort_keys"],
  ['sort_key=name', 'HTTPBadRequest', 'The number of sort_keys and sort_dirs must be same'],
  [
    'sort_key=name&sort_dir=up',
    'HTTPBadRequest',
    "['up'] is invalid value for sort_dirs, valid value is 'asc' and 'desc'",
  ],
])('?%s is refused', async (query, type, message) => {
  const { status, body } = await get(`/networks?${query}`);
  expect({ status, ...body.NeutronError }).toEqual({ status: 400, type, message, detail: '' });
});

test('an unknown marker is a network that is not there', async () => {
  expect((await get('/networks?limit=1&marker=nonsense')).body.NeutronError.type).toBe('NetworkNotFound');
});

test('tags select all, any, not all, not any', async () => {
  const [first, second] = (await get(`/networks?${OWN}&sort_dir=asc`)).body.networks;
  const put = (id: string, tags: readonly string[]) =>
    cloud.call('network', `/v2.0/networks/${id}/tags`, { method: 'PUT', body: { tags } });
  await put(first.id, ['red', 'blue']);
  await put(second.id, ['red']);
  const by = (filter: string) => names(`/networks?${OWN}&sort_dir=asc&${filter}`);
  expect(await by('tags=red,blue')).toEqual(['a']);
  expect(await by('tags-any=red,blue')).toEqual(['a', 'b']);
  expect(await by('not-tags=red,blue')).toEqual(['b', 'c']);
  expect(await by('not-tags-any=red')).toEqual(['c']);
});
