/** What other services import, against a real server, a real worker and the simulator. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  RegionLink,
  TemporalUnavailableError,
  VpnBusyError,
  VpnCancelledError,
  VpnFailedError,
  VpnNotFoundError,
  WorkerSilentError,
} from '../../src/client/index.js';
import { TestBed, tutorialSpec } from '../support/test-bed.js';

let bed: TestBed;
let link: RegionLink;
let lonely: RegionLink;
/** What comes of asking where nobody answers. Begun first, since that is known only after a while. */
let unanswered: Promise<unknown>;

beforeAll(async () => {
  bed = await TestBed.start();
  link = await RegionLink.connect({ address: bed.server.address, namespace: 'default' });
  lonely = await RegionLink.connect({ address: bed.server.address, namespace: 'default', taskQueue: 'nobody' });
  const run = await lonely.provision(spec({ name: 'lonely' }));
  unanswered = Promise.resolve(run.progress()).catch((error: unknown) => error);
}, 120_000);

afterAll(async () => {
  await link.close();
  await lonely.close();
  await bed.stop();
});

const spec = (changes: Record<string, unknown> = {}) => tutorialSpec({ check: 'none', ...changes });
const SLOW = {
  method: 'POST',
  path: '^/v2.0/vpn/vpnservices$',
  region: 'cbk',
  fault: { kind: 'delay', ms: 400 },
} as const;

const HELD = { ...SLOW, fault: { kind: 'hold' } } as const;

describe('two at once', () => {
  test('the same spec joins the run, another one is busy and says what runs, so is a destroy', async () => {
    bed.simulator.faults.clear();
    bed.simulator.faults.add(SLOW);
    const first = await link.provision(spec(), { requestedBy: 'alice' });
    const joined = await link.provision(spec());
    expect([first.joined, joined.joined]).toEqual([false, true]);
    await expect(link.provision(spec({ tunnelTimeout: '31s' }))).rejects.toThrow(VpnBusyError);
    const busy = await link.destroy('left-right').catch((error: unknown) => error);
    expect(busy).toBeInstanceOf(VpnBusyError);
    expect((busy as Error).message).toMatch(/: provision runs since .*alice/);
    expect((await joined.result()).vpn).toBe('left-right');
    await (await link.destroy('left-right')).result();
  }, 60_000);
});

test('while a destroy runs, an apply is busy and is told so', async () => {
  bed.simulator.faults.clear();
  await (await link.provision(spec())).result();
  bed.simulator.faults.add({
    method: 'DELETE',
    path: '^/v2.0/vpn/ipsec-site-connections/',
    region: 'cbk',
    fault: { kind: 'delay', ms: 400 },
  });
  const removal = await link.destroy('left-right', { requestedBy: 'bob' });
  const busy = await link.provision(spec()).catch((error: unknown) => error);
  expect(busy).toBeInstanceOf(VpnBusyError);
  expect((busy as Error).message).toMatch(/: destroy runs since .*bob/);
  const joined = await link.destroy('left-right');
  expect(joined.joined).toBe(true);
  await removal.result();
}, 60_000);

