/**
 * The algorithm of "remove", once for every kind: what the mark leads to goes, what was adopted stays, what was changed is set back.
 * The rule: absent is success; "in use" is waited for, not forced; what cannot go is told by kind, name, id, region and reason.
 */
import { ApplicationFailure } from '@temporalio/common';
import type { ResourceKind } from '../graph/types.js';
import { verdictOn } from '../openstack/error-table.js';
import { OpenStackError } from '../openstack/errors.js';
import type { Leftover, RemoveInput, RemoveOutput } from '../workflows/protocol.js';
import { update } from './ensure-kind.js';
import { isInUse, isUnauthorized, later, leftoversIn, refuse } from './failures.js';
import { type Found, type Kind, keyBeside, type StepScope } from './kind.js';
import { sameValue } from './resources/neutron-kind.js';
import { unsealed } from './resources/site-connection.js';

/** Kinds without a mark of their own: whether they were there before the run tells whose they are. */
const UNMARKED = new Set(['externalGateway', 'routerInterface']);

/** "In use" by something that is not ours to remove ends after so many request timeouts (10 minutes by default). */
const IN_USE_TIMEOUTS = 20;

export async function removeKind(kind: Kind, input: RemoveInput, scope: StepScope): Promise<RemoveOutput> {
  const found = await findOwn(kind, input, scope);
  const ids: string[] = [];
  const failures: unknown[] = [];
  for (const one of found.filter((other) => isDue(other, input))) {
    try {
      if (await removeOne(kind, one, input, scope)) ids.push(one.id);
    } catch (error) {
      // Its doubles may go all the same.
      failures.push(error);
    }
  }
  if (failures.length > 0) throw asOne(failures);
  const restored = ids.length > 0 ? undefined : await restore(kind, found, input, scope);
  const { doubtAt } = scope.attempt;
  return {
    action: ids.length > 0 ? 'removed' : (restored ?? (found.length > 0 ? 'kept' : 'absent')),
    ids,
    ...(doubtAt === undefined ? {} : { doubtAt }),
  };
}

/** Several failures as one: the first that passes, else all that is left behind. */
function asOne(failures: readonly unknown[]): unknown {
  const final = failures.filter((error) => error instanceof ApplicationFailure && error.nonRetryable === true);
  const passing = failures.find((error) => !final.includes(error as ApplicationFailure));
  if (passing !== undefined || failures.length === 1) return passing ?? failures[0];
  const refusals = final as readonly ApplicationFailure[];
  return refuse('Leftovers', refusals.map(({ message }) => message).join('\n'), refusals.flatMap(leftoversIn));
}

/** Whether a removal would find nothing to do. */
export async function isDone(kind: Kind, input: RemoveInput, scope: StepScope): Promise<boolean> {
  const found = await findOwn(kind, input, scope);
  return !found.some((one) => isDue(one, input)) && changedSince(found, input, scope) === undefined;
}

/**
 * What stands of a step, by its mark, and by its id where that is known and no list shows it: a list may lag behind. Nothing, where the resources it is a
 * part of are not known: then it never began.
 */
async function findOwn(kind: Kind, input: RemoveInput, scope: StepScope): Promise<readonly Found[]> {
  const parts = UNMARKED.has(kind.kind) || kind.kind === 'vpnService';
  const knows = (other: ResourceKind) => scope.outputs[keyBeside(input.step, other)] !== undefined;
  if (parts && !knows('router')) return [];
  if (kind.kind === 'routerInterface' && !knows('subnet')) return [];
  const listed = await kind.find(scope);
  const { made } = input;
  if (made === undefined || listed.some(({ id }) => id === made.id)) return listed;
  const known = await kind.show?.(made.id, scope);
  return known === undefined ? listed : [...listed, known];
}

/**
 * Rollback removes what this run made; destroy, and the clean-up of test VMs, everything of the step; settling beside a resource that
 * stays, all its doubles. Never what is not ours.
 */
