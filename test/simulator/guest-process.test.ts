import { expect, test } from 'vitest';
import { ProcessTable } from '../../src/simulator/guest/process.js';

test('what a killed process waited for may still fail, and that fails nothing else', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', note);
  const guest = new ProcessTable().spawn(1);
  guest.kill('KILL');
  await expect(guest.guard(Promise.reject(new Error('broken pipe')))).rejects.toThrow(/KILL/);
  // Node tells of an unhandled rejection once the microtasks are over.
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});
