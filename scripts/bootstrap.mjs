/**
 * What `npm run demo` and `npm test` go through on a fresh clone: installs what is missing, then runs the real thing.
 * The rule: plain JavaScript without dependencies, since nothing may be installed yet.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const COMMANDS = {
  demo: ['node_modules/tsx/dist/cli.mjs', 'src/cli/main.ts', 'demo'],
  test: ['node_modules/vitest/vitest.mjs', 'run'],
};

const [name = '', ...args] = process.argv.slice(2);
const command = COMMANDS[name];
if (command === undefined) {
  console.error(`there is no ${name}; there are ${Object.keys(COMMANDS).join(', ')}`);
  process.exit(2);
}

const installed = join(root, 'node_modules', '.package-lock.json');
const lock = join(root, 'package-lock.json');
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs - 1000) {
  console.error('installing what package-lock.json names (npm ci) …');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exit(status ?? 1);
}

const child = spawn(process.execPath, [...command, ...args], { cwd: root, stdio: 'inherit' });
// A Ctrl-C reaches the whole process group by itself; a signal sent to this process alone is passed on.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => signal === 'SIGTERM' && child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
