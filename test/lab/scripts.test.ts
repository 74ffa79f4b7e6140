/** What holds for the lab's files on any machine. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const files = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());

test.skipIf(spawnSync('shellcheck', ['--version']).status !== 0)('shellcheck has nothing to say', () => {
  const scripts = files('lab').filter((file) => file.endsWith('.sh') || file === 'lab/image/init');
  const { stdout } = spawnSync('shellcheck', scripts, { encoding: 'utf8' });
  expect(stdout).toBe('');
});

test('every name in a template is one that the scripts set', () => {
  const script = `
    . lab/parts/settings.sh
    . lab/parts/config.sh
    use_region left
    make_logins
    env`;
  const set = new Set(
    execFileSync('bash', ['-c', script], { encoding: 'utf8' })
      .split('\n')
      .map((line) => line.split('=')[0]),
  );
  const used = files('lab/etc').flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\$\{([A-Z_]+)\}/g)].map(([, name]) => name),
  );
  const passwords = ['ADMIN', 'DEMO', 'OTHER', 'SERVICE'].map((name) => `${name}_PASSWORD`);
  set.add('SERVICE'); // of a login, by make_logins itself
  expect(used.filter((name) => name !== undefined && !set.has(name) && !passwords.includes(name))).toEqual([]);
});

test('no daemon is declared twice, and both regions have the same', () => {
  const script = `
    . lab/parts/settings.sh
    . lab/parts/processes.sh
    . lab/parts/daemons.sh
    printf '%s\\n' "\${DAEMONS[@]}"`;
  const names = execFileSync('bash', ['-euc', script], { encoding: 'utf8' }).trim().split('\n');
  expect(names.length).toBe(new Set(names).size);
  expect(names.filter((name) => name.endsWith('-left')).map((name) => name.replace(/left$/, 'right'))).toEqual(
    names.filter((name) => name.endsWith('-right')),
  );
});
