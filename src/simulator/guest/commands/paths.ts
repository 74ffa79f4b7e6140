/** basename, dirname, which: paths as text. The one rule: only `which` looks at the disk. */
import { findProgram } from '../shell/launch.js';
import type { Program } from './context.js';

export const basename: Program = async (c) => {
  const [path = '', suffix = ''] = c.args;
  const name = path.replace(/\/+$/, '').split('/').at(-1) || '/';
  await c.out(`${suffix !== '' && name !== suffix && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name}\n`);
  return 0;
};

export const dirname: Program = async (c) => {
  const path = (c.args[0] ?? '').replace(/\/+$/, '');
  await c.out(`${path.includes('/') ? path.slice(0, path.lastIndexOf('/')).replace(/\/+$/, '') || '/' : '.'}\n`);
  return 0;
};

export const which: Program = async (c) => {
  let status = 0;
  for (const name of c.args) {
    const found = findProgram(c.machine, name, c.environment.get('PATH'), c.cwd);
    if (found.kind === 'missing') status = 1;
    else await c.out(`${found.path}\n`);
  }
  return status;
};
