/** `regionlink worker`: runs workflows and activities until it is told to stop, and says when it is ready and when it has stopped. With `--check`, whether one does. */
import { hostname } from 'node:os';
import { connectToTemporal, taskQueueOf } from '../../client/connect.js';
import { pollersOf } from '../../client/pollers.js';
import type { WorkerState } from '../../worker.js';
import { EXIT } from '../exit-codes.js';

export interface WorkerOptions {
  readonly check?: boolean;
  readonly json?: boolean;
}

export async function worker(options: WorkerOptions): Promise<void> {
  if (options.check) return check(options);
  // Only here: the native worker takes a second to load.
  const { runWorker } = await import('../../worker.js');
  await runWorker((state) => {
    if (options.json) console.log(JSON.stringify(state));
    else if (state.state === 'ready') console.log(readyText(state));
    else console.log('stopped');
  });
}

function readyText({ taskQueue, namespace, address, version }: Extract<WorkerState, { state: 'ready' }>): string {
  const ready = `ready: takes tasks of ${taskQueue} in namespace ${namespace} at ${address}`;
  if (version === undefined) return ready;
  const { deploymentName, buildId } = version;
  return `${ready}
its build gets new runs once it is the current one: temporal worker deployment set-current-version --namespace ${namespace} --deployment-name ${deploymentName} --build-id ${buildId}`;
}

/** Whether a worker of this host asks for tasks of both kinds. */
async function check(options: WorkerOptions): Promise<void> {
  const { connection, namespace } = await connectToTemporal();
  const taskQueue = taskQueueOf();
  try {
    const pollers = await pollersOf(connection, namespace, taskQueue);
    const working = pollers.some((identity) => identity.endsWith(`@${hostname()}`));
    const text = `a worker of this host ${working ? 'takes' : 'does not take'} tasks of ${taskQueue} in namespace ${namespace}`;
    console.log(options.json ? JSON.stringify({ working, taskQueue, namespace, host: hostname() }) : text);
    if (!working) process.exitCode = EXIT.failed.code;
  } finally {
    await connection.close();
  }
}
