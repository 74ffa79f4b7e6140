/**
 * What a resource kind must say of itself: how to find, make, compare, change and remove it. The algorithms around it (`ensure-kind.ts`, `remove-kind.ts`) are written once.
 * The rule: a kind decides nothing about ownership or retries.
 */
import { KINDS } from '../graph/kinds.js';
import { endStepKey, partsAt, siteStepKey } from '../graph/step-keys.js';
import type { ResourceKind, ResourceStep, StepOutput } from '../graph/types.js';
import type { Region } from '../openstack/region.js';
import type { NetworkCollection } from '../openstack/types.js';
import type { LinkPins, SitePins } from '../workflows/protocol.js';
import type { Attempt } from './attempt.js';
import { refuse } from './failures.js';
import { formatMark, isMarkOf, type Mark } from './mark.js';
import type { WorkerContext } from './worker-context.js';

/** Everything that a kind may read when it acts for one step. */
export interface StepScope<K extends ResourceKind = ResourceKind> {
  readonly vpn: string;
  readonly run: string;
  readonly step: ResourceStep<K>;
  readonly site: SitePins;
  readonly link: LinkPins | undefined;
  readonly region: Region;
  readonly attempt: Attempt;
  readonly worker: WorkerContext;
  readonly outputs: Readonly<Record<string, StepOutput>>;
}

/** A resource as its kind found it. `mark`: undefined when it is not ours. */
export interface Found {
  readonly id: string;
  readonly name: string;
  readonly mark: Mark | undefined;
  readonly status?: string;
  /** Its fields by API name: for comparison, never recorded. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** One field that is not as wanted. `show`: values may be told. */
export interface Difference {
  readonly field: string;
  readonly have: unknown;
  readonly want: unknown;
  readonly updatable: boolean;
  readonly show: boolean;
}

export interface Kind<K extends ResourceKind = ResourceKind> {
  readonly kind: K;
  /** Where the API has it, for kinds of Neutron with a name and a description of their own. */
  readonly collection?: NetworkCollection;
  /** Fields that rollback sets back: those that `update` may change, without secrets. */
  readonly restorable: readonly string[];
  /** Of a kind that several VPNs use: whether another than this one does. That it is still in use when this one goes is no obstacle then. */
  usedByOthers?(found: Found, scope: Pick<StepScope, 'vpn' | 'site' | 'region' | 'attempt'>): Promise<boolean>;
  /** What goes on for another VPN of ours that uses it is marked as that one's: by it a destroy, and the rollback of its run, find it. Resolves to whether there is one. */
  handOver?(found: Found, scope: Pick<StepScope, 'vpn' | 'site' | 'region' | 'attempt'>): Promise<boolean>;
  /** What belongs to the step: of this VPN and step by mark, or, for what has no mark, by what it is part of. */
  find(scope: StepScope<K>): Promise<readonly Found[]>;
  /** What is known to belong to the step by its id, if it stands and still does. Absent for what `find` does not take from a list. */
  show?(id: string, scope: StepScope<K>): Promise<Found | undefined>;
  /** All of the kind in the region with our owner's mark. Empty for kinds without marks. */
  inventory(region: Region, attempt: Attempt): Promise<readonly Found[]>;
  create(scope: StepScope<K>): Promise<Found>;
  /** Fails as `create` would before it sends anything: for a plan, which sends nothing. */
  mustBeMakeable?(scope: StepScope<K>): void;
  differs(found: Found, scope: StepScope<K>): readonly Difference[];
  update(
    found: Found,
    fields: Readonly<Record<string, unknown>>,
    scope: Pick<StepScope, 'vpn' | 'region' | 'attempt'>,
  ): Promise<Found>;
  /** Fails where several stand and it is not clear which is to be used. Without it, one of them is as good as another. */
  mustBeClear?(found: readonly Found[], scope: StepScope<K>): Promise<void>;
  /** Whether something else refers to it: of several doubles, that one stays. */
  isReferenced(found: Found, scope: Pick<StepScope, 'region' | 'attempt'>): Promise<boolean>;
  /** Removes it and returns when it is gone. */
  remove(found: Found, scope: Pick<StepScope, 'region' | 'attempt'>): Promise<void>;
  /** What later steps and the result need of it. */
  output(found: Found, scope: StepScope<K>): Partial<Omit<StepOutput, 'id' | 'name' | 'action'>>;
}

/** Whether it stands and bears the step's mark. */
export function isOfStep(found: Found | undefined, { site, vpn, step }: StepScope): found is Found {
  return isMarkOf(found?.mark, site.owner, vpn, step.key);
}

/** Key of the step of a kind at the same site: where both belong to a subnet, of the same one. */
export function keyBeside({ site, kind, part }: ResourceStep, other: ResourceKind): string {
  return siteStepKey(site, other, KINDS[kind].ofSubnet && KINDS[other].ofSubnet ? part : undefined);
}

/** The output of the step of that kind beside this one, or of the first of the kind at `site`. */
export function need(scope: StepScope, kind: ResourceKind, site = scope.step.site): StepOutput {
  const { step, outputs } = scope;
  const own = step.link === undefined ? undefined : outputs[endStepKey(step.link, site, kind)];
  return own ?? needAt(scope, site === step.site ? keyBeside(step, kind) : siteStepKey(site, kind));
}

/** The output of the step with that key. */
export function needAt({ step, outputs }: StepScope, key: string): StepOutput {
  const output = outputs[key];
  if (output === undefined) throw refuse('SpecConflict', `step ${step.key} needs ${key}, which no step made`);
  return output;
}

/** The outputs of all steps of that kind at the same site, or at `site`, by part and in the graph's order: at least one. */
export function needAll(
  { step, outputs }: StepScope,
  kind: ResourceKind,
  site = step.site,
): ReturnType<typeof partsAt> {
  // They come in the order in which their steps ended.
  const order = (key: string) => (step.needs.includes(key) ? step.needs.indexOf(key) : step.needs.length);
  const sorted = Object.entries(outputs).sort(([a], [b]) => order(a) - order(b));
  const all = partsAt(Object.fromEntries(sorted), site, kind);
  if (all.length === 0)
    throw refuse('SpecConflict', `step ${step.key} needs the ${kind} of ${site}, which no step made`);
  return all;
}

/** The mark of a step's resource, with what else is to stand in it. */
export function markOf(scope: StepScope, more: Pick<Mark, 'nonce' | 'key' | 'peer' | 'note'> = {}): string {
  return formatMark({ owner: scope.site.owner, vpn: scope.vpn, step: scope.step.key, run: scope.run, ...more });
}
