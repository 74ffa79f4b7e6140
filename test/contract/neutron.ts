/**
 * The contract of Neutron with VPNaaS: every recorded request is sent again in its order, and status, error type, message and the shape of the body are
 * compared. A recording that is not replayed needs a reason, in words, below.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ID, isObject, readRecordings } from './recordings.js';
import { Replay } from './replay.js';
import type { Target } from './target.js';

/** Why a recording is not replayed. */
const NOT_REPLAYED: Readonly<Record<string, string>> = {
  '008': 'the version document names the address of the recorded cloud only',
  '010': 'a cloud lists the extensions it has; which ones is configuration',
  '028': 'as 010',
  '088': 'the recording holds no body: what was sent was no JSON',
  '155': 'its connection was made by a request that is not among the recordings',
  '288': 'the real server answers after 155 s; the status is compared in the rules',
};

/** Replayed for their effect and status: which quotas there are is configuration. */
const SHAPE_IS_CONFIGURATION = ['224', '225', '226', '229', '236'];

/** Differences that are known and stand: path of the field, and why. */
const KNOWN: readonly RegExp[] = [
  // Which project a list of external things shows depends on what else the recorded cloud held.
  /availability_zones/,
];

/** Declares a test an exchange, against the target that there is once they run. */
export function neutronContract(target: () => Target): void {
  describe.sequential('recorded exchanges with Neutron', () => {
    let replay: Replay;

    beforeAll(() => {
      replay = new Replay(target());
    });

    afterAll(async () => {
      expect(await replay.cleanUp()).toEqual([]);
    }, 300_000);

    for (const exchange of readRecordings('test/recordings').filter((one) => one.service === 'network')) {
      const { label, method, path, status, response_body: recorded, region } = exchange;
      const number = exchange.file.slice(0, 3);
      test.skipIf(number in NOT_REPLAYED)(`${number} ${label}: ${method} ${path.replace(ID, '…')}`, async () => {
        const ours = await replay.answer(exchange);
        const error = (body: unknown) => errorIn(body, (text) => replay.mapped(text, region));
        expect({ status: ours.status, error: error(ours.body) }).toEqual({ status, error: error(recorded) });
        if (error(recorded) === undefined && !SHAPE_IS_CONFIGURATION.includes(number))
          expect(differences(recorded, ours.body)).toEqual([]);
      });
    }
  });
}

/** Type and message of an error, the one of Neutron or the one of Keystone's middleware. */
function errorIn(body: unknown, mapped: (text: string) => string): unknown {
  const inner = isObject(body) ? (body.NeutronError ?? body.error) : undefined;
  if (!isObject(inner)) return undefined;
  return {
    type: inner.type,
    message: mapped(String(inner.message)).replace(/subnet_callback-\d+/, 'subnet_callback'),
  };
}

/** Where the shape of an answer differs: keys and types, not values. Lists by their first element. */
function differences(recorded: unknown, ours: unknown, path = ''): readonly string[] {
  if (KNOWN.some((known) => known.test(path))) return [];
  if (recorded === null || ours === null) return [];
  if (Array.isArray(recorded)) {
    if (!Array.isArray(ours)) return [`${path}: a list is ${typeof ours}`];
    return recorded.length > 0 && ours.length > 0 ? differences(recorded[0], ours[0], `${path}[]`) : [];
  }
  if (isObject(recorded)) {
    if (!isObject(ours)) return [`${path}: an object is ${typeof ours}`];
    return [
      ...Object.keys(recorded).flatMap((key) => (key in ours ? [] : [`${path}.${key} is missing`])),
      ...Object.keys(ours).flatMap((key) => (key in recorded ? [] : [`${path}.${key} is not in the recording`])),
      ...Object.keys(recorded).flatMap((key) =>
        key in ours ? differences(recorded[key], ours[key], `${path}.${key}`) : [],
      ),
    ];
  }
  return typeof recorded === typeof ours ? [] : [`${path}: ${typeof recorded} is ${typeof ours}`];
}
