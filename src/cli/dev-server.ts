/**
 * A Temporal dev server on loopback, for the demo and the tests, with the settings that remove its 50 ms a step.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { createServer } from 'node:net';
import { Connection } from '@temporalio/client';
import { findTemporalCli } from './temporal-cli.js';

export interface DevServer {
  readonly address: string;
  readonly uiUrl: string;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export interface DevServerOptions {
  /** Ports of gRPC and UI. @default any free ones */
  readonly port?: number;
  readonly uiPort?: number;
  /** Keeps its data there over restarts. @default in memory */
  readonly databaseFile?: string;
  readonly logFile?: string;
  readonly tell?: (line: string) => void;
  /** Fires when nobody wants it any more, while it starts: startDevServer then rejects with its reason. */
  readonly giveUp?: AbortSignal;
  /** Fires when this process ends at once: a server must not outlive it. */
  readonly atOnce?: AbortSignal;
}

/** A dev server's queues poll 20 times a second a shard, and its timers come up to a second late, unless told otherwise. */
export const DYNAMIC_CONFIG = [
  'history.transferProcessorMaxPollRPS=2000',
  'history.transferProcessorMaxPollHostRPS=4000',
  'history.timerProcessorMaxTimeShift="10ms"',
];

/** It takes ports for itself as well, and any port that was free a moment ago may be taken by the next connection of this machine. */
const TRIES = 3;

class EndedAtOnceError extends Error {
  override readonly name = 'EndedAtOnceError';
}

/** Starts one and resolves when its namespace can be used. */
export async function startDevServer(options: DevServerOptions = {}): Promise<DevServer> {
  const binary = await findTemporalCli(options.tell, process.env, options.giveUp);
  for (let tries = 1; ; tries++) {
    try {
      return await startOnce(binary, options);
    } catch (error) {
      if (!(error instanceof EndedAtOnceError) || tries === TRIES) throw error;
    }
  }
}

async function startOnce(binary: string, options: DevServerOptions): Promise<DevServer> {
  const { giveUp, atOnce } = options;
  const port = options.port ?? (await freePort());
  const uiPort = options.uiPort ?? (await freePort());
  const log = options.logFile === undefined ? 'ignore' : openSync(options.logFile, 'a');
  const child = spawn(
    binary,
    [
      'server',
      'start-dev',
      '--ip',
      '127.0.0.1',
      '--port',
      String(port),
      '--ui-port',
      String(uiPort),
      '--log-level',
      'warn',
      ...DYNAMIC_CONFIG.flatMap((value) => ['--dynamic-config-value', value]),
      ...(options.databaseFile === undefined ? [] : ['--db-filename', options.databaseFile]),
    ],
    // Its own process group: a Ctrl-C at the terminal is ours to handle, and must not end the server under a run.
    { stdio: ['ignore', log, log], detached: true },
  );
  let cannotStart: Error | undefined;
  child.on('error', (error) => {
    cannotStart = error;
  });
  const kill = () => child.kill('SIGKILL');
  atOnce?.addEventListener('abort', kill);
  child.once('exit', () => atOnce?.removeEventListener('abort', kill));
  const address = `127.0.0.1:${port}`;
  try {
    await usable(child, address, () => {
      giveUp?.throwIfAborted();
      if (cannotStart !== undefined) throw new Error(`the Temporal server cannot be started: ${cannotStart.message}`);
    });
  } catch (error) {
    kill();
    throw error;
  }
  return {
    address,
    uiUrl: `http://127.0.0.1:${uiPort}`,
    kill: () => end(child, 'SIGKILL'),
    stop: () => end(child, 'SIGTERM'),
  };
}

async function usable(child: ChildProcess, address: string, check: () => void): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    check();
    if (child.exitCode !== null)
      throw new EndedAtOnceError(`the Temporal server ended at once with code ${child.exitCode}`);
    try {
      const connection = await Connection.connect({ address, connectTimeout: 1_000 });
      await connection.workflowService.describeNamespace({ namespace: 'default' });
      await connection.close();
      return;
    } catch (error) {
      if (Date.now() > deadline)
        throw new Error(`the Temporal server at ${address} cannot be used: ${(error as Error).message}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
