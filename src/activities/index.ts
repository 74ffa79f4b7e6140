/**
 * All activities of a worker, by the names that workflows call: an `ensure…` and a `remove…` for every kind, generated from the one list of kinds, and the acts.
 * The rule: nothing here but wiring.
 */
import { activityName, RESOURCE_KINDS } from '../graph/kinds.js';
import type { ResourceKind } from '../graph/types.js';
import type { EnsureInput, RemoveInput } from '../workflows/protocol.js';
import { Attempt } from './attempt.js';
import { ensureKind } from './ensure-kind.js';
import { makeExamineClouds } from './examine-clouds.js';
import { makeReadExternalEnds } from './external-ends.js';
import { patiently } from './failures.js';
import { makeTakeInventory } from './inventory.js';
import { makePlanVpn } from './plan.js';
import { makeAwaitTunnel, makePingPeers } from './prove.js';
import { removeKind } from './remove-kind.js';
import { makeResolveSpec } from './resolve.js';
import { kindOf } from './resources/index.js';
import { makeSettle } from './settle.js';
import { makeSurveyClouds, makeTakeStrays } from './survey.js';
import type { WorkerContext } from './worker-context.js';

export function createActivities(worker: WorkerContext): Record<string, (input: never) => Promise<unknown>> {
  return {
    resolveSpec: makeResolveSpec(worker),
    takeInventory: makeTakeInventory(worker),
    planVpn: makePlanVpn(worker),
    examineClouds: makeExamineClouds(worker),
    readExternalEnds: makeReadExternalEnds(worker),
    surveyClouds: makeSurveyClouds(worker),
    takeStrays: makeTakeStrays(worker),
    pingPeers: makePingPeers(worker),
    awaitTunnel: makeAwaitTunnel(worker),
    settle: makeSettle(worker),
    ...Object.fromEntries(RESOURCE_KINDS.flatMap((kind) => verbsOf(kind, worker))),
  };
}

function verbsOf(kind: ResourceKind, worker: WorkerContext) {
  const ensure = (input: EnsureInput) =>
    Attempt.run(
      input.timing,
      async (attempt) => {
        const region = await worker.open(input.site, attempt);
        return ensureKind(kindOf(kind), { ...input, link: input.link, region, attempt, worker });
      },
      input.step,
    );
  const remove = (input: RemoveInput) =>
    Attempt.run(
      input.timing,
      (attempt) =>
        patiently(async () => {
          const region = await worker.open(input.site, attempt, 'undo');
          const scope = { ...input, run: input.run ?? '', link: undefined, region, attempt, worker };
          return removeKind(kindOf(kind), input, scope);
        }),
      input.step,
    );
  return [
    [activityName('ensure', kind), ensure],
    [activityName('remove', kind), remove],
  ] as const;
}
