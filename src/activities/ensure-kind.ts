/**
 * The algorithm of "ensure", once for every kind: find before create on every attempt, adopt what is equal, change what can be changed, refuse the rest.
 * The rule: what is decided is decided by `inspectKind`, which only reads and which a plan asks as well. Nothing is ever deleted, but for one case: a
 * resource of ours in ERROR that nothing uses is removed and made again.
 */
import { KINDS } from '../graph/kinds.js';
import type { ResourceKind, StepAction, StepOutput } from '../graph/types.js';
import { verdictOn } from '../openstack/error-table.js';
import { OpenStackError } from '../openstack/errors.js';
import { isGone, later, refuse } from './failures.js';
import type { Difference, Found, Kind, StepScope } from './kind.js';

/** Looks after a create: a list may lag behind for some seconds, but not for ever. */
const LOOKS = 5;

/** Kinds and regions in which a create was seen in a later list by this worker; asked once each, not once a step. */
const seen = new Set<string>();

/** What stands for a step, and what is not as wanted. */
export interface Inspection {
  /** What the step uses. Undefined: it makes one. */
  readonly found: Found | undefined;
  readonly differences: readonly Difference[];
  /** Ours, in ERROR, and used by nothing: they go before one is made. */
  readonly broken: readonly Found[];
}

/** `standing`: what a look of the caller's has just found, so that it is not asked for again. */
export async function ensureKind<K extends ResourceKind>(
  kind: Kind<K>,
  scope: StepScope<K>,
  standing?: readonly Found[],
): Promise<StepOutput> {
  const { found, differences, broken } = await inspectKind(kind, scope, standing);
  for (const one of broken) await kind.remove(one, scope);
  if (found === undefined) {
    const made = await create(kind, scope);
    await mustBeSeen(kind, made, scope);
    return outputOf(kind, made, made.mark?.run === scope.run || made.mark === undefined ? 'created' : 'adopted', scope);
  }
  const action = actionOf(found, scope);
  if (differences.length === 0) return outputOf(kind, found, action, scope);
  const fixed = differences.filter((difference) => !difference.updatable);
  if (fixed.length > 0) throw conflict(found, fixed, scope);
  const fields = Object.fromEntries(differences.map(({ field, want }) => [field, want]));
  const updated = await update(kind, found, fields, scope);
  if (updated === undefined)
    throw later(
      'CloudUnavailable',
      `${found.name} (${found.id}) was removed by someone in this moment: it is made again`,
    );
  return outputOf(kind, updated, action === 'created' ? action : 'updated', scope);
}

/** Changes what was found. Undefined where someone has removed it since, and not something that it names. */
export async function update<K extends ResourceKind>(
  kind: Kind<K>,
  found: Found,
  fields: Readonly<Record<string, unknown>>,
  scope: StepScope<K>,
): Promise<Found | undefined> {
  try {
    return await kind.update(found, fields, scope);
  } catch (error) {
    if (isGone(error) && kind.show !== undefined && (await kind.show(found.id, scope)) === undefined) return undefined;
    throw error;
  }
}

/** What `ensureKind` goes by. Only reads. Fails as `mustBeClear` and `differs` do. */
export async function inspectKind<K extends ResourceKind>(
  kind: Kind<K>,
  scope: StepScope<K>,
  standing?: readonly Found[],
): Promise<Inspection> {
  // Another run's test VM runs another run's script: it is never adopted, only cleaned up.
  const own = (standing ?? (await kind.find(scope))).filter(
    (one) => !scope.step.temporary || one.mark?.run === scope.run,
  );
  const broken: Found[] = [];
  for (const one of own) if (await isBroken(kind, one, scope)) broken.push(one);
  const usable = own.filter((one) => !broken.includes(one) && !isReplaced(kind, one, scope));
  await kind.mustBeClear?.(usable, scope);
  const found = await choose(kind, usable, scope);
  return { found, differences: found === undefined ? [] : kind.differs(found, scope), broken };
}

/** One whose place another takes: it stays until the run's end, since it is in use. */
function isReplaced<K extends ResourceKind>(kind: Kind<K>, one: Found, scope: StepScope<K>): boolean {
  return KINDS[kind.kind].replaced === true && kind.differs(one, scope).some(({ updatable }) => !updatable);
}

