/** Settings of a worker from its environment: each has a default, and each that cannot be used is told with its name, its value and its form. */
import { expect, test } from 'vitest';
import { DEFAULT_OPERATIONS, readOperations } from '../../src/operations/settings.js';

function read(env: Record<string, string>, terminal = true) {
  const problems: string[] = [];
  return { settings: readOperations(env, (problem) => problems.push(problem), terminal), problems };
}

test('nothing has to be set, and what is set to nothing counts as not set', () => {
  expect(read({})).toEqual({ settings: DEFAULT_OPERATIONS, problems: [] });
  expect(read({ REGIONLINK_BUILD_ID: '', REGIONLINK_METRICS: '', REGIONLINK_STEPS: '' })).toEqual(read({}));
});

test('each is read', () => {
  const { settings, problems } = read({
    REGIONLINK_BUILD_ID: '1.4.2+abc',
    REGIONLINK_DEPLOYMENT: 'team-a',
    REGIONLINK_STEPS: '50',
    REGIONLINK_API_REQUESTS: '4',
    REGIONLINK_LOG: 'json',
    REGIONLINK_LOG_LEVEL: 'debug',
    REGIONLINK_METRICS: '127.0.0.1:9464',
  });
  expect(problems).toEqual([]);
  expect(settings).toEqual({
    version: { deploymentName: 'team-a', buildId: '1.4.2+abc' },
    steps: 50,
    apiRequests: 4,
    log: { format: 'json', level: 'DEBUG' },
    metrics: '127.0.0.1:9464',
  });
});

test('what is wrong is told, all of it', () => {
  const { problems } = read({
    REGIONLINK_BUILD_ID: 'a b',
    REGIONLINK_DEPLOYMENT: 'a.b',
    REGIONLINK_STEPS: '0',
    REGIONLINK_API_REQUESTS: 'many',
    REGIONLINK_LOG: 'xml',
    REGIONLINK_LOG_LEVEL: 'loud',
    REGIONLINK_METRICS: '9464',
  });
  expect(problems.map((problem) => problem.replace(/ must be .*, not /, ' '))).toEqual([
    'REGIONLINK_BUILD_ID "a b"',
    'REGIONLINK_DEPLOYMENT "a.b"',
    'REGIONLINK_METRICS "9464"',
    'REGIONLINK_STEPS "0"',
    'REGIONLINK_API_REQUESTS "many"',
    'REGIONLINK_LOG "xml"',
    'REGIONLINK_LOG_LEVEL "loud"',
  ]);
});

test('a log that no person reads is JSON', () => {
  expect(read({}, false).settings.log.format).toBe('json');
});
