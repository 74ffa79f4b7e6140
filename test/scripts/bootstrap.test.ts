/** What `npm run demo` goes through, in a folder whose node_modules is a link to this one's. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { expect, test } from 'vitest';

test.each([
  ['SIGTERM', 143],
  ['SIGHUP', 129],
  ['SIGINT', 130],
] as const)('passes %s on, and never installs through a linked node_modules', async (signal, code) => {
  const root = mkdtempSync(join(tmpdir(), 'bootstrap-'));
  mkdirSync(join(root, 'scripts'));
  mkdirSync(join(root, 'bin'));
  copyFileSync('scripts/bootstrap.mjs', join(root, 'scripts', 'bootstrap.mjs'));
  // Newer than what is installed, so that a folder of its own would be installed anew.
  writeFileSync(join(root, 'package-lock.json'), '{}');
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  symlinkSync(realpathSync('node_modules'), join(root, 'node_modules'));
  for (const folder of ['src', 'examples']) symlinkSync(resolve(folder), join(root, folder));
  const npm = join(root, 'bin', 'npm');
  writeFileSync(npm, `#!/bin/sh\ntouch ${join(root, 'installed')}\n`);
  chmodSync(npm, 0o755);
  const child = spawn(process.execPath, ['scripts/bootstrap.mjs', 'demo'], {
    cwd: root,
    env: { ...process.env, PATH: [join(root, 'bin'), process.env.PATH].join(delimiter) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await new Promise<void>((started) => {
    child.stderr.on('data', (data) => String(data).includes('starting a Temporal dev server') && started());
  });
  child.kill(signal);
  await once(child, 'exit');
  expect([child.exitCode, existsSync(join(root, 'installed'))]).toEqual([code, false]);
});
