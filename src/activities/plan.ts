/**
 * `planVpn`: what apply would do, step by step, and whether it can. The spec is resolved as a provision resolves it, and each step is decided by the same
 * `inspectKind` that `ensure` goes by.
 * The rule: it only reads, each list once, and tells everything at once: a conflict, or what a cloud cannot, is a row and no failure.
 */
import { ApplicationFailure } from '@temporalio/common';
import { modeOf } from '../graph/site-steps.js';
import { isResourceStep, type ResourceStep, type Step, type StepOutput } from '../graph/types.js';
import { LOOK_SECONDS, REMOVAL_SECONDS, TYPICAL_SECONDS } from '../graph/typical-times.js';
import { longestPath } from '../graph/walk.js';
import type { SiteSpec, VpnSpec } from '../spec/types.js';
import type { PlanInput, PlannedAction, PlannedStep, ResolvedVpn, VpnPlan } from '../workflows/protocol.js';
import { Attempt } from './attempt.js';
import { actionOf, inspectKind, outputOf, theUsed } from './ensure-kind.js';
import { failureOf, isAbort, problemsIn } from './failures.js';
import type { Difference, Found, StepScope } from './kind.js';
import { planFindings } from './plan-findings.js';
import { mayStand, OF_CONFLICTS, parsed, type Resolution, resolve } from './resolve.js';
import { kindOf } from './resources/index.js';
import type { WorkerContext } from './worker-context.js';

/** Stands for an id or an address that only the making of a resource gives. */
const KNOWN_LATER = '(known after apply)';

export function makePlanVpn(worker: WorkerContext) {
  return ({ spec: file, run }: PlanInput): Promise<VpnPlan> =>
    Attempt.run(worker.timing, async (attempt) => {
      const { spec, warnings } = parsed(file);
      const resolution = await resolve(spec, warnings, run, worker, attempt).catch(finalProblems);
      if (Array.isArray(resolution)) return impossible(spec, warnings, resolution);
      const steps = await planSteps(resolution, run, worker, attempt);
      const findings = await planFindings(resolution, steps, attempt.read);
      return planOf(resolution, steps, [...resolution.conflicts.map(asFinding), ...findings]);
    });
}

function asFinding(said: string): VpnPlan['findings'][number] {
  return { about: 'what stands', verdict: 'problem', said, cure: OF_CONFLICTS, sites: [] };
}

/** What keeps the steps from being known, a text each. Throws what may pass when it is tried again. */
function finalProblems(error: unknown): string[] {
  if (isAbort(error)) throw error;
  const failure = failureOf(error, {});
  if (!failure.nonRetryable) throw error;
  return problemsIn(failure.message);
}

function impossible(spec: VpnSpec, warnings: readonly string[], problems: readonly string[]): VpnPlan {
  return {
    vpn: spec.name,
    sites: spec.sites.map((site) => ({ ...whereOf(site), existing: [] })),
    steps: [],
    findings: problems.map((said) => ({ about: 'sites', verdict: 'problem', said, sites: [] })),
    warnings,
    possible: false,
    changes: 0,
    time: { seconds: 0, path: [] },
  };
}

function whereOf({ key, region, cloud }: SiteSpec) {
  return { key, region, ...(cloud === undefined ? {} : { cloud }) };
}

async function planSteps(
  { resolved, sites }: Resolution,
  run: string,
  worker: WorkerContext,
  attempt: Attempt,
): Promise<readonly PlannedStep[]> {
  const outputs: Record<string, StepOutput> = { ...resolved.given };
  const planned: PlannedStep[] = [];
  for (const step of resolved.graph.steps) {
    if (!isResourceStep(step)) {
      planned.push({ ...about(step), name: '', temporary: false, action: 'wait', fields: [] });
      continue;
    }
    const site = sites.get(step.site);
    if (site === undefined) throw new Error(`no site ${step.site}`);
    const link = step.link === undefined ? undefined : resolved.links[step.link];
    const { name: vpn } = resolved.spec;
    const { row, output } = await planStep({
      vpn,
      run,
      step,
      site: site.pins,
      link,
      region: site.region,
      attempt,
      worker,
      outputs: { ...outputs },
    });
    planned.push(row);
    outputs[step.key] = output;
  }
  return resolved.retired === undefined ? planned : [...planned, ...toRemove(resolved.retired)];
}

interface Planned {
  readonly row: PlannedStep;
  /** What later steps are compared with. */
  readonly output: StepOutput;
}

async function planStep(scope: StepScope): Promise<Planned> {
  const { step } = scope;
  const kind = kindOf(step.kind);
  const standing = Object.fromEntries(Object.entries(scope.outputs).filter(([, output]) => output.id !== KNOWN_LATER));
  // Test VMs are each run's own; and what is part of a resource that is yet to be made is not there either.
  if (step.temporary || !mayStand(step, standing)) return toCreate(step);
  const own = await kind.find(scope);
  try {
    const { found, differences, broken } = await inspectKind(kind, scope, own);
    if (found === undefined) {
      kind.mustBeMakeable?.(scope);
      const usable = own.filter((one) => !broken.includes(one));
      const old = await theUsed(kind, usable, scope);
      return old === undefined ? toCreate(step, broken) : toReplace(old, kind.differs(old, scope), step);
    }
    return {
      row: rowOf(step, actionFor(found, differences, scope), { found, differences }),
      output: outputOf(kind, found, actionOf(found, scope), scope),
    };
  } catch (error) {
    if (!(error instanceof ApplicationFailure) || !error.nonRetryable) throw error;
    // It stands and cannot be used, for a reason that no field tells.
    const [found] = own;
    return {
      row: rowOf(step, 'conflict', { reason: error.message, ...(found && { found }) }),
      output: outputOfNew(step),
    };
  }
}

