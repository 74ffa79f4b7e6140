/**
 * `npm run test:openstack`: brings the lab up where it is not, and runs the tests of `test/cloud` inside its network. Arguments are vitest's.
 * The rule: what needs the world outside is fetched before, for inside there is none. Ends with 2 where the lab cannot run, and says why.
 */
import { spawnSync } from 'node:child_process';
import { findTemporalCli } from '../src/cli/temporal-cli.js';

function run(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (error !== undefined) console.error(error.message);
  if (status !== 0) process.exit(status ?? 1);
}

run('bash', ['lab/up.sh']);
await findTemporalCli();
const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'vitest.openstack.config.ts'];
run('bash', ['lab/in.sh', process.execPath, ...vitest, ...process.argv.slice(2)]);
