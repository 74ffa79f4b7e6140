/** The scan for secrets finds what it is for: each form, and in the payloads of a history. */
import { expect, test } from 'vitest';
import { scan } from './secret-scan.js';

const SECRET = 'hunter2/hunter2?hunter2';
const PAYLOAD = Buffer.from(JSON.stringify({ step: { psk: SECRET } })).toString('base64');

test.each([
  ['raw', SECRET],
  ['base64', Buffer.from(SECRET).toString('base64')],
  ['url', encodeURIComponent(SECRET)],
  ['in a payload of a history', JSON.stringify({ payloads: [{ metadata: {}, data: PAYLOAD }] })],
])('%s', (_, text) => {
  expect(scan(['a line', `before ${text} after`], [SECRET])).toEqual(['hun…']);
});

test('a text without it', () => {
  expect(scan(['hunter', PAYLOAD.slice(0, 20)], [SECRET])).toEqual([]);
});
