/**
 * The simulator against what a real cloud answered: every recorded request is replayed in its order, ids mapped, and status, error type, message and the shape
 * of the body are compared. A recording that cannot be replayed needs a reason, in words, below.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FAST_DELAYS, type Simulator, startSimulator } from '../../src/simulator/index.js';

interface Recording {
  readonly file: string;
  readonly n: number;
  readonly label: string;
  readonly region: string;
  readonly service: string;
  readonly method: string;
  readonly path: string;
  readonly as_user: string | null;
  readonly request_body: unknown;
  readonly status: number;
  readonly response_body: unknown;
}

const FOLDER = 'test/recordings';
const recordings: readonly Recording[] = readdirSync(FOLDER)
  .filter((file) => /^\d+-.*\.json$/.test(file))
  .sort()
  .map((file) => ({ file, ...(JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8')) as Omit<Recording, 'file'>) }));

/** Why a recording is not replayed. */
const NOT_REPLAYED: Readonly<Record<string, string>> = {
  '008': 'the version document names the address of the recorded cloud only',
  '010': 'a cloud lists the extensions it has; which ones is configuration',
  '028': 'as 010',
  '088': 'the recording holds no body: what was sent was no JSON',
  '213': 'sent without a token to Keystone: covered by 208',
  '214': 'Keystone answers an unknown path with an HTML page of its web framework',
  '241': 'a token with a life of two seconds, made with a second Keystone',
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

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{32}\b/g;

let simulator: Simulator;
const tokens = new Map<string, string>();
const ids = new Map<string, string>();

beforeAll(async () => {
  simulator = await startSimulator({
    regions: ['left', 'right'],
    delays: { ...FAST_DELAYS, agentMs: 200 },
    ownVpnAddress: [],
  });
});

afterAll(() => simulator.stop());

async function tokenOf(user: string): Promise<string> {
  const known = tokens.get(user);
  if (known !== undefined) return known;
  const body = {
    auth: {
      identity: {
        methods: ['password'],
        password: { user: { name: user, domain: { id: 'default' }, password: 'lab' } },
      },
      scope: { project: { name: user, domain: { id: 'default' } } },
    },
  };
  const answer = await fetch(`${simulator.authUrl}/auth/tokens`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json' },
  });
  const token = answer.headers.get('x-subject-token') ?? '';
  tokens.set(user, token);
  return token;
}

/** Replaces the recorded cloud's ids by those of the simulator. */
function mapped(text: string): string {
  return text.replace(UUID, (id) => ids.get(id) ?? id);
}

/** Learns which id of ours stands for a recorded one, wherever both answers have one at the same place. */
function learn(recorded: unknown, ours: unknown): void {
  if (typeof recorded === 'string' && typeof ours === 'string') {
    if (/^\d+\.\d+\.\d+\.\d+$/.test(recorded)) ids.set(recorded, ours);
    const [a, b] = [recorded.match(UUID), ours.match(UUID)];
    if (a !== null && b !== null && a.length === b.length)
      for (const [index, id] of a.entries()) ids.set(id, b[index] ?? id);
  } else if (Array.isArray(recorded) && Array.isArray(ours))
    for (const [index, one] of recorded.entries()) learn(one, ours[index]);
  else if (isObject(recorded) && isObject(ours))
    for (const [key, value] of Object.entries(recorded)) learn(value, ours[key]);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
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
    const missing = Object.keys(recorded)
      .filter((key) => !(key in ours))
      .map((key) => `${path}.${key} is missing`);
    const extra = Object.keys(ours)
      .filter((key) => !(key in recorded))
      .map((key) => `${path}.${key} is not in the recording`);
    return [
      ...missing,
      ...extra,
      ...Object.keys(recorded).flatMap((key) =>
        key in ours ? differences(recorded[key], ours[key], `${path}.${key}`) : [],
      ),
    ];
  }
  return typeof recorded === typeof ours ? [] : [`${path}: ${typeof recorded} is ${typeof ours}`];
}

async function replay(recording: Recording): Promise<{ status: number; body: unknown }> {
  const url = `${simulator.url}/${recording.region}/${recording.service}${mapped(recording.path)}`;
  const bad = /no.token/.test(recording.label)
    ? undefined
    : /garbage|expired/.test(recording.label)
      ? 'garbage'
      : await tokenOf(recording.as_user ?? 'demo');
  const answer = await fetch(url, {
    method: recording.method,
    headers: { 'Content-Type': 'application/json', ...(bad === undefined ? {} : { 'X-Auth-Token': bad }) },
    ...(recording.request_body === null || recording.method === 'GET'
      ? {}
      : { body: mapAddresses(mapped(JSON.stringify(recording.request_body))) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? null : (JSON.parse(text) as unknown) };
}

/** The recorder set every limit to what was in use; here that is our own use. */
async function currentUse(recording: Recording): Promise<unknown> {
  const { body } = await replay({ ...recording, method: 'GET', path: `${recording.path}/details` });
  const details = (body as { quota: Record<string, { used: number }> }).quota;
  const asked = (recording.request_body as { quota: Record<string, number> }).quota;
  return { quota: Object.fromEntries(Object.keys(asked).map((key) => [key, details[key]?.used])) };
}

async function settled(recording: Recording): Promise<void> {
  for (;;) {
    const { body } = await replay({ ...recording, method: 'GET' });
    if (!JSON.stringify(body).includes('PENDING_CREATE')) return;
    if (/vpnservices/.test(recording.path)) return;
  }
}

function mapAddresses(text: string): string {
  return text.replace(
    /"(172\.24\.\d+\.\d+)"/g,
    (whole, address: string) => `"${ids.get(address) ?? address}"` || whole,
  );
}

describe('recorded exchanges with Neutron', () => {
  for (const recording of recordings.filter((one) => one.service === 'network')) {
    const number = recording.file.slice(0, 3);
    test.skipIf(number in NOT_REPLAYED)(
      `${number} ${recording.label}: ${recording.method} ${recording.path.replace(UUID, '…')}`,
      async () => {
        // The recorder waited for the agent before a change that succeeded.
        if (recording.method === 'PUT' && recording.status === 200) await settled(recording);
        const ours = await replay(
          number === '229' ? { ...recording, request_body: await currentUse(recording) } : recording,
        );
        learn(recording.response_body, ours.body);
        const error = (body: unknown) => {
          const inner = isObject(body) ? (body.NeutronError ?? body.error) : undefined;
          return isObject(inner)
            ? {
                type: inner.type,
                message: mapped(String(inner.message)).replace(/subnet_callback-\d+/, 'subnet_callback'),
              }
            : undefined;
        };
        expect({ status: ours.status, error: error(ours.body) }).toEqual({
          status: recording.status,
          error: error(recording.response_body),
        });
        if (error(recording.response_body) === undefined && !SHAPE_IS_CONFIGURATION.includes(number))
          expect(differences(recording.response_body, ours.body)).toEqual([]);
      },
    );
  }
});
