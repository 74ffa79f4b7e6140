/** The main job on a real cloud as a user does it: `regionlink worker` with the lab's own clouds.yaml, three clouds of it, and commands, nothing between. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { regionlink } from '../support/terminal.js';
import { WorkerProcess } from '../support/worker-process.js';
import { bedOfUnchangedClouds, REGIONS } from './bed.js';

const bed = bedOfUnchangedClouds();
const NAME = 'by-command';
let worker: WorkerProcess;
let env: Readonly<Record<string, string>>;
let file: string;

beforeAll(async () => {
  const { server, masterKey } = bed();
  // The bed's worker, which goes through its proxy, takes none of these.
  env = { TEMPORAL_ADDRESS: server.address, REGIONLINK_TASK_QUEUE: 'by-command' };
  const clouds = { OS_CLIENT_CONFIG_FILE: process.env.OS_CLIENT_CONFIG_FILE ?? '' };
  worker = await WorkerProcess.startOn({ env: { ...env, ...clouds }, secrets: [] }, server.address, masterKey);
  file = join(mkdtempSync(join(tmpdir(), 'by-command-')), 'spec.yaml');
  const spec = bed().spec(NAME) as { sites: Record<string, object> };
  const sites = Object.fromEntries(REGIONS.map((region) => [region, { ...spec.sites[region], cloud: 'demo' }]));
  writeFileSync(file, stringify({ ...spec, sites }));
});

afterAll(() => worker.end('SIGTERM'));

test('doctor, plan, apply, plan again, destroy: each ends as it says, and both regions are as before', async () => {
  const run = async (...args: string[]) => {
    const { status, stdout, stderr } = await regionlink(args, env);
    return { status, said: stdout + stderr };
  };
  expect(await run('doctor')).toMatchObject({ status: 0 });
  expect(await run('plan', '-f', file)).toMatchObject({ status: 2, said: expect.stringContaining('22 to create') });
  expect(await run('apply', '-f', file, '--yes')).toMatchObject({
    status: 0,
    said: expect.stringContaining(`VPN ${NAME} stands, proven by pings both ways`),
  });
  expect(await run('plan', '-f', file)).toMatchObject({ status: 0 });
  expect(await run('sweep')).toMatchObject({ status: 0, said: expect.stringContaining('nothing is stray') });
  expect(await run('destroy', NAME, '--yes')).toMatchObject({ status: 0 });
});
