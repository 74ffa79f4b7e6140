/**
 * `regionlink sweep`: list what no VPN has a use for, and remove it after a question per VPN.
 * The rule: nothing is removed that was not shown before, and one VPN's failure keeps none of the others from being asked about.
 */
import { RegionLink, type Survey } from '../../client/index.js';
import type { StrayOwner, StraySet, SweepResult } from '../../workflows/protocol.js';
import { awaitWorker } from '../await-worker.js';
import { confirmed } from '../confirmed.js';
import { EXIT, exitCodeOf, InterruptedError } from '../exit-codes.js';
import { follow, styleOf, untilCtrlC } from '../follow.js';
import { requester } from '../requester.js';
import { straysText } from '../result-text.js';

export interface SweepOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** What became of one set. */
type Outcome = SweepResult | { readonly of: StrayOwner; readonly failed: string } | 'left';

export async function sweep(options: SweepOptions): Promise<void> {
  const link = await RegionLink.connect();
  try {
    const survey = await awaitWorker(link, 'looks through every configured region', options, () => link.survey());
    if (!options.json) tellOthers(survey);
    const outcomes: Outcome[] = [];
    for (const set of survey.sets) {
      outcomes.push(await sweepOne(set, link, options));
    }
    if (options.json) {
      const results = outcomes.filter((outcome) => typeof outcome === 'object');
      console.log(JSON.stringify({ ...survey, results }));
    } else if (survey.sets.length === 0) console.log('nothing is stray');
    if (!outcomes.includes('left')) return;
    process.exitCode ??= EXIT.strays.code;
    if (!options.json && !process.stdin.isTTY) console.error('\nnothing was removed; with --yes all of it is');
  } finally {
    await link.close();
  }
}

function tellOthers({ busy, unclear }: Survey): void {
  for (const name of busy) console.error(`${name} is left out: a run of it is open, or has just ended`);
  for (const { vpn, reason } of unclear) console.error(`${vpn} is left out: ${reason}`);
}

async function sweepOne(set: StraySet, link: RegionLink, options: SweepOptions): Promise<Outcome> {
  const { of, strays } = set;
  const text = straysText(set);
  if (!options.json) console.log(`\n${text}`);
  const ask = process.stdin.isTTY && !options.json;
  if (!options.yes && !(ask && (await confirmed(`Remove these ${strays.length}?`)))) return 'left';
  try {
    const ids = [...new Set(strays.map((stray) => stray.id))];
    const run = await link.sweep(of, ids, { requestedBy: requester() });
    const watched = options.json || (await untilCtrlC((signal) => follow(run, styleOf(options), signal)));
    if (!watched) throw new InterruptedError('The removal goes on. See it with: regionlink list');
    const result = await run.result();
    if (!options.json) console.log(sweptText(result));
    return result;
  } catch (error) {
    if (error instanceof InterruptedError) throw error;
    const failed = (error as Error).message;
    if (!options.json) console.error(failed);
    process.exitCode ??= exitCodeOf(error);
    return { of, failed };
  }
}

function sweptText({ removed, passedOver }: SweepResult): string {
  const total = removed.length + passedOver.length;
  const stayed = passedOver.length === 0 ? '' : `; gone or no longer stray by then: ${passedOver.join(', ')}`;
  return `removed ${removed.length} of ${total}${stayed}`;
}
