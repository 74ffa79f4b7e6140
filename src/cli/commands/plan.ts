/** `regionlink plan -f FILE`: what apply would do, and whether it can. Changes nothing. */
import { RegionLink, type VpnPlan } from '../../client/index.js';
import { parseSpec } from '../../spec/index.js';
import { loadSpecFile } from '../../spec/load-spec-file.js';
import { awaitWorker } from '../await-worker.js';
import { EXIT } from '../exit-codes.js';
import { page } from '../page.js';
import { planText } from '../plan-text.js';

export interface PlanOptions {
  readonly file: string;
  readonly json?: boolean;
}

export async function plan(options: PlanOptions): Promise<void> {
  const file = loadSpecFile(options.file);
  parseSpec(file);
  const link = await RegionLink.connect();
  try {
    const made = await showPlan(file, link, options);
    if (!made.possible) process.exitCode = EXIT.failed.code;
    else if (made.changes > 0) process.exitCode = EXIT.changes.code;
  } finally {
    await link.close();
  }
}

/** Has it made, and prints it. */
export async function showPlan(
  spec: unknown,
  link: RegionLink,
  options: { readonly json?: boolean | undefined },
): Promise<VpnPlan> {
  const made = await awaitWorker(link, 'looks at the clouds', options, () => link.plan(spec));
  console.log(options.json ? JSON.stringify(made) : planText(made, page()));
  return made;
}
