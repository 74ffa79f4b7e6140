/**
 * `regionlink apply -f FILE`: show the plan, ask, provision and follow; or join the run that already does so.
 * The rule: nothing is begun that was not shown and agreed to, by a person or by `--yes`.
 */
import { RegionLink, VpnFailedError } from '../../client/index.js';
import { parseSpec } from '../../spec/index.js';
import { loadSpecFile } from '../../spec/load-spec-file.js';
import { confirmed } from '../confirmed.js';
import { InterruptedError, UsageError } from '../exit-codes.js';
import { follow, styleOf, untilCtrlC } from '../follow.js';
import { requester } from '../requester.js';
import { provisionText } from '../result-text.js';
import { showPlan } from './plan.js';

export interface ApplyOptions {
  readonly file: string;
  readonly yes?: boolean;
  readonly detach?: boolean;
  readonly json?: boolean;
}

export async function apply(options: ApplyOptions): Promise<void> {
  const file = loadSpecFile(options.file);
  const { warnings } = parseSpec(file);
  const link = await RegionLink.connect();
  try {
    // Nobody waits for a plan where all is agreed to and nobody watches.
    const plans = (await link.underWay(file)) === undefined && !(options.yes && options.detach);
    // A plan has them as well.
    if (!plans || options.json) for (const warning of warnings) console.error(`warning: ${warning}`);
    if (plans) await agree(file, link, options);
    const run = await link.provision(file, { requestedBy: requester() });
    if (run.joined && !options.json)
      console.error(`${run.vpn} is being provisioned from this very spec already; following that run`);
    const comeBack = `come back with: regionlink status ${run.vpn} --watch\ncancel with:    regionlink cancel ${run.vpn}`;
    if (options.detach) {
      console.log(options.json ? JSON.stringify(await run.status()) : `${run.vpn} is being provisioned\n${comeBack}`);
      return;
    }
    const end = await untilCtrlC((signal) => follow(run, styleOf(options), signal));
    if (end === undefined) throw new InterruptedError(`The run goes on.\n${comeBack}`);
    const result = await run.result();
    console.log(options.json ? JSON.stringify(result) : `\n${provisionText(result)}`);
  } finally {
    await link.close();
  }
}

/** Shows the plan and plans. Throws VpnFailedError for a plan that cannot be carried out, UsageError unless it is agreed to. */
async function agree(spec: unknown, link: RegionLink, options: ApplyOptions): Promise<void> {
  let plan: Awaited<ReturnType<typeof showPlan>>;
  try {
    plan = await showPlan(spec, link, options);
  } catch (error) {
    // A run waits for a cloud that is away, so it may begin without a plan.
    if (!options.yes || !(error instanceof VpnFailedError) || error.type !== 'CloudUnavailable') throw error;
    console.error(`there is no plan: ${error.message}`);
    return;
  }
  const { vpn, possible, changes, steps } = plan;
  if (!possible) {
    const type = steps.some(({ action }) => action === 'conflict') ? 'SpecConflict' : 'CloudNotSuitable';
    throw new VpnFailedError(vpn, type, `${vpn} is not applied: see what its plan says. Nothing was touched`, []);
  }
  if (options.yes || changes === 0) return;
  if (options.json || !process.stdin.isTTY)
    throw new UsageError('nothing was done: say --yes where nobody can be asked, as with --json or without a terminal');
  if (!(await confirmed('\nApply this plan?'))) throw new UsageError('nothing was done');
}
