/**
 * `settle`: the last look of a run. Beside what stays it finds doubles, which a proxy that delivers twice can make without anyone's knowing; of writes whose
 * answer never came it looks for late effects until `settleTime` after the last of them. On rollback that is the removal itself, done again.
 * The rule: it is the only place that removes doubles.
 */
import { ApplicationFailure } from '@temporalio/common';
import type { Region } from '../openstack/region.js';
import type { Leftover, SettleInput, SettleOutput } from '../workflows/protocol.js';
import { Attempt } from './attempt.js';
import { leftoversIn, patiently, refuse } from './failures.js';
import { isDone, removeKind } from './remove-kind.js';
import { kindOf } from './resources/index.js';
import type { WorkerContext } from './worker-context.js';

export function makeSettle(worker: WorkerContext) {
  return (input: SettleInput): Promise<SettleOutput> =>
    Attempt.run(input.timing, async (attempt) => {
      const removed = new Map<string, SettleOutput['removed'][number]>();
      for (;;) {
        const last = Date.now() >= input.until;
        const look = await patiently(() => lookOnce(input, worker, attempt));
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
  const { vpn, run, outputs, timing } = input;
  const views = new Map<string, Region>();
  const sites = new Map(input.steps.map(({ site }) => [site.site, site]));
  await Promise.all([...sites].map(async ([key, pins]) => views.set(key, await worker.look(pins, attempt, 'undo'))));
  const removed: SettleOutput['removed'][number][] = [];
  const leftovers: Leftover[] = [];
  let waiting = 0;
  // Backwards, so that what uses another goes first.
  for (const { step, site, keep, before } of [...input.steps].reverse()) {
    const kept = { ...(keep === undefined ? {} : { keep }), ...(before === undefined ? {} : { before }) };
    const request = { vpn, run, step, site, outputs, timing, blocked: false, ...kept };
    const kind = kindOf(step.kind);
    const scope = { ...request, link: undefined, attempt, worker };
    const view = views.get(site.site);
    if (view === undefined || (await isDone(kind, request, { ...scope, region: view }))) continue;
    try {
      const region = await worker.open(site, attempt, 'undo');
      const { ids } = await removeKind(kind, request, { ...scope, region });
      for (const id of ids) removed.push({ step: step.key, id });
    } catch (error) {
      if (!(error instanceof ApplicationFailure)) throw error;
      if (error.nonRetryable) leftovers.push(...leftoversIn(error));
      else waiting++;
    }
  }
  return { removed, leftovers, waiting };
}
