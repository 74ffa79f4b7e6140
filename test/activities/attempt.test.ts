/**
 * What an attempt may still write. A freeze is made as the operating system makes it: nothing of the process runs for a while, then it goes on where it was.
 */
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, test } from 'vitest';
import { Attempt } from '../../src/activities/attempt.js';
import { OpenStackError } from '../../src/openstack/errors.js';
import { timingOf } from '../../src/worker-config.js';

/** HTTP 100 ms, heartbeat 300 ms, attempt 1 s. */
const TIMING = timingOf(100, { pollMs: 10 });

function freeze(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Runs a body as an attempt; what it throws comes back as a value. */
function attempt<T>(
  body: (attempt: Attempt) => Promise<T>,
  info: { attempt?: number; heartbeatDetails?: unknown } = {},
): Promise<unknown> {
  const environment = new MockActivityEnvironment({ attempt: 1, ...info });
  return environment.run(() => Attempt.run(TIMING, body)).catch((error: unknown) => error);
}

const lost = new OpenStackError('reset', {
  service: 'network',
  region: 'left',
  method: 'POST',
  path: '/',
  sent: 'maybe',
  code: 'ECONNRESET',
});

describe('a write', () => {
  test('is sent while the attempt lives', async () => {
    expect(await attempt((one) => one.write(async () => 'sent'))).toBe('sent');
  });

  test('is not sent after a freeze that the server has given the attempt up for', async () => {
    let sent = false;
    const ended = await attempt(async (one) => {
      await one.read(async () => 'looked');
      freeze(350);
      return one.write(async () => {
        sent = true;
      });
    });
    expect(sent).toBe(false);
    expect(ended).toMatchObject({ type: 'AttemptOver', nonRetryable: false });
  });

  test('nor when the first beat after the freeze comes before it', async () => {
    let sent = false;
    await attempt(async (one) => {
      freeze(350);
      await new Promise((resolve) => setTimeout(resolve, 120));
      return one.write(async () => {
        sent = true;
      });
    });
    expect(sent).toBe(false);
  });

  test('that waits for its turn meanwhile is told that it is too late', async () => {
    const until = await attempt((one) =>
      one.write(async ({ notAfter }) => {
        freeze(350);
        // The first beat after it is not heard in time.
        await new Promise((resolve) => setTimeout(resolve, 120));
        return notAfter();
      }),
    );
    expect(until).toBeLessThan(Date.now());
  });

  test('is told until when it may be sent: early enough to end within the attempt', async () => {
    const notAfter = (await attempt((one) => one.write(async (options) => options.notAfter()))) as number;
    expect(notAfter - Date.now()).toBeLessThanOrEqual(TIMING.heartbeatMs - TIMING.httpTimeoutMs);
  });
});

describe('a pair of writes', () => {
  /** Runs one, of which the first or the second fails so often, and tells what was sent. */
  async function pair(fails: { first?: Error; second?: number }, cancel = false) {
    const sent: string[] = [];
    const environment = new MockActivityEnvironment({ attempt: 1 });
    const ended = await environment
      .run(() =>
        Attempt.run(TIMING, (one) =>
          one.pair(
            async () => {
              sent.push('down');
              if (fails.first !== undefined) throw fails.first;
            },
            async () => {
              if (cancel) environment.cancel('CANCELLED');
              await one.pause(1);
            },
            async () => {
              sent.push('up');
              if (sent.length - 1 <= (fails.second ?? 0)) throw lost;
            },
          ),
        ),
      )
      .catch((error: unknown) => error);
    return { sent, ended };
  }

  test('is whole though the step is cancelled in its middle', async () => {
    expect((await pair({}, true)).sent).toEqual(['down', 'up']);
  });

  test('has its second also where it is not known whether the first has acted, and not where the first was refused', async () => {
    expect((await pair({ first: lost })).sent).toEqual(['down', 'up']);
    const refused = new OpenStackError('no', { ...lost.fields, sent: 'answered', status: 403 });
    expect((await pair({ first: refused })).sent).toEqual(['down']);
  });

  test('tries its second again, and fails the attempt when that does not help', async () => {
    expect(await pair({ second: 2 })).toEqual({ sent: ['down', 'up', 'up', 'up'], ended: undefined });
    const { sent, ended } = await pair({ second: 9 });
    expect(sent).toHaveLength(4);
    expect(ended).toMatchObject({ type: 'CloudUnavailable', nonRetryable: false });
  });
});

describe('doubt', () => {
  const doubtOf = (error: unknown) => (error as { details?: { doubtAt?: number }[] }).details?.[0]?.doubtAt;

  test('follows a write without an answer, and not one that was refused', async () => {
    const refused = new OpenStackError('no', {
      service: 'network',
      region: 'left',
      method: 'POST',
      path: '/',
      sent: 'answered',
      status: 400,
    });
    expect(doubtOf(await attempt((one) => one.write(() => Promise.reject(lost))))).toBeTypeOf('number');
    expect(doubtOf(await attempt((one) => one.write(() => Promise.reject(refused))))).toBeUndefined();
  });

  test('is handed on from attempt to attempt', async () => {
    const body = async (one: Attempt) => one.doubtAt;
    expect(await attempt(body, { attempt: 2, heartbeatDetails: { attempt: 1, ended: true, doubtAt: 42 } })).toBe(42);
    expect(await attempt(body, { attempt: 2, heartbeatDetails: { attempt: 1, ended: true } })).toBeUndefined();
  });

  test('follows an attempt that was lost, within a write for all that is known', async () => {
    const body = async (one: Attempt) => one.doubtAt;
    expect(await attempt(body, { attempt: 2 })).toBeTypeOf('number');
    expect(await attempt(body, { attempt: 2, heartbeatDetails: { attempt: 1, ended: false } })).toBeTypeOf('number');
    expect(await attempt(body, { attempt: 3, heartbeatDetails: { attempt: 1, ended: true } })).toBeTypeOf('number');
  });
});

test('an attempt that was reset counts from one again, and is as certain of what went before as any other', async () => {
  const body = async (one: Attempt) => one.doubtAt;
  expect(await attempt(body, { heartbeatDetails: { attempt: 5, ended: true } })).toBeUndefined();
  expect(await attempt(body, { heartbeatDetails: { attempt: 5, ended: false } })).toBeTypeOf('number');
});

describe('what attempts failed with', () => {
  const failuresOf = (error: unknown) => (error as { details?: { failures?: unknown }[] }).details?.[0]?.failures;
  const failing = (said: string) => () =>
    Promise.reject(new OpenStackError(said, { ...lost.fields, requestId: 'req-1' }));

  test('goes with the failure of each, equal ones together, whatever request they were', async () => {
    const first = await attempt(failing('full'));
    expect(failuresOf(first)).toMatchObject([{ said: expect.stringMatching(/full$/), times: 1 }]);
    const ledger = { attempt: 1, ended: true, failures: failuresOf(first) };
    const second = await attempt(failing('full'), { attempt: 2, heartbeatDetails: ledger });
    expect(failuresOf(second)).toMatchObject([{ said: expect.stringMatching(/full$/), times: 2 }]);
  });

  test('tells of an attempt that was lost', async () => {
    const ended = await attempt(failing('full'), { attempt: 2, heartbeatDetails: { attempt: 1, ended: false } });
    expect(failuresOf(ended)).toMatchObject([{ said: 'the attempt was lost with its worker' }, { times: 1 }]);
  });

  test('stays below what Temporal cuts a failure off at, however much was said', async () => {
    let failures: unknown;
    let ended: unknown;
    for (let n = 1; n <= 12; n++) {
      const heartbeatDetails = { attempt: n - 1, ended: true, failures };
      ended = await attempt(failing(`${n} ${'x'.repeat(1_000)}`), n === 1 ? {} : { attempt: n, heartbeatDetails });
      failures = failuresOf(ended);
    }
    expect(JSON.stringify(failures).length).toBeLessThan(2_000);
    expect(failures).toMatchObject([{}, {}, {}, {}, { said: expect.stringMatching(/: 12 x/) }]);
  });
});
