/**
 * Ordered faults: what the simulator does instead of, before or after answering a call that matches. Every fault that a client can meet, so that a test can order it.
 * The rule: data in, data out; how each kind acts stands in `http.ts`, in one switch.
 */
import { z } from 'zod';

/** What happens to a matching call. `effect`: whether the request acts on the cloud all the same. */
const FAULT_KIND = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('answer'),
    status: z.int().min(100).max(599),
    body: z.unknown().optional(),
    headers: z.record(z.string(), z.string()).optional(),
    effect: z.boolean(),
  }),
  z.strictObject({ kind: z.literal('delay'), ms: z.number().min(0) }),
  /** Acts and answers once the faults are cleared. */
  z.strictObject({ kind: z.literal('hold') }),
  /** Acts at once and answers later. */
  z.strictObject({ kind: z.literal('lag'), ms: z.number().min(0) }),
  z.strictObject({ kind: z.literal('reset'), effect: z.boolean() }),
  /** Half of the answer, after the effect. */
  z.strictObject({ kind: z.literal('truncate') }),
  /**
   * No answer until the client gives up. Acts `lateMs` after that; with `lateAfterLookUp`, right after the collection was listed next, so that who
   * looks before it makes another does not see it; else never.
   */
  z.strictObject({
    kind: z.literal('hang'),
    lateMs: z.number().min(0).optional(),
    lateAfterLookUp: z.boolean().optional(),
  }),
  z.strictObject({ kind: z.literal('duplicate') }),
  z.strictObject({ kind: z.literal('expireTokens') }),
  /** Someone else removes what the call has just made, or what it names before it acts, where the cloud lets them. */
  z.strictObject({ kind: z.literal('forget') }),
  /** The refusal that the collection gives for a resource that something uses. */
  z.strictObject({ kind: z.literal('inUse') }),
  /** The refusal of a quota that is used up. */
  z.strictObject({ kind: z.literal('overQuota') }),
  /** Reads are answered from the state in which the region was when this fault first acted: a replica that lags behind. */
  z.strictObject({ kind: z.literal('stale') }),
  /**
   * From this call on, that kind of resource (or that id) shows that status, for `ms` or until the faults are cleared. With `until`, its agent has
   * forgotten it: no packets pass either, until its router is updated, or its service was set down, seen so by the agent, and set up again, or for ever.
   */
  z.strictObject({
    kind: z.literal('stick'),
    resource: z.string(),
    status: z.string(),
    ms: z.number().min(0).optional(),
    until: z.enum(['routerUpdate', 'serviceUpdate', 'never']).optional(),
  }),
]);
export type FaultKind = z.infer<typeof FAULT_KIND>;

/** Which calls meet a fault. Absent fields match everything. */
export const FAULT_PLAN = z.strictObject({
  method: z.string().optional(),
  /** Regular expression on the path without its prefix: `^/v2.0/networks$`. */
  path: z.string().optional(),
  region: z.string().optional(),
  service: z.string().optional(),
  /** Matching calls that pass before the fault acts. */
  skip: z.int().min(0).optional(),
  /** How many calls it acts on, 0 for every; default 1, or every with `forMs`. */
  times: z.int().min(0).optional(),
  /** Acts on matching calls for so long from the first one on: with a region and a reset it is an outage of that region. */
  forMs: z.number().min(0).optional(),
  /** From its first call on it acts on every call to that call's region: an outage that begins in an exact call. */
  wholeRegion: z.boolean().optional(),
  /** Chance of acting, 0 to 1, from a seeded sequence; default always. */
  chance: z.number().min(0).max(1).optional(),
  fault: FAULT_KIND,
});
export type FaultPlan = z.infer<typeof FAULT_PLAN>;

export interface CallKey {
  readonly method: string;
  readonly path: string;
  readonly region: string;
  readonly service: string;
}

interface Entry {
  readonly plan: FaultPlan;
  seen: number;
  acted: number;
  /** When it first acted, in epoch milliseconds, and in which region. */
  first?: { readonly at: number; readonly region: string };
}

/** A plan that was ordered. */
export interface OrderedFault {
  /** Calls that have met it. */
  readonly acted: number;
  /** No further call meets it; what it has set going goes on. */
  withdraw(): void;
}

/** A fault that a call meets, and the moment its plan first acted. */
export interface MetFault {
  readonly fault: FaultKind;
  readonly plan: FaultPlan;
}

export class Faults {
  private readonly entries: Entry[] = [];
  private seed = 1;
  private readonly clearing = new Set<() => void>();

  add(plan: FaultPlan): OrderedFault {
    const entry: Entry = { plan, seen: 0, acted: 0 };
    const { entries } = this;
    entries.push(entry);
    return {
      get acted() {
        return entry.acted;
      },
      withdraw() {
        if (entries.includes(entry)) entries.splice(entries.indexOf(entry), 1);
      },
    };
  }

  clear(): void {
    this.entries.length = 0;
    for (const undo of this.clearing) undo();
    this.clearing.clear();
  }

  /** Called when the plans are cleared: ends what a fault has set going. */
  onClear(undo: () => void): void {
    this.clearing.add(undo);
  }

  list(): readonly (FaultPlan & { readonly acted: number })[] {
    return this.entries.map(({ plan, acted }) => ({ ...plan, acted }));
  }

  /** The fault that the next call meets, if any; counts the call. */
  next(call: CallKey, now = Date.now()): MetFault | undefined {
    for (const entry of this.entries) {
      const { plan } = entry;
      const isReached = plan.wholeRegion === true && entry.first?.region === call.region;
      if (!(isReached || matches(plan, call)) || isOver(entry, now)) continue;
      entry.seen++;
      if (entry.seen <= (plan.skip ?? 0)) continue;
      if (plan.chance !== undefined && this.random() >= plan.chance) continue;
      entry.acted++;
      entry.first ??= { at: now, region: call.region };
      return { fault: plan.fault, plan };
    }
    return undefined;
  }

  /** A small seeded generator (Lehmer), so that a run with chances can be repeated. */
  private random(): number {
    this.seed = (this.seed * 48271) % 2147483647;
    return this.seed / 2147483647;
  }
}

function isOver({ plan, acted, first }: Entry, now: number): boolean {
  if (plan.forMs !== undefined && first !== undefined && now - first.at >= plan.forMs) return true;
  const times = plan.times ?? (plan.forMs === undefined ? 1 : 0);
  return times !== 0 && acted >= times;
}

function matches(plan: FaultPlan, call: CallKey): boolean {
  return (
    (plan.method === undefined || plan.method === call.method) &&
    (plan.region === undefined || plan.region === call.region) &&
    (plan.service === undefined || plan.service === call.service) &&
    (plan.path === undefined || new RegExp(plan.path).test(call.path))
  );
}
