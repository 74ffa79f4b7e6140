/**
 * What we make of clouds.yaml, secure.yaml, clouds-public.yaml and OS_* is what openstacksdk makes of them: the same files are given to both, and the requests
 * to log in, certificates, regions and services that come out are equal. Skipped with the reason where Python is missing.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { KEYS } from '../../src/openstack/cloud-keys.js';
import { openstackClient } from '../support/python-packages.js';
import { CASES, mixed } from './cloud-cases.js';
import { inOurForm, ours, type Theirs, type Written, write } from './configurations.js';

const { bin, missing } = openstackClient();

/** What openstacksdk makes of configurations; one process for all. */
function theirs(written: readonly Written[]): readonly Theirs[] {
  const python = join(bin, 'python');
  const options = { input: JSON.stringify(written), timeout: 120_000, maxBuffer: 64 * 1024 * 1024 } as const;
  return JSON.parse(execFileSync(python, ['test/openstack/as-openstacksdk.py'], { ...options, encoding: 'utf8' }));
}

describe.skipIf(missing !== undefined)('as openstacksdk', () => {
  const configurations = [...Object.values(CASES), ...fc.sample(mixed, 60)];
  let written: readonly Written[];
  let results: readonly Theirs[];

  beforeAll(() => {
    written = configurations.map(write);
    results = theirs(written);
  }, 120_000);

  function compare(index: number): void {
    const [one, result] = [written[index], results[index]];
    if (one === undefined || result === undefined) throw new Error('openstacksdk has left it out');
    const configuration = JSON.stringify(configurations[index]);
    expect(result.error, configuration).toBeUndefined();
    expect(ours(one), configuration).toEqual(inOurForm(result));
  }

  test.each(Object.keys(CASES).map((name, index) => [name, index] as const))('%s', (_, index) => compare(index));

  test('any mix of a profile, an entry, secure.yaml and values of a region', () => {
    for (let index = Object.keys(CASES).length; index < configurations.length; index++) compare(index);
  });
});

test('every key that is read stands in one of these cases', () => {
  const told = JSON.stringify(CASES).replaceAll('-', '_');
  // openstacksdk itself does not know them: the `openstack` command does, and gophercloud.
  const notTheirs = ['default_domain', 'userid'];
  const missed = [...KEYS].flatMap(([key, { also = [] }]) =>
    [key, ...also].filter((name) => !notTheirs.includes(name) && !new RegExp(`\\b(OS_)?${name}\\b`, 'i').test(told)),
  );
  expect(missed).toEqual([]);
});
