/**
 * What a command says while it waits for a worker's look at the clouds.
 * The rule: nobody waits without being told for what. It goes to standard error, so `--json` hears of it too; there only of what is wrong.
 */
import type { RegionLink } from '../client/index.js';

/** What is longer than that may be due to a worker that was killed: Temporal lists it for minutes. */
const LONG_MS = 20_000;

/** Does the work, which a worker has to do. `looks`: what it does there, as in "a worker looks at the clouds". */
export async function awaitWorker<T>(
  link: RegionLink,
  looks: string,
  { json }: { readonly json?: boolean | undefined },
  work: () => Promise<T>,
): Promise<T> {
  const workers = await link.workers();
  if (workers.length === 0)
    console.error('no worker takes tasks: waiting for one … (start one with: regionlink worker)');
  else if (!json) console.error(`a worker ${looks} …`);
  const long = setTimeout(() => console.error(LONG), LONG_MS);
  try {
    return await work();
  } finally {
    clearTimeout(long);
  }
}

const LONG = `no answer for ${LONG_MS / 1000} s: a cloud is slow or away, or no worker runs any more (start one with: regionlink worker)`;
