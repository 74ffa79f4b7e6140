/** `regionlink destroy NAME`: remove everything that bears the VPN's marks, after a question. */
import { RegionLink } from '../../client/index.js';
import { confirmed } from '../confirmed.js';
import { EXIT } from '../exit-codes.js';
import { follow, styleOf } from '../follow.js';
import { requester } from '../requester.js';
import { destroyText } from '../result-text.js';

export interface DestroyOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
}

export async function destroy(name: string, options: DestroyOptions): Promise<void> {
  if (!options.yes && !(await agreed(name))) {
    process.exitCode = EXIT.usage.code;
    return;
  }
  const link = await RegionLink.connect();
  try {
    const run = await link.destroy(name, { requestedBy: requester() });
    if (!(await follow(run, styleOf(options)))) {
      console.error(`\nThe removal goes on. Come back with: regionlink status ${name} --watch`);
      process.exitCode = EXIT.interrupted.code;
      return;
    }
    const result = await run.result();
    console.log(options.json ? JSON.stringify(result) : `\n${destroyText(result)}`);
  } finally {
    await link.close();
  }
}

async function agreed(name: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    console.error(`destroy removes everything of ${name}; say --yes where nobody can be asked`);
    return false;
  }
  if (await confirmed(`Remove everything of ${name} in all regions?`)) return true;
  console.error('nothing was done');
  return false;
}
