/** Whose workers a client speaks to. */
import { afterEach, expect, test, vi } from 'vitest';
import { taskQueueOf } from '../../src/client/connect.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

test('the task queue is the one of the options, else of REGIONLINK_TASK_QUEUE, else regionlink', () => {
  expect(taskQueueOf()).toBe('regionlink');
  vi.stubEnv('REGIONLINK_TASK_QUEUE', 'of-the-environment');
  expect(taskQueueOf()).toBe('of-the-environment');
  expect(taskQueueOf({ taskQueue: 'given' })).toBe('given');
  // A server of one's own has workers of its own.
  expect(taskQueueOf({ profile: false })).toBe('regionlink');
});
