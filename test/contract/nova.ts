/**
 * The contract of Nova and Glance: every recorded exchange is sent again in its order, and status, headers, messages and the whole body are compared.
 * What is random by nature (ids, times, addresses) is masked on both sides. The one rule: a difference is either fixed or named here with its reason.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeGround } from './ground.js';
import { ID, readRecordings } from './recordings.js';
import { Replay } from './replay.js';
import type { Answer, Target } from './target.js';

/** Properties that the owner of the recorded image had set. */
const CUSTOM_IMAGE_PROPERTIES = /^(?:kernel_id|ramdisk_id|os_command_line|hw_rng_model|os_distro|owner_specified\..*)$/;
const HEADERS = ['Openstack-Api-Version', 'X-Openstack-Nova-Api-Version', 'Vary', 'Content-Type'];

/** Declares a test an exchange, against the target that there is once they run. */
export function novaContract(target: () => Target): void {
  describe.sequential('recorded exchanges with Nova and Glance', () => {
    let replay: Replay;
    let removeGround: () => Promise<void>;

    beforeAll(async () => {
      replay = new Replay(target());
      removeGround = await makeGround(target());
    }, 300_000);

    afterAll(async () => {
      const left = await replay.cleanUp();
      await removeGround();
      expect(left).toEqual([]);
    }, 600_000);

    test.each(readRecordings('test/recordings/nova').filter(({ service }) => service !== 'identity'))(
      '$n $label',
      async (exchange) => {
        const { service, label, response_body: recorded } = exchange;
        const ours = await replay.answer(exchange);
        expect(ours.status).toBe(exchange.status);
        // Neutron has a contract of its own; here it only has to go along.
        if (service === 'network' && exchange.status < 400) return;
        if (service !== 'network') compareHeaders(exchange.response_headers, ours);
        if (label.endsWith('console output')) {
          const { output } = ours.body as { output: string };
          expect(Object.keys(ours.body as object)).toEqual(['output']);
          expect(output.split('\n').length).toBeLessThanOrEqual(11);
          return;
        }
        expect(masked(ours.body, service)).toEqual(masked(recorded, service));
      },
      300_000,
    );
  });
}

function compareHeaders(recorded: Readonly<Record<string, string>>, ours: Answer): void {
  for (const name of HEADERS) {
    const expected = recorded[name];
    if (expected !== undefined) expect(`${name}: ${ours.headers.get(name)}`).toBe(`${name}: ${expected}`);
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
  if (
    service === 'image' &&
    /^(?:size|virtual_size|checksum|os_hash_value|disk_format|min_ram|min_disk|stores)$/.test(key)
  )
    return typeof value;
  if (typeof value !== 'string') return value;
  if (key === 'hostId' || key === 'adminPass') return value.length;
  return value
    .replace(/https?:\/\/[^/]+(?:\/(?:left|right)\/compute)?/g, '<base>')
    .replace(ID, '<id>')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/g, (time) =>
      key === 'updated' && /^201[13]/.test(time) ? time : '<time>',
    )
    .replace(/fa:16:3e(?::[0-9a-f]{2}){3}/g, '<mac>')
    .replace(/\b\d+\.\d+\.\d+\.\d+\b/g, '<ip>');
}