function isDue(found: Found, input: RemoveInput): boolean {
  const { run, before, keep, only, step, site } = input;
  if (found.id === keep || only?.includes(found.id) === false) return false;
  // What another has taken the place of goes by itself, once a run can no longer be undone.
  if (keep !== undefined && found.id === before?.id) return false;
  // There is one of these at most, so it has no doubles.
  if (UNMARKED.has(step.kind)) return keep === undefined && (run === undefined || before === undefined);
  if (found.mark?.owner !== site.owner) return false;
  return run === undefined || step.temporary || keep !== undefined || found.mark.run === run;
}

/** Whether it is gone. False for what others share and still need. */
async function removeOne(kind: Kind, found: Found, input: RemoveInput, scope: StepScope): Promise<boolean> {
  try {
    await kind.remove(found, scope);
    return true;
  } catch (error) {
    if (!(error instanceof OpenStackError) || isUnauthorized(error)) throw error;
    // Someone else's connection keeps it. Without one, what says so is behind, and the removal is tried again.
    if (isInUse(error) && (await kind.usedByOthers?.(found, scope))) return leaveToOthers(kind, found, input, scope);
    const leftover: Leftover = {
      kind: kind.kind,
      name: found.name || input.step.name,
      id: found.id,
      region: input.site.region,
      reason: error.message,
    };
    const gaveUp = `${kind.kind} ${leftover.name} (${found.id}) in ${leftover.region} cannot be removed: ${error.message}. What to do: ${verdictOn(error).cure}`;
    if (isInUse(error)) {
      if (isPatient(input, scope)) throw later('CloudUnavailable', error.message);
      throw refuse('Leftovers', gaveUp, [leftover]);
    }
    if (verdictOn(error).retry === 'no') throw refuse('Leftovers', gaveUp, [leftover]);
    throw error;
  }
}

/** Whether what is in the way may still go by itself. */
function isPatient({ blocked, timing }: RemoveInput, { attempt }: StepScope): boolean {
  attempt.inUseSince ??= Date.now();
  return !blocked && Date.now() - attempt.inUseSince < IN_USE_TIMEOUTS * timing.httpTimeoutMs;
}

/** Whether it is gone all the same: where those that used it have left meanwhile, and took it for another's, nobody else would come for it. */
async function leaveToOthers(kind: Kind, found: Found, input: RemoveInput, scope: StepScope): Promise<boolean> {
  try {
    if (!(await kind.handOver?.(found, scope))) return false;
  } catch (error) {
    if (!(error instanceof OpenStackError)) throw error;
    // It works for them as it is, and a sweep finds it without a name.
    if (verdictOn(error).retry === 'no' || !isPatient(input, scope)) return false;
    throw error;
  }
  if (await kind.isReferenced(found, scope)) return false;
  await kind.remove(found, scope);
  return true;
}

/** What this run may have changed, whether or not its answer came, and how it was before. What is not ours, it has not. */
function changedSince(
  found: readonly Found[],
  { before, site }: RemoveInput,
  scope: StepScope,
): { readonly one: Found; readonly fields: Readonly<Record<string, unknown>> } | undefined {
  const one = found.find((other) => other.id === before?.id);
  if (before === undefined || one?.mark?.owner !== site.owner) return undefined;
  const fields = { ...before.fields, ...unsealed(before, scope) };
  const changed = Object.entries(fields).filter(([field, value]) => !sameValue(one.fields[field], value));
  return changed.length === 0 ? undefined : { one, fields: Object.fromEntries(changed) };
}

/** Sets back what is to be, unless someone has removed it meanwhile. */
async function restore(
  kind: Kind,
  found: readonly Found[],
  input: RemoveInput,
  scope: StepScope,
): Promise<'restored' | 'absent' | undefined> {
  const changed = changedSince(found, input, scope);
  if (changed === undefined) return undefined;
  return (await update(kind, changed.one, changed.fields, scope)) === undefined ? 'absent' : 'restored';
}
