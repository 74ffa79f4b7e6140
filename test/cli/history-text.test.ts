/** A run's record as a page: both ways to draw it tell the same. */
import { expect, test } from 'vitest';
import { historyMarkdown, historyText } from '../../src/cli/history-text.js';
import type { RunRecord } from '../../src/client/index.js';
import { queryOf } from '../../src/client/list.js';

const AT = Date.parse('2026-11-27T04:30:00Z');

const RECORD: RunRecord = {
  vpn: 'left-right',
  operation: 'provisionVpn',
  workflowId: 'vpn/left-right',
  runId: 'run-1',
  state: 'FAILED',
  summary: 'VPN left-right: left (dbl) ↔ right (cbk)',
  requestedBy: 'alice',
  client: '12@host',
  startedAt: AT,
  endedAt: AT + 65_000,
  keptUntil: AT + 86_400_000,
  stops: [{ what: 'cancel', at: AT + 1_000, by: '13@host', reason: 'no longer wanted' }],
  phases: [{ phase: 'resolving', at: AT }],
  steps: [
    {
      activity: 'ensureRouter',
      activityId: '7',
      step: 'left/router',
      summary: 'router left-router in dbl',
      requestedAt: AT,
      endedAt: AT + 3_000,
      outcome: 'done',
      attempts: 3,
      failures: [{ said: 'POST /routers: 503: a | b', times: 2, first: AT, last: AT + 2_000 }],
      resources: [
        { effect: 'created', kind: 'router', name: 'left-router', id: 'id-1', region: 'dbl', at: AT + 3_000 },
      ],
    },
    {
      activity: 'removeRouter',
      activityId: '9',
      step: 'left/router',
      summary: 'router left-router in dbl',
      requestedAt: AT + 4_000,
      endedAt: AT + 5_000,
      outcome: 'done',
      attempts: 1,
      failures: [],
      resources: [],
    },
  ],
  warnings: [],
  failure: { type: 'CloudRefused', message: 'not allowed', leftovers: [] },
};

const TOLD = [
  'alice',
  '12@host',
  '13@host',
  'no longer wanted',
  'left/router ',
  'undo left/router ',
  '503',
  'created',
  'id-1',
  'not allowed',
];

test('text tells who asked, what was tried and failed, what became of each resource, and until when it is kept', () => {
  const text = historyText(RECORD, AT);
  for (const word of TOLD) expect(text).toContain(word);
  expect(text).toContain('after 1m05s');
  expect(text).toContain('until 2026-11-28T04:30:00Z');
});

test('Markdown tells the same, and what a cloud says breaks no table', () => {
  const text = historyMarkdown(RECORD, AT);
  for (const word of TOLD) expect(text).toContain(word);
  expect(text).toContain('503: a \\| b');
  const cells = (line: string) => line.replaceAll('\\|', '').split('|').length;
  const [head, , row] = text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(-3);
  expect(cells(row ?? '')).toBe(cells(head ?? ''));
});

test("a list's filter is one query, and no value ends it", () => {
  expect(queryOf({ state: 'open', vpn: 'a', region: "o'clock" })).toMatch(
    /ExecutionStatus = 'Running' AND VpnName = 'a' AND VpnRegions = 'o\\'clock'$/,
  );
});
