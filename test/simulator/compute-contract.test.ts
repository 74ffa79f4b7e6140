/**
 * Nova and Glance against what a real cloud answered: every recorded exchange is replayed in its order, ids mapped, and status,
 * headers, messages and the whole body are compared. What is random by nature (ids, times, addresses) is masked on both sides.
 * The one rule: a difference is either fixed or named here with its reason.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cloud, makeNetwork, startCloud } from './clouds.js';
import { eventually } from './guests.js';

interface Recording {
  readonly n: number;
  readonly label: string;
  readonly region: string;
  readonly service: string;
  readonly method: string;
  readonly path: string;
  readonly as_user: string | null;
  readonly request_body: unknown;
  readonly status: number;
  readonly response_headers: Readonly<Record<string, string>>;
  readonly response_body: unknown;
}

const FOLDER = new URL('../recordings/nova/', import.meta.url);
const recordings = readdirSync(FOLDER)
  .sort()
  .map((file) => JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Recording)
  .filter(({ service }) => service !== 'identity');

/** Properties that the owner of the recorded image had set. */
const CUSTOM_IMAGE_PROPERTIES = /^(?:kernel_id|ramdisk_id|os_command_line|hw_rng_model|os_distro|owner_specified\..*)$/;
const UUID = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|\b[0-9a-f]{32}\b/g;

let cloud: Cloud;
/** From ids of the recorded cloud to ids of this one. By region, for the recorded regions shared one Glance. */
let ids = new Map<string, string>();
const idsOf = new Map<string, Map<string, string>>();

beforeAll(async () => {
  cloud = await startCloud();
  for (const [index, name] of ['left', 'right'].entries()) {
    await makeNetwork(cloud, { name, cidr: `10.${index + 1}.0.0/24`, region: name });
    const region = cloud.simulator.regions.get(name);
    // The recorded cloud had one image and one flavor.
    for (const image of region?.rows('image') ?? []) image.name = image.name === 'cirros' ? 'labvm' : image.name;
    for (const flavor of region?.rows('flavor') ?? [])
      if (flavor.name !== 'm1.nano') region?.delete('flavor', flavor.id);
  }
});
afterAll(() => cloud.stop());

describe.sequential('a recorded exchange is answered as the real cloud answered it', () => {
  it.each(recordings)('$n $label', async (recording) => {
    const { service, region, method, path, as_user: user, status } = recording;
    ids = idsOf.get(region) ?? new Map();
    idsOf.set(region, ids);
    const prefix = service === 'compute' && path !== '/' ? '/v2.1' : '';
    const body =
      recording.request_body === null ? undefined : JSON.parse(mapped(JSON.stringify(recording.request_body)));
    if (recording.label.endsWith('show server')) await untilActive(region, mapped(path));
    const reply = await cloud.call(service, `${prefix}${mapped(path)}`, {
      method,
      region,
      user,
      ...(body === undefined ? {} : { body }),
    });
    learn(recording.response_body, reply.body);
    expect(reply.status).toBe(status);
    if (service === 'network') {
      // Neutron has a contract test of its own; here it only has to go along.
      if (status >= 400) expect(masked(reply.body, service)).toEqual(masked(recording.response_body, service));
      return;
    }
    for (const name of ['Openstack-Api-Version', 'X-Openstack-Nova-Api-Version', 'Vary', 'Content-Type']) {
      const expected = recording.response_headers[name];
      if (expected !== undefined) expect(`${name}: ${reply.headers.get(name)}`).toBe(`${name}: ${expected}`);
    }
    if (recording.label.endsWith('console output')) {
      expect(Object.keys(reply.body)).toEqual(['output']);
      expect(reply.body.output.split('\n').length).toBeLessThanOrEqual(11);
      return;
    }
    expect(masked(reply.body, service)).toEqual(masked(recording.response_body, service));
  });
});

function mapped(text: string): string {
  return text.replace(UUID, (id) => ids.get(id) ?? id);
}

/** Pairs the ids that stand at the same place in both bodies. */
function learn(recorded: unknown, own: unknown): void {
  if (typeof recorded === 'string' && typeof own === 'string') {
    const [theirs, ours] = [recorded.match(UUID) ?? [], own.match(UUID) ?? []];
    for (const [index, id] of theirs.entries())
      if (theirs.length === ours.length && !ids.has(id)) ids.set(id, ours[index] ?? id);
  } else if (typeof recorded === 'object' && recorded !== null && typeof own === 'object' && own !== null) {
    for (const [key, value] of Object.entries(recorded)) learn(value, (own as Record<string, unknown>)[key]);
  }
}

/** The body with all that is random or a matter of configuration replaced by its kind. */
function masked(value: unknown, service: string, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => masked(item, service, key));
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(
      ([name]) => service !== 'image' || !CUSTOM_IMAGE_PROPERTIES.test(name),
    );
    return Object.fromEntries(entries.map(([name, item]) => [name, masked(item, service, name)]));
  }
  if (service === 'image' && /^(?:size|virtual_size|checksum|os_hash_value|disk_format|min_ram|min_disk)$/.test(key))
    return typeof value;
  if (typeof value !== 'string') return value;
  if (key === 'hostId') return value.length;
  if (key === 'adminPass') return value.length;
  return value
    .replace(/https?:\/\/[^/]+(?:\/(?:left|right)\/compute)?/g, '<base>')
    .replace(UUID, '<id>')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/g, (time) =>
      key === 'updated' && /^201[13]/.test(time) ? time : '<time>',
    )
    .replace(/fa:16:3e(?::[0-9a-f]{2}){3}/g, '<mac>')
    .replace(/\b\d+\.\d+\.\d+\.\d+\b/g, '<ip>');
}

async function untilActive(region: string, path: string): Promise<void> {
  await eventually(async () => (await cloud.call('compute', `/v2.1${path}`, { region })).body.server?.status).toBe(
    'ACTIVE',
  );
}
