/** A run's record from its events, read from the recorded histories of every way a run can end. */
import { readFileSync } from 'node:fs';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { expect, test } from 'vitest';
import { recordOf } from '../../src/client/read-run.js';
import { type RunRecord, resourcesOf } from '../../src/client/run-record.js';

function recorded(end: string): RunRecord {
  const history = JSON.parse(readFileSync(`test/histories/0.1.0-${end}.json`, 'utf8')) as unknown;
  return recordOf('run-1', historyFromJSON(history).events ?? []);
}

const idsOf = (record: RunRecord, effect: string) =>
  resourcesOf(record).flatMap((one) => (one.effect === effect ? [`${one.kind} ${one.id}`] : []));

test('tells what a run has made, and what of it went away again', () => {
  const record = recorded('proven');
  expect(record).toMatchObject({ vpn: 'left-right', operation: 'provisionVpn', state: 'COMPLETED', client: 'worker' });
  expect(record.phases.map(({ phase }) => phase)).toEqual(['resolving', 'provisioning', 'cleaning-up', 'done']);
  expect(record.spec).toMatchObject({ name: 'left-right', psk: { from: 'generated' } });
  const [made, gone] = [idsOf(record, 'created'), idsOf(record, 'removed')];
  expect(made.filter((one) => !gone.includes(one))).toHaveLength(22);
  expect(gone.map((one) => one.split(' ')[0])).not.toContain('siteConnection');
  const at = resourcesOf(record).map((one) => one.at);
  expect(at).toEqual([...at].sort());
});

test('tells which step failed, with what, and that all was undone', () => {
  const record = recorded('failed');
  expect(record.failure).toMatchObject({
    type: 'CloudRefused',
    message: expect.stringMatching(/What to do: .*\n.*undone/),
  });
  expect(record.steps.filter(({ outcome }) => outcome === 'failed')).toMatchObject([
    {
      step: 'left~right/left/siteConnection',
      attempts: 1,
      failures: [{ said: expect.stringContaining('403 PolicyNotAuthorized'), times: 1 }],
      resources: [],
    },
  ]);
  expect(idsOf(record, 'removed').sort()).toEqual(idsOf(record, 'created').sort());
});

test('tells who cancelled it', () => {
  expect(recorded('cancelled')).toMatchObject({ state: 'CANCELLED', stops: [{ what: 'cancel', by: 'worker' }] });
});

test('tells what a destroy and a sweep have removed', () => {
  expect(idsOf(recorded('destroyed'), 'removed')).toHaveLength(22);
  expect(recorded('swept')).toMatchObject({ operation: 'sweepVpn' });
  expect(idsOf(recorded('swept'), 'removed')).toEqual([expect.stringMatching(/^ikePolicy /)]);
});

test('an open run is told up to now, its open steps with what Temporal knows of them', () => {
  const history = JSON.parse(readFileSync('test/histories/0.1.0-proven.json', 'utf8')) as unknown;
  // Up to the first activity's schedule.
  const events = (historyFromJSON(history).events ?? []).slice(0, 6);
  const failures = [{ said: 'no answer', times: 3, first: 1, last: 2 }];
  const record = recordOf('run-1', events, [{ activityId: '1', attempt: 4, failures }]);
  expect(record).toMatchObject({ state: 'RUNNING', steps: [{ outcome: 'open', attempts: 4, failures }] });
  expect(record.endedAt).toBeUndefined();
});
