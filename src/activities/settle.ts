/**
 * `settle`: looks for late effects of writes whose answer never came, until `settleTime` after the last of them, and removes those that no step uses.
 * On rollback that is the removal itself, done again at each look; beside a resource that stays, it is the removal of its doubles.
 * The rule: it is the only place that removes doubles.
 */
import { ApplicationFailure } from '@temporalio/common';
import type { Leftover, SettleInput, SettleOutput } from '../workflows/protocol.js';
import { Attempt } from './attempt.js';
import { leftoversIn, patiently, refuse } from './failures.js';
import { removeKind } from './remove-kind.js';
import { kindOf } from './resources/index.js';
import type { WorkerContext } from './worker-context.js';

export function makeSettle(worker: WorkerContext) {
  return (input: SettleInput): Promise<SettleOutput> =>
    Attempt.run(input.timing, async (attempt) => {
      const removed = new Map<string, SettleOutput['removed'][number]>();
      for (;;) {
        const last = Date.now() >= input.until;
        const look = await lookOnce(input, worker, attempt);
        for (const one of look.removed) removed.set(one.id, one);
        if (last && look.leftovers.length > 0)
          throw refuse('Leftovers', look.leftovers.map((left) => left.reason).join('\n'), look.leftovers);
        if (last && look.waiting === 0) return { removed: [...removed.values()] };
        await attempt.pause(Math.max(input.timing.pollMs, Math.min(5_000, input.until - Date.now())));
      }
    });
}

interface Look {
  readonly removed: SettleOutput['removed'];
  readonly leftovers: readonly Leftover[];
  /** Removals that will be possible later: what uses them is on its way out. */
  readonly waiting: number;
}

async function lookOnce(input: SettleInput, worker: WorkerContext, attempt: Attempt): Promise<Look> {
  const removed: SettleOutput['removed'][number][] = [];
  const leftovers: Leftover[] = [];
  let waiting = 0;
  // Backwards, so that what uses another goes first.
  for (const { step, site, keep, before } of [...input.steps].reverse()) {
    const region = await patiently(worker.open(site, attempt, 'undo'));
    const { vpn, run, outputs, timing } = input;
    const kept = { ...(keep === undefined ? {} : { keep }), ...(before === undefined ? {} : { before }) };
    const request = { vpn, run, step, site, outputs, timing, blocked: false, ...kept };
    try {
      const scope = { ...request, link: undefined, region, attempt, worker };
      for (const id of (await removeKind(kindOf(step.kind), request, scope)).ids) removed.push({ step: step.key, id });
    } catch (error) {
      if (!(error instanceof ApplicationFailure)) throw error;
      if (error.nonRetryable) leftovers.push(...leftoversIn(error));
      else waiting++;
    }
  }
  return { removed, leftovers, waiting };
}
