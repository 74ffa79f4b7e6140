/** The guests' clocks: what both promise, and what the virtual one, on which the tests of guests rest, promises besides. */
import { describe, expect, it } from 'vitest';
import { scaledClock } from '../../src/simulator/guest/index.js';
import { VirtualClock } from './virtual-clock.js';

const HOUR = 3_600_000;

describe.each([
  ['a scaled clock', () => scaledClock(1)],
  ['a virtual clock', () => new VirtualClock()],
])('%s', (_name, make) => {
  it.each(['sleep', 'giveWay'] as const)('ends a %s with the reason of its signal, at once or later', async (wait) => {
    const clock = make();
    const stop = new AbortController();
    const reason = new Error('stopped');
    const later = expect(clock[wait](HOUR, stop.signal)).rejects.toBe(reason);
    stop.abort(reason);
    await later;
    await expect(clock[wait](HOUR, stop.signal)).rejects.toBe(reason);
    await expect(clock[wait](0, stop.signal)).rejects.toBe(reason);
  });

  it('comes back from a sleep and from giving way', async () => {
    const clock = make();
    const before = clock.now();
    await clock.giveWay(0);
    await clock.giveWay(1);
    await clock.sleep(0);
    await clock.sleep(-1);
    await clock.sleep(1);
    expect(clock.now()).toBeGreaterThanOrEqual(before);
  });
});

describe('a virtual clock', () => {
  it('wakes by time, those of one moment as they came, and each at its exact moment', async () => {
    const clock = new VirtualClock();
    const start = clock.now();
    const woken: [string, number][] = [];
    const note = (name: string) => woken.push([name, clock.now() - start]);
    const sleeps = [
      clock.sleep(2000).then(() => note('late')),
      clock.sleep(1000).then(() => note('first')),
      clock.sleep(1000).then(async () => {
        note('second');
        await clock.sleep(1000);
        note('later');
      }),
    ];
    await Promise.all(sleeps);
    expect(woken).toEqual([
      ['first', 1000],
      ['second', 1000],
      ['late', 2000],
      ['later', 2000],
    ]);
    expect(clock.sleepers).toBe(0);
  });

  it('does not go on before whoever was woken has done all it can, also if that takes turns of its own', async () => {
    const clock = new VirtualClock();
    const start = clock.now();
    const work = clock.sleep(10).then(async () => {
      for (let step = 0; step < 1000; step += 1) await (step % 10 === 0 ? clock.giveWay(0) : undefined);
      return clock.now() - start;
    });
    const next = clock.sleep(11);
    expect(await work).toBe(10);
    await next;
    expect(clock.now() - start).toBe(11);
  });

  it('does not wait for a sleeper that was ended', async () => {
    const clock = new VirtualClock();
    const start = clock.now();
    const stop = new AbortController();
    const ended = clock.sleep(HOUR, stop.signal).catch(() => {});
    const other = clock.sleep(5);
    stop.abort();
    expect(clock.sleepers).toBe(1);
    await Promise.all([ended, other]);
    expect(clock.now() - start).toBe(5);
    expect(clock.sleepers).toBe(0);
  });
});
