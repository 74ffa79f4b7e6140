/** The command is one more caller of the client: what it can do, any service can. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const FOLDER = 'src/cli';
/** These start parts on this machine: server, worker, simulator. They are those parts' own command lines, and no client's. */
const STARTERS = ['dev-server.ts', 'commands/demo.ts', 'commands/worker.ts', 'commands/simulator.ts'];

/** What a file imports to run, types left out: folders of `src/`, and packages. */
function importsOf(file: string): readonly string[] {
  const text = readFileSync(join(FOLDER, file), 'utf8');
  const imports = [...text.matchAll(/^import (?!type )(?:[^;]*? from )?'([^']+)';$/gms)].map(([, path = '']) => path);
  return imports.flatMap((path) => {
    if (path.startsWith('node:')) return [];
    return path.startsWith('.') ? relative('src', join(FOLDER, dirname(file), path)).replace(/\.js$/, '') : path;
  });
}

test('no command talks to Temporal or a cloud but through the client', () => {
  const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const past = files
    .filter((file) => !STARTERS.includes(file))
    .flatMap((file) => importsOf(file).map((path) => `${file}: ${path}`))
    .filter((line) => /: (@temporalio|axios|activities|openstack|worker$|client\/(?!index$))/.test(line));
  expect(past).toEqual([]);
  expect(importsOf('commands/apply.ts')).toContain('client/index');
});