/**
 * Makes it. A refusal may be the doing of a twin of this very request, which a proxy has delivered twice or whose answer was lost: a subnet that overlaps
 * itself, the last of a quota. So it is looked for once more, and again by later tries while such a write may not be seen yet.
 */
async function create<K extends ResourceKind>(kind: Kind<K>, scope: StepScope<K>): Promise<Found> {
  const { doubtAt } = scope.attempt;
  try {
    return await kind.create(scope);
  } catch (error) {
    if (!(error instanceof OpenStackError) || !verdictOn(error).twin) throw error;
    const twin = (await kind.find(scope)).find((one) => one.mark?.run === scope.run);
    if (twin !== undefined) return twin;
    if (doubtAt === undefined || Date.now() - doubtAt > scope.worker.timing.attemptMs) throw error;
    throw later(
      'CloudUnavailable',
      `${error.message}. An earlier write of this step, whose answer was lost, may stand in its way: it is looked for again`,
    );
  }
}

/** The one that the step uses. Doubles are left for the settle step. */
async function choose<K extends ResourceKind>(
  kind: Kind<K>,
  found: readonly Found[],
  scope: StepScope<K>,
): Promise<Found | undefined> {
  // A double means that some write landed twice: what else it left is looked for before the run ends.
  if (found.length > 1) scope.attempt.doubtAt ??= Date.now();
  return theUsed(kind, found, scope);
}

/** Of several of a step, the one that others refer to, else the smallest id. */
export async function theUsed<K extends ResourceKind>(
  kind: Kind<K>,
  found: readonly Found[],
  scope: Pick<StepScope, 'region' | 'attempt'>,
): Promise<Found | undefined> {
  const sorted = [...found].sort((a, b) => a.id.localeCompare(b.id));
  if (sorted.length > 1) for (const one of sorted) if (await kind.isReferenced(one, scope)) return one;
  return sorted[0];
}

async function isBroken<K extends ResourceKind>(kind: Kind<K>, one: Found, scope: StepScope<K>): Promise<boolean> {
  return one.status === 'ERROR' && one.mark?.owner === scope.site.owner && !(await kind.isReferenced(one, scope));
}

async function mustBeSeen<K extends ResourceKind>(kind: Kind<K>, made: Found, scope: StepScope<K>): Promise<void> {
  const key = `${kind.kind} ${scope.site.networkEndpoint} ${scope.site.projectId}`;
  if (seen.has(key)) return;
  for (let look = 0; look < LOOKS; look++) {
    if ((await kind.find(scope)).some((one) => one.id === made.id || made.mark === undefined)) {
      seen.add(key);
      return;
    }
    await scope.attempt.pause(scope.worker.timing.pollMs);
  }
  // It is there all the same: the run looks for it again before it ends.
  scope.attempt.doubtAt = Date.now();
  throw refuse(
    'CannotSeeOwnResources',
    `${kind.kind} ${made.name} (${made.id}) was made in ${scope.region.name}, but no list shows it: the credentials may create but not list. Give them the role that lists VPN and network resources`,
  );
}

/** What becomes of a resource that is used as it is. */
export function actionOf(found: Found, scope: StepScope): StepAction {
  if (found.mark === undefined) return scope.step.kind === 'vpnService' ? 'shared' : 'adopted';
  // Made by an earlier attempt of this very run, whose answer was lost.
  return found.mark.run === scope.run ? 'created' : 'adopted';
}

function conflict(found: Found, fields: readonly Difference[], scope: StepScope): Error {
  const list = fields.map(({ field, have, want, show }) =>
    show ? `${field} is ${JSON.stringify(have)}, wanted ${JSON.stringify(want)}` : `${field} differs`,
  );
  return refuse(
    'SpecConflict',
    `${scope.step.kind} ${found.name} (${found.id}) in ${scope.region.name} cannot be changed to what the spec says: ${list.join('; ')}. Destroy the VPN first, or keep these fields as they are`,
  );
}

/** What a step hands on of the resource that it uses. */
export function outputOf<K extends ResourceKind>(
  kind: Kind<K>,
  found: Found,
  action: StepAction,
  scope: StepScope<K>,
): StepOutput {
  if (found.id === '') throw later('CloudUnavailable', `the cloud answered without an id for ${scope.step.title}`);
  const { doubtAt } = scope.attempt;
  return {
    id: found.id,
    name: found.name || scope.step.name,
    action,
    ...kind.output(found, scope),
    ...(doubtAt === undefined ? {} : { doubtAt }),
  };
}
