/**
 * What `npm run demo`, `npm test` and its longer forms go through on a fresh clone: installs what is missing, then runs the real thing.
 * The rule: plain JavaScript without dependencies, since nothing may be installed yet.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
// tsx as a loader and not as a command: its command kills what takes longer than a blink to answer a signal.
const [major, minor] = process.versions.node.split('.').map(Number);
const loader = major > 20 || minor >= 6 ? '--import' : '--loader';
const VITEST = ['node_modules/vitest/vitest.mjs', 'run'];
const FAULTS = [...VITEST, '--config', 'vitest.faults.config.ts'];
const COMMANDS = {
  demo: [loader, 'tsx', 'src/cli/main.ts', 'demo'],
  test: VITEST,
  'test:faults': FAULTS,
  'test:openstack': [loader, 'tsx', 'scripts/test-openstack.ts'],
  // Draws cases for as long as SOAK_MINUTES says, and kills the worker in calls that the short form leaves out.
  'test:soak': [...FAULTS, 'test/faults/random-', 'test/faults/kills'],
};
const SOAK_MINUTES = '60';

const [name = '', ...args] = process.argv.slice(2);
const command = COMMANDS[name];
if (command === undefined) {
  console.error(`there is no ${name}; there are ${Object.keys(COMMANDS).join(', ')}`);
  process.exit(2);
}

// Through a link npm ci would empty a folder that others use.
const modules = join(root, 'node_modules');
const linked = lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
const installed = join(modules, '.package-lock.json');
const lock = join(root, 'package-lock.json');
if (!linked && (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs - 1000)) {
  console.error('installing what package-lock.json names (npm ci) …');
  // No package needs its install script; ssh2's would compile an option of it, and fetch Node's headers for that.
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exit(status ?? 1);
}

const env = name === 'test:soak' ? { SOAK_MINUTES, ...process.env } : process.env;
const child = spawn(process.execPath, [...command, ...args], { cwd: root, stdio: 'inherit', env });
// Passed on, since whoever started this may know only this process. A Ctrl-C reaches the child by itself as well, which takes the two for one.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
