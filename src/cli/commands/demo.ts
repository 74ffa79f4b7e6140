/**
 * `regionlink demo`: the whole of it on one machine with nothing but Node. A Temporal dev server, the simulator, a worker; the tutorial's VPN; then everything away again.
 * The rule: the same parts as in production, wired here; nothing in workflows or activities knows of it.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { KeyRing } from '../../activities/key-ring.js';
import { RegionLink, type VpnRun } from '../../client/index.js';
import { Clouds } from '../../openstack/clouds-config.js';
import { type Delays, REAL_DELAYS, type Simulator, startSimulator } from '../../simulator/index.js';
import { loadSpecFile } from '../../spec/load-spec-file.js';
import { startWorker } from '../../worker.js';
import { timingOf, type WorkerConfig } from '../../worker-config.js';
import { TASK_QUEUE, workflowIdOf } from '../../workflows/protocol.js';
import { startDevServer } from '../dev-server.js';
import { EXIT, InterruptedError } from '../exit-codes.js';
import { type FollowStyle, follow, styleOf } from '../follow.js';
import { canAsk, waitForKey } from '../keyboard.js';
import { destroyText, provisionText } from '../result-text.js';
import { Signals } from '../signals.js';

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

/** Where a cancel would wait for late effects; the simulator's come within seconds. */
const SETTLE_TIME = '5s';

const SECONDS_TO_KEEP = 10;

export async function demo(options: DemoOptions): Promise<void> {
  const tell = (line: string) => console.error(line);
  const signals = new Signals();
  const closers: (() => unknown)[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'regionlink-demo-'));
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  closers.push(removeFolder);
  signals.onExit(removeFolder);
  /** One stage of setting up; none begins after a Ctrl-C. */
  const stage = async <T>(start: () => Promise<T>, close: (made: T) => unknown): Promise<T> => {
    signals.asked.throwIfAborted();
    const made = await start();
    closers.push(() => close(made));
    return made;
  };
  try {
    Runtime.install({ logger: new DefaultLogger('ERROR', () => {}), shutdownSignals: [] });
    tell('starting a Temporal dev server …');
    const logFile = join(folder, 'temporal.log');
    const server = await stage(
      () => startDevServer({ tell, logFile, giveUp: signals.asked, atOnce: signals.atOnce }),
      (made) => made.stop(),
    );
    const simulator = await stage(
      () => startSimulator({ regions: ['dbl', 'cbk'], delays: BRISK }),
      (made) => made.stop(),
    );
    tell(`two simulated OpenStack regions at ${simulator.url}`);
    const at = { address: server.address, namespace: 'default' };
    await stage(
      () => startWorker(workerConfig(simulator, folder), at),
      (made) => made.stop(),
    );
    const link = await stage(
      () => RegionLink.connect({ ...at, profile: false }),
      (made) => made.close(),
    );
    signals.asked.throwIfAborted();
    await new Show(link, simulator, server.uiUrl, options, signals).run();
  } catch (error) {
    throw signals.asked.aborted && signals.asked.reason === error
      ? new InterruptedError('interrupted before anything was built')
      : error;
  } finally {
    for (const close of closers.reverse()) await close();
    signals.close();
  }
}

function workerConfig(simulator: Simulator, folder: string): WorkerConfig {
  const { hostname, port } = new URL(simulator.url);
  const login = {
    OS_AUTH_URL: simulator.authUrl,
    OS_USERNAME: 'demo',
    OS_PASSWORD: 'lab',
    OS_PROJECT_NAME: 'demo',
    HOME: folder,
  };
  return {
    owner: 'demo',
    keys: KeyRing.parse(randomBytes(32).toString('base64')),
    clouds: Clouds.load(login, folder),
    timing: timingOf(10_000, { pollMs: 300, retryInitialMs: 500 }),
    taskQueue: TASK_QUEUE,
    env: {},
    sshProxy: { host: hostname, port: Number(port) },
  };
}

/** What is shown once everything runs: build, stay up for who asks for it, destroy, compare. */
class Show {
  private readonly before: string;
  private readonly style: FollowStyle;

  constructor(
    private readonly link: RegionLink,
    private readonly simulator: Simulator,
    private readonly uiUrl: string,
    private readonly options: DemoOptions,
    private readonly signals: Signals,
  ) {
    this.before = JSON.stringify(simulator.snapshot());
    this.style = styleOf(options);
  }

  async run(): Promise<void> {
    const file = loadSpecFile(fileURLToPath(new URL('../../../examples/tutorial.yaml', import.meta.url)));
    const run = await this.link.provision({ ...(file as object), settleTime: SETTLE_TIME }, { requestedBy: 'demo' });
    const ui = `${this.uiUrl}/namespaces/default/workflows/${encodeURIComponent(workflowIdOf(run.vpn))}`;
    console.error(`the same run in the Temporal UI: ${ui}\n`);
    const end = await follow(run, this.style, this.signals.asked);
    if (end === undefined) return this.rollBack(run);
    const result = await run.result();
    console.log(this.options.json ? JSON.stringify(result) : `\n${provisionText(result)}\n\nTemporal UI: ${ui}`);
    await this.stayUp();
    await this.destroy(run.vpn);
  }

  /** After a Ctrl-C: the cancel and its rollback, live; then interrupted is how the demo ends. */
  private async rollBack(run: VpnRun<unknown>): Promise<void> {
    console.error('\ncancelling, rolling back … (Ctrl-C again ends at once)');
    await run.cancel();
    const end = await follow(run, this.style, this.signals.atOnce);
    // The cancel may have come when all stood already.
    if (end?.state === 'COMPLETED') await this.destroy(run.vpn);
    else this.compare();
    throw new InterruptedError('cancelled and rolled back');
  }

  /** Until a key or Ctrl-C for who wants it to; on a terminal a key within some seconds says so. */
  private async stayUp(): Promise<void> {
    const { asked, press } = this.signals;
    let keep = this.options.keep === true;
    console.error('');
    if (!keep && canAsk()) {
      const answer = await waitForKey({
        prompt: (left) => `press a key within ${left} s to keep it up `,
        seconds: SECONDS_TO_KEEP,
        signal: asked,
      });
      if (answer === 'ctrl-c') press();
      keep = answer === 'key';
    }
    if (!keep) return;
    if (!canAsk()) {
      console.error('everything stays up until Ctrl-C');
      while (!asked.aborted) await sleep(100);
      return;
    }
    const prompt = () => 'everything stays up until a key or Ctrl-C is pressed ';
    if ((await waitForKey({ prompt, signal: asked })) === 'ctrl-c') press();
  }

  private async destroy(vpn: string): Promise<void> {
    const removal = await this.link.destroy(vpn, { requestedBy: 'demo' });
    const sayOnce = () => console.error('it is being removed already; Ctrl-C again ends at once');
    this.signals.asked.addEventListener('abort', sayOnce);
    const end = await follow(removal, this.style, this.signals.atOnce);
    this.signals.asked.removeEventListener('abort', sayOnce);
    const removed = await removal.result();
    console.log(this.options.json ? JSON.stringify(removed) : `\n${destroyText(removed, end?.progress)}`);
    this.compare();
  }

  private compare(): void {
    const now = this.simulator.snapshot();
    const count = Object.values(now).reduce((sum, tables) => sum + Object.values(tables).flat().length, 0);
    const same = JSON.stringify(now) === this.before;
    console.error(
      same
        ? `\nboth regions are as they were: ${count} resources, each equal`
        : '\nthe regions are NOT as they were before',
    );
    if (!same) process.exitCode = EXIT.failed.code;
  }
}
