/**
 * Does the steps of the Dockerfile in a folder, where no container engine is: what it copies, what it runs, and nothing else of this repository.
 * The rule: every instruction of it is done, or the test fails. Only `npm ci` is not: the packages that are installed here are linked, since they are of the same lock file.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

export interface Image {
  /** Its working directory, on this machine. */
  readonly folder: string;
  /** Entry point and command. */
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  remove(): void;
}

export function buildImage(dockerfile = 'Dockerfile'): Image {
  const root = mkdtempSync(join(tmpdir(), 'image-'));
  const stages = new Map<string, string>();
  const lists: Record<'ENTRYPOINT' | 'CMD', readonly string[]> = { ENTRYPOINT: [], CMD: [] };
  const env: Record<string, string> = {};
  let [folder, user] = ['', 'root'];
  const steps: Readonly<Record<string, (rest: string) => void>> = {
    FROM(rest) {
      const name = / AS (\S+)$/.exec(rest)?.[1] ?? 'last';
      folder = join(root, name);
      stages.set(name, folder);
      mkdirSync(folder);
      user = 'root';
    },
    // One folder stands for it in every stage.
    WORKDIR: (rest) => {
      if (rest !== '/app') throw new Error(`another folder than /app: ${rest}`);
    },
    COPY(rest) {
      const [, stage, what = ''] = /^(?:--from=(\S+) )?(.*)$/.exec(rest) ?? [];
      const paths = what.split(' ');
      const to = paths.pop() ?? '';
      for (const path of paths) {
        const from = stage === undefined ? path : join(stages.get(stage) ?? '', path.replace(/^\/app\//, ''));
        const target = to.endsWith('/') ? join(to, basename(path)) : to;
        if (basename(path) === 'node_modules') link(from, join(folder, target));
        else cpSync(from, join(folder, target), { recursive: true });
      }
    },
    RUN(rest) {
      if (rest.startsWith('npm ci ')) link('node_modules', join(folder, 'node_modules'));
      else
        execFileSync('sh', ['-ec', rest], {
          cwd: folder,
          stdio: 'pipe',
          env: { ...process.env, npm_config_offline: 'true' },
        });
    },
    ENV(rest) {
      const [name = '', value = ''] = rest.split('=');
      env[name] = value;
    },
    USER(rest) {
      user = rest;
    },
    ENTRYPOINT(rest) {
      lists.ENTRYPOINT = JSON.parse(rest);
    },
    CMD(rest) {
      lists.CMD = JSON.parse(rest);
    },
  };
  for (const line of readFileSync(dockerfile, 'utf8').split('\n')) {
    const [, instruction, rest = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (instruction !== undefined) (steps[instruction] ?? refuse(line))(rest);
    else if (line !== '' && !line.startsWith('#')) refuse(line);
  }
  const remove = () => rmSync(root, { recursive: true });
  return { folder, entrypoint: lists.ENTRYPOINT, command: lists.CMD, env, user, remove };
}

function refuse(line: string): never {
  throw new Error(`the Dockerfile has what this does not do: ${line}`);
}

/** Hard links where the file system allows, else copies. */
function link(from: string, to: string): void {
  try {
    execFileSync('cp', ['-al', from, to], { stdio: 'pipe' });
  } catch {
    rmSync(to, { recursive: true, force: true });
    execFileSync('cp', ['-a', from, to], { stdio: 'pipe' });
  }
}
