/** What a worker that is a process needs in its environment, besides Temporal: an owner, a master key and the simulator's cloud. */
import { randomBytes } from 'node:crypto';
import type { Simulator } from '../../src/simulator/index.js';

export function workerLogin({ authUrl }: Simulator): Readonly<Record<string, string>> {
  return {
    OS_AUTH_URL: authUrl,
    OS_USERNAME: 'demo',
    OS_PASSWORD: 'lab',
    OS_PROJECT_NAME: 'demo',
    REGIONLINK_OWNER: 'test',
    REGIONLINK_MASTER_KEY: randomBytes(32).toString('base64'),
  };
}
