/**
 * `regionlink demo`: the whole of it on one machine with nothing but Node. A Temporal dev server, the simulator, a worker; the tutorial's VPN; then everything away again.
 * The rule: the same parts as in production, wired here; nothing in workflows or activities knows of it.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { KeyRing } from '../../activities/key-ring.js';
import { RegionLink } from '../../client/index.js';
import { Clouds } from '../../openstack/clouds-config.js';
import { type Delays, REAL_DELAYS, type Simulator, startSimulator } from '../../simulator/index.js';
import { loadSpecFile } from '../../spec/load-spec-file.js';
import { startWorker } from '../../worker.js';
import { timingOf } from '../../worker-config.js';
import { TASK_QUEUE, workflowIdOf } from '../../workflows/protocol.js';
import { startDevServer } from '../dev-server.js';
import { EXIT } from '../exit-codes.js';
import { follow, styleOf } from '../follow.js';
import { destroyText, provisionText } from '../result-text.js';

export interface DemoOptions {
  readonly keep?: boolean;
  readonly json?: boolean;
}

/** The real cloud's order of events, at about three times its speed. */
const BRISK: Delays = {
  ...REAL_DELAYS,
  callMs: 60,
  agentMs: 4_000,
  negotiationMs: 1_000,
  reportMs: 2_000,
  buildMs: 4_000,
  bootMs: 2_000,
  deleteMs: 1_000,
  guestSecondMs: 300,
};

export async function demo(options: DemoOptions): Promise<void> {
  const tell = (line: string) => console.error(line);
  const closers: (() => Promise<void>)[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'regionlink-demo-'));
  closers.push(async () => rmSync(folder, { recursive: true, force: true }));
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
  };
  process.on('SIGINT', interrupt);
  try {
    Runtime.install({ logger: new DefaultLogger('ERROR', () => {}), shutdownSignals: [] });
    tell('starting a Temporal dev server …');
    const server = await startDevServer({ tell, logFile: join(folder, 'temporal.log') });
    closers.push(() => server.stop());
    const simulator = await startSimulator({ regions: ['dbl', 'cbk'], delays: BRISK });
    closers.push(() => simulator.stop());
    tell(`two simulated OpenStack regions at ${simulator.url}`);
    const login = {
      OS_AUTH_URL: simulator.authUrl,
      OS_USERNAME: 'demo',
      OS_PASSWORD: 'lab',
      OS_PROJECT_NAME: 'demo',
      HOME: folder,
    };
    const worker = await startWorker(
      {
        owner: 'demo',
        keys: KeyRing.parse(randomBytes(32).toString('base64')),
        clouds: Clouds.load(login, folder),
        timing: timingOf(10_000, { pollMs: 300, retryInitialMs: 500 }),
        taskQueue: TASK_QUEUE,
        env: {},
      },
      { address: server.address, namespace: 'default' },
    );
    closers.push(() => worker.stop());
    const link = await RegionLink.connect({ address: server.address, namespace: 'default' });
    closers.push(() => link.close());
    await show(link, simulator, server.uiUrl, options, () => interrupted);
  } finally {
    process.off('SIGINT', interrupt);
    for (const close of closers.reverse()) await close();
  }
  if (interrupted) process.exitCode = EXIT.interrupted.code;
}

async function show(
  link: RegionLink,
  simulator: Simulator,
  uiUrl: string,
  options: DemoOptions,
  interrupted: () => boolean,
): Promise<void> {
  const before = simulator.snapshot();
  const run = await link.provision(
    loadSpecFile(fileURLToPath(new URL('../../../examples/tutorial.yaml', import.meta.url))),
    { requestedBy: 'demo' },
  );
  const ui = `${uiUrl}/namespaces/default/workflows/${encodeURIComponent(workflowIdOf(run.vpn))}`;
  console.error(`the same run in the Temporal UI: ${ui}\n`);
  if (!(await follow(run, styleOf(options)))) {
    await run.cancel();
    await run.result().catch(() => undefined);
    console.error('\ncancelled and rolled back');
    return;
  }
  const result = await run.result();
  console.log(options.json ? JSON.stringify(result) : `\n${provisionText(result)}\n\nTemporal UI: ${ui}`);
  if (options.keep) {
    console.error('\neverything stays up until Ctrl-C');
    while (!interrupted()) await new Promise((resolve) => setTimeout(resolve, 200));
  } else if (process.stdin.isTTY) await key('\npress any key to destroy it all ');
  const removal = await link.destroy(run.vpn, { requestedBy: 'demo' });
  await follow(removal, styleOf(options));
  const removed = await removal.result();
  console.log(options.json ? JSON.stringify(removed) : `\n${destroyText(removed)}`);
  const same = JSON.stringify(simulator.snapshot()) === JSON.stringify(before);
  const count = Object.values(before).reduce((sum, tables) => sum + Object.values(tables).flat().length, 0);
  console.error(
    same ? `both regions are as they were: ${count} resources, each equal` : 'the regions are NOT as they were before',
  );
  if (!same) process.exitCode = EXIT.failed.code;
}

async function key(prompt: string): Promise<void> {
  process.stderr.write(prompt);
  process.stdin.setRawMode(true);
  process.stdin.resume();
  await new Promise<void>((resolve) => {
    process.stdin.once('data', () => resolve());
  });
  process.stdin.setRawMode(false);
  process.stdin.pause();
  process.stderr.write('\n');
}
