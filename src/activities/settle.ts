/**
 * `settle`: looks for late effects of writes whose answer never came, until `settleTime` after the last of them, and removes those that no step uses.
 * The rule: it is the only place that removes doubles, and it removes only what bears this run's mark.
 */
import type { SettleInput, SettleOutput } from '../workflows/protocol.js';
import { Attempt } from './attempt.js';
import { isInUse } from './failures.js';
import type { StepScope } from './kind.js';
import { kindOf } from './resources/index.js';
import type { WorkerContext } from './worker-context.js';

export function makeSettle(worker: WorkerContext) {
  return (input: SettleInput): Promise<SettleOutput> =>
    Attempt.run(input.timing, async (attempt) => {
      const removed = new Map<string, SettleOutput['removed'][number]>();
      for (;;) {
        const last = Date.now() >= input.until;
        let left = 0;
        // Backwards, so that what uses another goes first.
        for (const entry of [...input.steps].reverse()) {
          const { step, site, keep } = entry;
          const region = await worker.open(site, attempt);
          const scope: StepScope = {
            vpn: input.vpn,
            run: input.run,
            step,
            site,
            link: undefined,
            region,
            attempt,
            worker,
            outputs: input.outputs,
          };
          const part = step.kind === 'externalGateway' || step.kind === 'routerInterface';
          if (part || (step.kind === 'vpnService' && input.outputs[`${step.site}/router`] === undefined)) continue;
          const kind = kindOf(step.kind);
          for (const found of await kind.find(scope)) {
            if (found.id === keep || found.mark?.owner !== site.owner || found.mark.run !== input.run) continue;
            try {
              await kind.remove(found, scope);
              removed.set(found.id, { step: step.key, id: found.id });
            } catch (error) {
              if (!isInUse(error)) throw error;
              left++;
            }
          }
        }
        if (last && left === 0) return { removed: [...removed.values()] };
        await attempt.pause(Math.max(input.timing.pollMs, Math.min(5_000, input.until - Date.now())));
      }
    });
}
