/**
 * Histories of released shapes, replayed on today's workflow code: a change that would break an open run fails here. Recorded by `npm run record:histories`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { Worker } from '@temporalio/worker';
import { describe, expect, test } from 'vitest';
import { WORKFLOWS } from '../support/test-bed.js';

const FOLDER = 'test/histories';
const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));

describe('stored histories', () => {
  test('there is one of every way a run can end', () => {
    const ends = [
      ...['proven', 'logged-in', 'changed', 'settled', 'failed', 'failed-in-doubt', 'left', 'kept', 'cancelled'],
      ...['destroyed', 'destroyed-in-part', 'swept'],
    ];
    expect(files.map((file) => file.replace(/^[^-]+-/, '').replace('.json', ''))).toEqual(expect.arrayContaining(ends));
  });

  for (const file of files) {
    test(`${file} replays`, async () => {
      const history = JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8')) as unknown;
      await Worker.runReplayHistory({ workflowBundle: WORKFLOWS }, history, 'vpn/left-right');
    }, 60_000);
  }
});
