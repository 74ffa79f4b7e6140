/** A worker's log as JSON: one line an event, whatever is in it. */
import { ApplicationFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { jsonLogger } from '../../src/operations/json-log.js';

function logged(work: (logger: ReturnType<typeof jsonLogger>) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  work(jsonLogger('INFO', (line) => lines.push(line)));
  return lines.map((line) => {
    expect(line).toMatch(/^[^\n]+\n$/);
    return JSON.parse(line);
  });
}

test('time, level and message come first, then the fields under one name each', () => {
  const [line] = logged((logger) =>
    logger.info('two\nlines', { vpn: 'a', workflowRunId: 'r', taskToken: 'long', isLocal: false, bytes: 5n }),
  );
  expect(line).toEqual({
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    level: 'info',
    message: 'two\nlines',
    vpn: 'a',
    runId: 'r',
    bytes: '5',
  });
});

test('a failure is told by type and message with its causes; where a fault of the code came from is told as well', () => {
  const cause = new TypeError('broken');
  const [line] = logged((logger) =>
    logger.warn('x', { error: ApplicationFailure.create({ type: 'T', message: 'm', cause }) }),
  );
  expect(line?.error).toEqual({
    name: 'ApplicationFailure',
    type: 'T',
    message: 'm',
    cause: { name: 'TypeError', message: 'broken', stack: expect.stringContaining('json-log.test') },
  });
});

test('what is below the level is not written', () => {
  expect(logged((logger) => logger.debug('x'))).toEqual([]);
});
