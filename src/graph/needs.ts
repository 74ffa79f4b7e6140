/**
 * What a step needs by its kind, whichever way it was found: for the graph of a spec, and for what a destroy finds by its marks.
 * The rule: what only a spec can know is no edge here.
 */
import { KINDS } from './kinds.js';
import { type StepPlace, stepKeyOf } from './step-keys.js';

/** Keys of the steps that must stand before this one, and go only after it has gone. */
export function needsByKind(step: StepPlace, steps: readonly StepPlace[]): readonly string[] {
  const { after, ofSubnet } = KINDS[step.kind];
  const own = steps
    .filter((other) => other.site === step.site && after.includes(other.kind))
    .filter((other) => other.link === undefined || other.link === step.link)
    .filter((other) => !ofSubnet || !KINDS[other.kind].ofSubnet || other.part === step.part);
  return [...own, ...interfaceBefore(step, steps)].map(stepKeyOf);
}

/** A router's interfaces are a chain, as all writes on one router are: each comes after the one before it. */
function interfaceBefore(step: StepPlace, steps: readonly StepPlace[]): readonly StepPlace[] {
  if (step.kind !== 'routerInterface') return [];
  const before = steps.slice(
    0,
    steps.findIndex((other) => stepKeyOf(other) === stepKeyOf(step)),
  );
  return before.filter((other) => other.kind === step.kind && other.site === step.site).slice(-1);
}
