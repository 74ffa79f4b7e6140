/**
 * Both walks over the tutorial's real graph, with steps that end when the test says so.
 * The rule: a promise of order is tested for every step of the graph, not for a chosen few.
 */
import { describe, expect, test } from 'vitest';
import type { Step } from '../../src/graph/types.js';
import { longestPath, walkBackward, walkForward } from '../../src/graph/walk.js';
import { keysOf, stepsOf } from './graphs.js';

const STEPS = stepsOf('tutorial');

/** Runs that are started by a walk and ended by the test. */
class Runs {
  readonly started: string[] = [];
  private readonly open = new Map<string, (error?: Error) => void>();

  readonly run = (step: Step): Promise<void> => {
    this.started.push(step.key);
    return new Promise((resolve, reject) => {
      this.open.set(step.key, (error) => (error === undefined ? resolve() : reject(error)));
    });
  };

  get running(): readonly string[] {
    return [...this.open.keys()].sort();
  }

  /** Ends a run, and returns once the walk has gone as far as it can. */
  async end(key: string, error?: Error): Promise<void> {
    const finish = this.open.get(key);
    if (finish === undefined) throw new Error(`${key} is not running`);
    this.open.delete(key);
    finish(error);
    await settled();
  }
}

/** All that promises alone can bring about has come about. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function watched(walk: Promise<void>) {
  const state = { over: false, error: undefined as unknown };
  const finish = (error?: unknown) => Object.assign(state, { over: true, error });
  walk.then(() => finish(), finish);
  return state;
}

function readyAfter(done: ReadonlySet<string>): readonly string[] {
  return STEPS.filter((step) => !done.has(step.key) && step.needs.every((need) => done.has(need)))
    .map((step) => step.key)
    .sort();
}

describe('forwards', () => {
  test('at every moment all that can run runs, and nothing else', async () => {
    const runs = new Runs();
    const walk = watched(walkForward(STEPS, runs.run));
    const done = new Set<string>();
    await settled();
    while (done.size < STEPS.length) {
      expect(runs.running).toEqual(readyAfter(done));
      expect(walk.over).toBe(false);
      const next = runs.running[done.size % runs.running.length] ?? '';
      done.add(next);
      await runs.end(next);
    }
    expect(walk).toEqual({ over: true, error: undefined });
    expect([...runs.started].sort()).toEqual([...keysOf(STEPS)].sort());
  });

  test.each(keysOf(STEPS))('when %s fails, nothing new starts and the walk ends after all that ran', async (broken) => {
    const runs = new Runs();
    const stops: unknown[] = [];
    const walk = watched(walkForward(STEPS, runs.run, (error) => stops.push(error)));
    await settled();
    // All others are done first, as far as they do without the broken one: the largest crowd that it can fail in.
    for (
      let next = other(runs, broken);
      next !== undefined && !runs.running.includes(broken);
      next = other(runs, broken)
    )
      await runs.end(next);
    const fault = new Error('no quota');
    const startedBefore = [...runs.started];
    await runs.end(broken, fault);
    expect(stops).toEqual([fault]);

    for (let left = runs.running; left.length > 0; left = runs.running) {
      expect(walk.over).toBe(false);
      await runs.end(left[0] ?? '', left.length % 2 === 0 ? new Error('stopped') : undefined);
    }
    expect(walk).toEqual({ over: true, error: fault });
    expect(runs.started).toEqual(startedBefore);
    expect(stops).toEqual([fault]);
  });
});

function other(runs: Runs, key: string): string | undefined {
  return runs.running.find((one) => one !== key);
}

describe('backwards', () => {
  test('every step is undone after all that needed it, and as soon as that', async () => {
    const runs = new Runs();
    const walk = watched(walkBackward(STEPS, STEPS, runs.run));
    const undone = new Set<string>();
    await settled();
    while (undone.size < STEPS.length) {
      const free = STEPS.filter((step) => !undone.has(step.key))
        .filter((step) => STEPS.every((dependent) => !dependent.needs.includes(step.key) || undone.has(dependent.key)))
        .map((step) => step.key)
        .sort();
      expect(runs.running).toEqual(free);
      expect(walk.over).toBe(false);
      const next = runs.running[0] ?? '';
      undone.add(next);
      await runs.end(next);
    }
    expect(walk.over).toBe(true);
  });

  test('steps that are passed over keep the order of the others', async () => {
    const runs = new Runs();
    const chosen = STEPS.filter((step) => ['left/network', 'left~right/left/siteConnection'].includes(step.key));
    const walk = watched(walkBackward(STEPS, chosen, runs.run));
    await settled();
    expect(runs.running).toEqual(['left~right/left/siteConnection']);
    await runs.end('left~right/left/siteConnection');
    expect(runs.running).toEqual(['left/network']);
    await runs.end('left/network');
    expect(walk.over).toBe(true);
  });

  test('nothing to undo is done at once', async () => {
    await expect(walkBackward(STEPS, [], () => Promise.reject(new Error('not called')))).resolves.toBeUndefined();
  });
});

describe('the longest path', () => {
  const SECONDS: Readonly<Record<string, number>> = {
    network: 2,
    subnet: 3,
    router: 9,
    server: 40,
    siteConnection: 6,
    ping: 12,
  };

  test("under stated costs is the test VM's, to the last step", () => {
    const { totalMs, path } = longestPath(STEPS, (step) => (SECONDS[step.kind] ?? 1) * 1000);
    expect(path).toEqual([
      'left/network',
      'left/subnet',
      'left/port',
      'left/server',
      'left~right/ping',
      'left~right/awaitTunnel',
    ]);
    expect(totalMs).toBe((2 + 3 + 1 + 40 + 12 + 1) * 1000);
  });

  test("goes over the connection when the other side's VPN service is slow", () => {
    const cost = (step: Step) => (step.key === 'right/vpnService' ? 90_000 : step.kind === 'router' ? 2000 : 1000);
    expect(longestPath(STEPS, cost)).toEqual({
      totalMs: 97_000,
      path: [
        'right/router',
        'right/externalGateway',
        'right/routerInterface',
        'right/vpnService',
        'left~right/left/siteConnection',
        'left~right/ping',
        'left~right/awaitTunnel',
      ],
    });
  });

  test('of no steps is nothing', () => {
    expect(longestPath([], () => 1)).toEqual({ totalMs: 0, path: [] });
  });
});
