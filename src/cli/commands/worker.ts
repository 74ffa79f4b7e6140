/** `regionlink worker`: runs workflows and activities until it is told to stop, and says when it is ready and when it has stopped. */
import { runWorker } from '../../worker.js';

export interface WorkerOptions {
  readonly json?: boolean;
}

export async function worker(options: WorkerOptions): Promise<void> {
  await runWorker((state) => {
    if (options.json) console.log(JSON.stringify(state));
    else if (state.state === 'ready')
      console.log(`ready: takes tasks of ${state.taskQueue} in namespace ${state.namespace} at ${state.address}`);
    else console.log('stopped');
  });
}
