/** `regionlink plan -f FILE`: what apply would do, and whether it can. Changes nothing. */
import { RegionLink, type VpnPlan } from '../../client/index.js';
import { parseSpec } from '../../spec/index.js';
import { loadSpecFile } from '../../spec/load-spec-file.js';
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
  { json }: { readonly json?: boolean | undefined },
): Promise<VpnPlan> {
  if (!json) await tellWhoPlans(link);
  const made = await link.plan(spec);
  console.log(json ? JSON.stringify(made) : planText(made, page()));
  return made;
}

/** A plan waits for a worker for as long as it takes, so it is said when there is none. */
export async function tellWhoPlans(link: RegionLink): Promise<void> {
  const workers = await link.workers();
  console.error(
    workers.length > 0
      ? 'a worker looks at the clouds …'
      : 'no worker takes tasks: waiting for one … (start one with: regionlink worker)',
  );
}
