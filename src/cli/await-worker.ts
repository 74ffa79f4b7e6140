/**
 * What a command says while it waits for a worker's look at the clouds.
 * The rule: nobody waits without being told for what. It goes to standard error, so `--json` hears of it too; there only of what is wrong.
 */
import { once } from 'node:events';
import type { RegionLink } from '../client/index.js';
import { InterruptedError } from './exit-codes.js';
import { untilCtrlC } from './follow.js';

/** What is longer than that may be due to a worker that was killed: Temporal lists it for minutes. */
const LONG_MS = 20_000;

/**
 * Waits for the work, which a worker has to do. `looks`: what it does, as in "a worker looks at the clouds". `workers`: who takes tasks, where that is known.
 * Throws InterruptedError at Ctrl-C.
 */
export async function awaitWorker<T>(
  link: RegionLink,
  looks: string,
  { json }: { readonly json?: boolean | undefined },
  work: () => Promise<T>,
  workers = link.workers(),
): Promise<T> {
  const told = async () => {
    const some = (await workers).length > 0;
    if (!some) console.error('no worker takes tasks: waiting for one … (start one with: regionlink worker)');
    else if (!json) console.error(`a worker ${looks} …`);
    const long = setTimeout(() => some && console.error(LONG), LONG_MS).unref();
    try {
      return await work();
    } finally {
      clearTimeout(long);
    }
  };
  return untilCtrlC((signal) => Promise.race([interrupted(signal), told()]));
}

async function interrupted(signal: AbortSignal): Promise<never> {
  await once(signal, 'abort');
  throw new InterruptedError('interrupted; nothing was changed, since a look only reads');
}

const LONG = `no answer for ${LONG_MS / 1000} s: a cloud is slow or away, or no worker runs any more (start one with: regionlink worker)`;
