import { describe, expect, test } from 'vitest';
import { colours, wantsColour } from '../../src/cli/colour.js';
import { changes, duration, view } from '../../src/cli/render.js';
import type { RunStatus } from '../../src/client/index.js';
import { buildGraph } from '../../src/graph/build-graph.js';
import { isResourceStep, type StepState } from '../../src/graph/types.js';
import { parseSpec } from '../../src/spec/index.js';
import { tutorialSpec } from '../support/test-bed.js';

const { steps } = buildGraph(parseSpec(tutorialSpec()).spec);

function status(states: Readonly<Record<string, StepState>>, more: Partial<RunStatus> = {}): RunStatus {
  return {
    vpn: 'left-right',
    operation: 'provisionVpn',
    runId: 'r',
    state: 'RUNNING',
    startedAt: 0,
    worker: 'answers',
    pending: [],
    progress: {
      vpn: 'left-right',
      operation: 'provision',
      phase: 'provisioning',
      phases: ['resolving', 'provisioning'],
      warnings: [],
      sites: [
        { key: 'left', region: 'dbl' },
        { key: 'right', region: 'cbk' },
      ],
      steps: steps.map((step) => ({
        key: step.key,
        kind: step.kind,
        title: step.title,
        needs: step.needs,
        temporary: false,
        state: states[step.key] ?? 'waiting',
        startedAt: 0,
        ...(isResourceStep(step) ? { site: step.site } : {}),
      })),
    },
    ...more,
  };
}

const screen = (columns: number, rows: number) => ({ columns, rows, colour: colours(false) });

describe('the live view', () => {
  test.each([
    [200, 60],
    [120, 40],
    [80, 24],
    [40, 10],
    [20, 3],
  ])('fits %s columns and %s rows', (columns, rows) => {
    const lines = view(status({ 'left/network': 'running', 'right/network': 'failed' }), screen(columns, rows), 5_000);
    expect(lines.length).toBeLessThan(rows);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
  });

  test('shows both regions side by side, and every step', () => {
    const text = view(status({}), screen(160, 60), 0).join('\n');
    expect(text).toMatch(/left \(dbl\) +right \(cbk\)/);
    for (const step of steps) expect(text).toContain(step.title);
  });

  const NUDGE = `Tunnel left~right did not come up by itself; after 75 s: router left-router of left was updated`;

  function warned(...warnings: readonly string[]): RunStatus {
    const { progress, ...rest } = status({});
    return { ...rest, ...(progress && { progress: { ...progress, warnings } }) };
  }

  test('has the latest warning in a line, and a page has all of them whole', () => {
    const live = view(warned('an older one', NUDGE), screen(60, 200), 0);
    expect(live.at(-1)).toMatch(/^ warning: Tunnel left~right did not .*…$/);
    expect(live.join('\n')).not.toContain('an older one');
    const page = view(warned('an older one', NUDGE), screen(60, Number.POSITIVE_INFINITY), 0);
    expect(page.slice(-2)).toEqual(['\nwarning: an older one', `\nwarning: ${NUDGE}`]);
  });

  test('plain lines tell a warning once, and not those that the run began with', () => {
    const [begun, later] = [warned('an older one'), warned('an older one', NUDGE)];
    expect(changes(undefined, begun).join('\n')).not.toContain('warning');
    expect(changes(begun, later)).toEqual([`warning: ${NUDGE}`]);
    expect(changes(later, later)).toEqual([]);
  });

  test('says which step and call fail, since when, in which try, and when the next one comes', () => {
    const pending = [
      {
        activity: 'ensureRouter',
        step: 'left/router',
        attempt: 4,
        failingSince: -7_195_000,
        lastFailure: 'router left-router (left/router): POST /v2.0/routers in region dbl: 503 maintenance',
        nextTryAt: 65_000,
      },
    ];
    const line =
      'left/router: try 4, failing for 2h00m, next try in 1m00s: POST /v2.0/routers in region dbl: 503 maintenance';
    expect(view(status({}, { pending }), screen(160, 60), 5_000).join('\n')).toContain(line);
    expect(view(status({}, { pending }), screen(80, Number.POSITIVE_INFINITY), 5_000).join('\n')).toContain(line);
    expect(view(status({}, { pending }), screen(80, 60), 5_000).join('\n')).not.toContain(line);
  });

  test('says when no worker answers, and how one is started', () => {
    const silent = status({}, { worker: 'silent' });
    expect(view(silent, screen(120, 60), 0)[1]).toBe(`  ${SILENT}; below is what was last known`);
    for (const [columns, rows] of [
      [80, 24],
      [60, 10],
    ] as const) {
      const lines = view(silent, screen(columns, rows), 0);
      expect(lines[1]).toContain(SILENT);
      expect(lines.length).toBeLessThan(rows);
    }
    const { progress: _, ...unknown } = silent;
    expect(view(unknown, screen(80, 24), 0)).toEqual([
      'left-right · provision · waiting for a worker · 0.0s',
      `  ${SILENT}`,
    ]);
  });

  test('says what it settles for, and until when', () => {
    expect(view(settling, screen(160, 60), 0)[0]).toBe(`left-right · provision · settling · 0.0s${SETTLES}`);
  });

  test('a run that was terminated has no clock that goes on', () => {
    const ended = { state: 'TERMINATED', endedAt: 20_000 } as const;
    const lines = view(status({ 'left/network': 'running' }, ended), screen(160, 60), 7_200_000);
    expect(lines[0]).toBe('left-right · provision · terminated · 20s');
    expect(lines.join('\n')).toMatch(/network left-network +20s/);
    expect(lines.join('\n')).not.toContain('2h');
  });
});

const SILENT = 'no worker answers: start one with: regionlink worker';
const SETTLES = ' (at least until 1970-01-01T00:05:00Z: looks for late effects of writes whose answers never came)';

const { progress: steady, ...rest } = status({});
const settling: RunStatus = {
  ...rest,
  ...(steady && { progress: { ...steady, phase: 'settling', settlesUntil: 300_000 } }),
};

test('plain lines tell once that no worker answers, and what it settles for', () => {
  const silent = status({}, { worker: 'silent' });
  expect(changes(status({}), silent)).toEqual([`left-right: ${SILENT}`]);
  expect(changes(silent, silent)).toEqual([]);
  expect(changes(status({}), settling)).toEqual([`left-right: settling${SETTLES}`]);
});

test('plain lines tell each change once', () => {
  const before = status({ 'left/network': 'running' });
  const after = status({ 'left/network': 'done', 'left/subnet': 'running' });
  expect(changes(before, after)).toEqual(['✔ left/network done', '▶ left/subnet running']);
  expect(changes(after, after)).toEqual([]);
});

test.each([
  [400, '0.4s'],
  [12_000, '12s'],
  [185_000, '3m05s'],
  [7_800_000, '2h10m'],
])('%s ms is %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test('colours only on a terminal, never with NO_COLOR, always with FORCE_COLOR', () => {
  expect(wantsColour({ isTTY: true }, {})).toBe(true);
  expect(wantsColour({}, {})).toBe(false);
  expect(wantsColour({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
  expect(wantsColour({}, { FORCE_COLOR: '1' })).toBe(true);
});