function toCreate(step: ResourceStep, broken: readonly Found[] = []): Planned {
  const ids = broken.map(({ id }) => id).join(', ');
  const reason = ids === '' ? {} : { reason: `what stands is in ERROR and goes first: ${ids}` };
  return { row: rowOf(step, 'create', reason), output: outputOfNew(step) };
}

/** Also what could be changed in place is told of the new one: its fields are all the spec's. */
function toReplace(found: Found, differences: readonly Difference[], step: ResourceStep): Planned {
  const inPlace = differences.map((difference) => ({ ...difference, updatable: true }));
  return { row: rowOf(step, 'replace', { found, differences: inPlace, reason: REPLACED }), output: outputOfNew(step) };
}

const REPLACED = 'another one takes its place; it goes at the end of a run that has succeeded';

/** What the spec has no more. */
function toRemove({ graph, found }: Required<ResolvedVpn>['retired']): readonly PlannedStep[] {
  return graph.steps.filter(isResourceStep).map((step) => ({
    ...rowOf(step, 'remove', { reason: 'the spec has it no more: it goes at the end of a run that has succeeded' }),
    id: found[step.key]?.id ?? '',
  }));
}

function outputOfNew({ name }: ResourceStep): StepOutput {
  return { id: KNOWN_LATER, name, action: 'created', address: KNOWN_LATER, parent: KNOWN_LATER };
}

function actionFor(found: Found, differences: readonly Difference[], scope: StepScope): PlannedAction {
  if (differences.some(({ updatable }) => !updatable)) return 'conflict';
  if (differences.length > 0) return 'change';
  return actionOf(found, scope) === 'shared' ? 'share' : 'adopt';
}

function rowOf(
  step: ResourceStep,
  action: PlannedAction,
  {
    found,
    differences = [],
    reason,
  }: { readonly found?: Found; readonly differences?: readonly Difference[]; readonly reason?: string },
): PlannedStep {
  return {
    ...about(step),
    name: step.name,
    site: step.site,
    temporary: step.temporary,
    action,
    ...(found === undefined ? {} : { id: found.id }),
    ...(found?.status === undefined ? {} : { status: found.status }),
    fields: differences.map(({ field, have, want, updatable, show }) => ({
      field,
      ...(show ? { have: have ?? null, want } : {}),
      inPlace: updatable,
    })),
    ...(reason === undefined ? {} : { reason }),
  };
}

function about({ key, kind, title }: Step): Pick<PlannedStep, 'key' | 'kind' | 'title'> {
  return { key, kind, title };
}

function planOf({ resolved }: Resolution, steps: readonly PlannedStep[], findings: VpnPlan['findings']): VpnPlan {
  return {
    vpn: resolved.spec.name,
    sites: resolved.spec.sites.map((site) => ({
      ...whereOf(site),
      mode: modeOf(site),
      existing: existingAt(site.key, resolved.given),
    })),
    steps,
    findings,
    warnings: resolved.warnings,
    possible:
      steps.every(({ action }) => action !== 'conflict') && findings.every(({ verdict }) => verdict !== 'problem'),
    changes: steps.filter(({ action, temporary }) => !temporary && CHANGES.has(action)).length,
    time: timeOf(resolved.graph.steps, new Map(steps.map(({ key, action }) => [key, action]))),
  };
}

const CHANGES: ReadonlySet<PlannedAction> = new Set(['create', 'change', 'replace', 'remove']);

function existingAt(site: string, given: Readonly<Record<string, StepOutput>>): VpnPlan['sites'][number]['existing'] {
  return Object.entries(given)
    .filter(([key]) => key.startsWith(`${site}/`))
    .map(([key, { id, name, cidr }]) => ({
      part: key.slice(site.length + 1),
      name,
      id,
      ...(cidr === undefined ? {} : { cidr }),
    }));
}

function timeOf(steps: readonly Step[], actions: ReadonlyMap<string, PlannedAction>): VpnPlan['time'] {
  const stands = (step: Step) => ['adopt', 'share'].includes(actions.get(step.key) ?? '');
  const forward = longestPath(steps, (step) => 1000 * (stands(step) ? LOOK_SECONDS : TYPICAL_SECONDS[step.kind]));
  const cleanUp = longestPath(steps.filter(isResourceStep), (step) =>
    step.temporary ? 1000 * (step.kind === 'server' ? REMOVAL_SECONDS.server : REMOVAL_SECONDS.other) : 0,
  );
  return { seconds: Math.ceil((forward.totalMs + cleanUp.totalMs) / 1000), path: forward.path };
}