describe('a run is followed', () => {
  test('from its first to its last state, steps in the order of their needs', async () => {
    const run = await link.provision(spec());
    const phases = new Set<string>();
    let last: Awaited<ReturnType<typeof run.status>> | undefined;
    for await (const status of run.watch()) {
      phases.add(status.progress?.phase ?? status.state);
      last = status;
    }
    expect(last?.state).toBe('COMPLETED');
    expect(last?.progress?.steps.every((step) => step.state === 'done')).toBe(true);
    const steps = new Map(last?.progress?.steps.map((step) => [step.key, step]));
    for (const step of steps.values()) {
      for (const need of step.needs)
        expect(steps.get(need)?.endedAt ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(step.startedAt ?? 0);
    }
    await (await link.destroy('left-right')).result();
  }, 60_000);

  test('by its progress: now, and every change until its end; none comes twice', async () => {
    bed.simulator.faults.add(HELD);
    const run = await link.provision(spec());
    await bed.met(HELD);
    const now = await run.progress();
    expect([now.phase, now.steps.find(({ key }) => key === 'right/vpnService')?.state]).toEqual([
      'provisioning',
      'running',
    ]);
    const told: string[] = [];
    // Held for some polls after the first was told, in which nothing changes.
    const watched = (async () => {
      let polls = 0;
      for await (const _ of run.watch()) if (told.length > 0 && ++polls === 4) bed.simulator.faults.clear();
    })();
    for await (const progress of run.progress()) told.push(JSON.stringify(progress));
    await watched;
    expect(new Set(told).size).toBe(told.length);
    expect(told[0]).toContain('"phase":"provisioning"');
    expect(told.at(-1)).toBe(JSON.stringify(await run.progress()));
    expect((await link.status('left-right')).state).toBe('COMPLETED');
    await (await link.destroy('left-right')).result();
  }, 60_000);

  test('what is retried is told with its attempt and the reason', async () => {
    bed.simulator.faults.clear();
    bed.simulator.faults.add({
      method: 'POST',
      path: '^/v2.0/routers$',
      region: 'dbl',
      times: 0,
      fault: { kind: 'answer', status: 503, body: 'maintenance until noon', effect: false },
    });
    const since = bed.simulator.log.length;
    const run = await link.provision(spec());
    const told: string[] = [];
    for await (const status of run.watch()) {
      for (const { step, failingSince = 0, nextTryAt = 0, lastFailure } of status.pending) {
        if (lastFailure === undefined || nextTryAt === 0) continue;
        told.push(`${step}: ${lastFailure}`);
        expect(failingSince).toBeGreaterThanOrEqual(status.startedAt);
        expect(nextTryAt).toBeGreaterThan(failingSince);
        bed.simulator.faults.clear();
      }
    }
    expect(told.join('\n')).toMatch(
      /router left-router \(left\/router\): POST \/dbl\/network\/v2.0\/routers in region dbl: 503.*maintenance until noon/,
    );
    expect((await run.status()).state).toBe('COMPLETED');
    // Once it has succeeded, its audit still tells of all tries.
    const refused = bed.simulator.log.slice(since).filter(({ fault }) => fault !== undefined).length;
    const [record] = await link.history('left-right');
    expect(record?.steps.find(({ step }) => step === 'left/router')).toMatchObject({
      outcome: 'done',
      attempts: refused + 1,
      failures: [
        { said: expect.stringContaining('maintenance until noon'), times: refused, first: expect.any(Number) },
      ],
      resources: [{ effect: 'created', kind: 'router', name: 'left-router', region: 'dbl' }],
    });
    await (await link.destroy('left-right')).result();
  }, 60_000);
});

describe('ends', () => {
  test('a failure has its published type and the cause in words', async () => {
    bed.simulator.faults.clear();
    bed.simulator.faults.add({
      method: 'POST',
      path: 'ikepolicies$',
      region: 'dbl',
      fault: {
        kind: 'answer',
        status: 409,
        body: {
          NeutronError: { type: 'OverQuota', message: "Quota exceeded for resources: ['ikepolicy'].", detail: '' },
        },
        effect: false,
      },
    });
    const error = await (await link.provision(spec())).result().catch((one: unknown) => one);
    expect(error).toBeInstanceOf(VpnFailedError);
    expect((error as VpnFailedError).type).toBe('CloudRefused');
    expect((error as Error).message).toMatch(/Quota exceeded.*What to do: free some/);
  }, 60_000);

  test('what a rollback cannot remove is listed by kind, name, id, region and reason, and destroy finishes it', async () => {
    const before = bed.simulator.snapshot();
    bed.simulator.faults.clear();
    bed.simulator.faults.add({
      method: 'POST',
      path: 'ipsec-site-connections$',
      region: 'cbk',
      fault: { kind: 'answer', status: 403, effect: false },
    });
    bed.simulator.faults.add({
      method: 'DELETE',
      path: '^/v2.0/networks/',
      region: 'dbl',
      fault: { kind: 'answer', status: 403, effect: false },
    });
    const error = (await (await link.provision(spec())).result().catch((one: unknown) => one)) as VpnFailedError;
    expect(error.type).toBe('Leftovers');
    expect(error.leftovers).toHaveLength(1);
    expect(error.leftovers[0]).toMatchObject({ kind: 'network', name: 'left-network', region: 'dbl' });
    expect(error.message).toContain('403');
    await (await link.destroy('left-right')).result();
    expect(bed.simulator.snapshot()).toEqual(before);
  }, 60_000);

  test('a cancelled run is told as such', async () => {
    bed.simulator.faults.clear();
    bed.simulator.faults.add(SLOW);
    const run = await link.provision(spec());
    await bed.met(SLOW);
    await run.cancel();
    await expect(run.result()).rejects.toThrow(VpnCancelledError);
  }, 60_000);

  test('no server and no run are told apart', async () => {
    await expect(RegionLink.connect({ address: '127.0.0.1:1' })).rejects.toThrow(TemporalUnavailableError);
    await expect(link.status('never')).rejects.toThrow(VpnNotFoundError);
    await expect(link.get('never').progress()).rejects.toThrow(VpnNotFoundError);
  }, 60_000);
});

test('runs are listed by VPN, open and closed', async () => {
  const runs = await link.list();
  expect(runs.length).toBeGreaterThan(0);
  expect(new Set(runs.map((run) => run.vpn))).toEqual(new Set(['left-right', 'lonely']));
}, 60_000);

test('where no worker takes its queue, progress that is awaited says so', async () => {
  expect(await unanswered).toBeInstanceOf(WorkerSilentError);
}, 60_000);
