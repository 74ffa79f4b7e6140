/**
 * Ordered faults: what the simulator does instead of, before or after answering a call that matches. Every fault that a client can meet, so that a test can order it.
 * The rule: data in, data out; how each kind acts stands in `http.ts`, in one switch.
 */

/** What happens to a matching call. `effect`: whether the request acts on the cloud all the same. */
export type FaultKind =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
      readonly effect: boolean;
    }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'reset'; readonly effect: boolean }
  | { readonly kind: 'truncate' }
  /** No answer until the client gives up; acts `lateMs` after that, or never. */
  | { readonly kind: 'hang'; readonly lateMs?: number }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'expireTokens' }
  /** Removes what the call has just made or shown, as someone else would. */
  | { readonly kind: 'forget' };

export interface FaultPlan {
  /** Absent fields match everything. */
  readonly method?: string;
  /** Regular expression on the path without its prefix: `^/v2.0/networks$`. */
  readonly path?: string;
  readonly region?: string;
  readonly service?: string;
  /** Matching calls that pass before the fault acts. */
  readonly skip?: number;
  /** How many calls it acts on; default 1, `Infinity` for every. */
  readonly times?: number;
  /** Chance of acting, 0 to 1, from a seeded sequence; default always. */
  readonly chance?: number;
  readonly fault: FaultKind;
}

export interface CallKey {
  readonly method: string;
  readonly path: string;
  readonly region: string;
  readonly service: string;
}

export class Faults {
  private readonly plans: { readonly plan: FaultPlan; seen: number; acted: number }[] = [];
  private seed = 1;

  add(plan: FaultPlan): void {
    this.plans.push({ plan, seen: 0, acted: 0 });
  }

  clear(): void {
    this.plans.length = 0;
  }

  list(): readonly (FaultPlan & { readonly acted: number })[] {
    return this.plans.map(({ plan, acted }) => ({ ...plan, acted }));
  }

  /** The fault that the next call meets, if any; counts the call. */
  next(call: CallKey): FaultKind | undefined {
    for (const entry of this.plans) {
      const { plan } = entry;
      if (!matches(plan, call) || entry.acted >= (plan.times ?? 1)) continue;
      entry.seen++;
      if (entry.seen <= (plan.skip ?? 0)) continue;
      if (plan.chance !== undefined && this.random() >= plan.chance) continue;
      entry.acted++;
      return plan.fault;
    }
    return undefined;
  }

  /** A small seeded generator (Lehmer), so that a run with chances can be repeated. */
  private random(): number {
    this.seed = (this.seed * 48271) % 2147483647;
    return this.seed / 2147483647;
  }
}

function matches(plan: FaultPlan, call: CallKey): boolean {
  return (
    (plan.method === undefined || plan.method === call.method) &&
    (plan.region === undefined || plan.region === call.region) &&
    (plan.service === undefined || plan.service === call.service) &&
    (plan.path === undefined || new RegExp(plan.path).test(call.path))
  );
}
