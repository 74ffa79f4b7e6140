/** `regionlink destroy NAME`: remove everything that bears the VPN's marks, after a question. */
import { checkName, RegionLink } from '../../client/index.js';
import { confirmed } from '../confirmed.js';
import { InterruptedError, UsageError } from '../exit-codes.js';
import { follow, styleOf, untilCtrlC } from '../follow.js';
import { requester } from '../requester.js';
import { destroyText } from '../result-text.js';

export interface DestroyOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
}

export async function destroy(name: string, options: DestroyOptions): Promise<void> {
  checkName(name);
  if (!options.yes) await ask(name);
  const link = await RegionLink.connect();
  try {
    const run = await link.destroy(name, { requestedBy: requester() });
    const end = await untilCtrlC((signal) => follow(run, styleOf(options), signal));
    if (end === undefined)
      throw new InterruptedError(`The removal goes on. Come back with: regionlink status ${name} --watch`);
    const result = await run.result();
    console.log(options.json ? JSON.stringify(result) : `\n${destroyText(result, end.progress)}`);
  } finally {
    await link.close();
  }
}

/** Throws UsageError unless the answer is yes. */
async function ask(name: string): Promise<void> {
  if (!process.stdin.isTTY)
    throw new UsageError(`destroy removes everything of ${name}; say --yes where nobody can be asked`);
  if (!(await confirmed(`Remove everything of ${name} in all regions?`))) throw new UsageError('nothing was done');
}
