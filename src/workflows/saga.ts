/**
 * The saga: forward steps in one scope, undo in a shielded one. What is made, changed or in doubt is known here and nowhere else in a workflow.
 * The rule: a step's undo is registered before the step starts, and nothing is undone while a forward step still runs.
 */
import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  isCancellation,
  TemporalFailure,
} from '@temporalio/workflow';
import { KINDS } from '../graph/kinds.js';
import { type ActStep, isResourceStep, type ResourceStep, type Step, type StepOutput } from '../graph/types.js';
import { walkBackward, walkForward } from '../graph/walk.js';
import { awaitTunnel, ensureStep, pingPeers, removeStep, settle } from './activities.js';
import { doubtOf, leftoversOf, leftoversOrUnknown, lookedInVain, oneLine } from './failures.js';
import type {
  BeforeState,
  InventoryOutput,
  Leftover,
  LinkInput,
  Nudging,
  PingOutput,
  RemoveInput,
  ResolvedVpn,
  SettleInput,
  SitePins,
  TunnelOutput,
} from './protocol.js';
import type { Tracker } from './tracker.js';

export class Saga {
  readonly outputs = new Map<string, StepOutput>();
  readonly pings = new Map<string, PingOutput>();
  readonly tunnels = new Map<string, TunnelOutput>();
  readonly leftovers: Leftover[] = [];
  readonly warnings: string[] = [];
  /** Steps whose undo is due on rollback; in it before the step's first attempt. */
  private readonly begun = new Map<string, ResourceStep>();
  /** Epoch milliseconds of each step's last write whose effect is not certain. */
  private readonly doubts = new Map<string, number>();

  constructor(
    private readonly resolved: ResolvedVpn,
    private readonly run: string,
    private readonly startedAt: number,
    private readonly tracker: Tracker,
  ) {
    for (const [key, given] of Object.entries(resolved.given)) this.outputs.set(key, given);
  }

  /**
   * Walks the graph forwards. Resolves to what ended it, or to undefined; all branches have settled either way. What a step fails of once the run is
   * cancelled is not why it ended: a step that lost its worker is not tried again then, and times out.
   */
  async forward(): Promise<unknown> {
    const run = CancellationScope.current();
    const scope = new CancellationScope();
    let cancelled = false;
    const stop = () => {
      cancelled = run.consideredCancelled;
      scope.cancel();
    };
    try {
      await scope.run(() => walkForward(this.resolved.graph.steps, (step) => this.runStep(step), stop));
      return undefined;
    } catch (error) {
      return cancelled && error instanceof TemporalFailure
        ? new CancelledFailure('cancelled')
        : (error ?? new Error('a step failed without a reason'));
    }
  }

  /**
   * Undoes, then settles. What was still in use by then may have been in use by a late effect that settling has just removed, so it is tried once more.
   */
  async unwind(what: 'temporary' | 'everything', outcome: 'made' | 'undone'): Promise<void> {
    await this.undo(what);
    const late = await this.settle(outcome);
    if (this.doubts.size > 0 && this.due(what).length > 0) {
      this.leftovers.length = 0;
      await this.undo(what);
    }
    this.leftovers.push(...late.filter((one) => !this.leftovers.some((left) => left.id === one.id)));
  }

  /** Steps whose undo has not ended with certainty. */
  private due(what: 'temporary' | 'everything'): readonly ResourceStep[] {
    return [...this.begun.values()].filter((step) => what === 'everything' || step.temporary);
  }

  /** Undoes the test VMs, or with `everything` all that this run began. Cannot be cancelled; goes on past failures into `leftovers`. */
  private async undo(what: 'temporary' | 'everything'): Promise<void> {
    const due = this.due(what);
    const stuck = new Set<string>();
    await CancellationScope.nonCancellable(() =>
      walkBackward(this.resolved.graph.steps, due, async (step) => {
        const blocked = this.resolved.graph.steps.some(
          (other) => stuck.has(other.key) && other.needs.includes(step.key),
        );
        const end = await this.undoStep(step, blocked);
        if (end === 'undone') this.begun.delete(step.key);
        if (end === 'stuck') stuck.add(step.key);
      }),
    );
  }

  /**
   * The last look: for doubles of what was made, and for late effects of doubtful writes until `settleTime` after the last of them. Resolves to
   * what could not be removed, or not be looked for.
   */
  private async settle(outcome: 'made' | 'undone'): Promise<readonly Leftover[]> {
    const { spec, graph, timing } = this.resolved;
    const doubted = this.doubts.size > 0;
    const steps = graph.steps
      .filter(isResourceStep)
      .filter(
        (step) => this.doubts.has(step.key) || (outcome === 'made' && !step.temporary && this.outputs.has(step.key)),
      );
    if (steps.length === 0) return [];
    const until = doubted ? Math.max(...this.doubts.values()) + spec.settleTimeSeconds * 1000 : 0;
    if (doubted) this.tracker.settle(until);
    const input: SettleInput = {
      vpn: spec.name,
      run: this.run,
      steps: steps.map((step) => this.settled(step, outcome)),
      outputs: Object.fromEntries(this.outputs),
      until,
      timing,
    };
    const summary = doubted
      ? `Look for late effects of ${this.doubts.size} uncertain writes`
      : 'Look whether anything was made twice';
    return CancellationScope.nonCancellable(async () => {
      try {
        await settle(input, { withinMs: spec.rollbackForSeconds * 1000, summary });
        return [];
      } catch (error) {
        const said = leftoversOf(error);
        if (said.length > 0) return said;
        if (!doubted) {
          this.warnings.push(`whether anything was made twice could not be looked for: ${oneLine(error)}`);
          return [];
        }
        return input.steps
          .filter(({ step }) => this.doubts.has(step.key))
          .map(({ step, site }) => lookedInVain(step, site, error));
      } finally {
        this.tracker.settled();
      }
    });
  }

  /**
   * What another resource has taken the place of, and what the spec has no more, as a graph to walk backwards. Until it goes, the run can be undone: so it
   * goes last, once nothing can fail or cancel the run any more.
   */
  superseded(): InventoryOutput {
    const { graph, sites, timing, retired } = this.resolved;
    const kept = retired?.graph.steps ?? [];
    const replaced = graph.steps.filter(isResourceStep).flatMap((step) => {
      const old = this.replacedBy(step);
      return old === undefined ? [] : [{ step, old }];
    });
    const found = replaced.map(({ step, old }) => {
      const { name = step.name } = old.fields;
      return [step.key, { id: old.id, name: String(name), action: 'adopted' } as const] as const;
    });
    return {
      // An endpoint group keeps the subnets in it.
      graph: {
        steps: [...kept, ...replaced.map(({ step }) => ({ ...step, needs: kept.map(({ key }) => key) }))],
      },
      found: { ...retired?.found, ...Object.fromEntries(found) },
      sites,
      timing,
    };
  }

  /** What stood for a step at the run's start, where the step has made another one beside it. */
  private replacedBy(step: ResourceStep): BeforeState | undefined {
    const before = this.resolved.before[step.key];
    const made = this.outputs.get(step.key);
    const isOther = KINDS[step.kind].replaced === true && made !== undefined && made.id !== before?.id;
    return isOther ? before : undefined;
  }

  private settled(step: ResourceStep, outcome: 'made' | 'undone'): SettleInput['steps'][number] {
    const id = outcome === 'made' && !step.temporary ? this.outputs.get(step.key)?.id : undefined;
    const replaced = this.replacedBy(step);
    const spared = replaced === undefined ? upAgain(step, id) : { id: replaced.id, fields: {} };
    const before = outcome === 'undone' ? this.resolved.before[step.key] : spared;
    return {
      step,
      site: this.site(step.site),
      ...(id === undefined ? {} : { keep: id }),
      ...(before === undefined ? {} : { before }),
    };
  }

  private async runStep(step: Step): Promise<void> {
    // Ready in the very moment of a cancel: it never begins, so there is nothing to undo and nothing in doubt.
    if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('cancelled');
    if (isResourceStep(step)) this.begun.set(step.key, step);
    this.tracker.step(step.key, 'running');
    try {
      if (isResourceStep(step)) await this.ensure(step);
      else await this.act(step);
    } catch (error) {
      this.tracker.step(step.key, isCancellation(error) ? 'cancelled' : 'failed', { note: oneLine(error) });
      throw error;
    }
  }

  private async ensure(step: ResourceStep): Promise<void> {
    const { resolved } = this;
    const link = step.link === undefined ? undefined : resolved.links[step.link];
    try {
      const output = await ensureStep(
        {
          vpn: resolved.spec.name,
          run: this.run,
          step,
          site: this.site(step.site),
          ...(link === undefined ? {} : { link }),
          outputs: this.outputsFor(step),
          timing: resolved.timing,
        },
        { withinMs: this.timeLeftMs(), summary: `${step.title} in ${this.site(step.site).region}` },
      );
      this.outputs.set(step.key, output);
      if (output.doubtAt !== undefined) this.doubt(step.key, output.doubtAt);
      this.tracker.step(step.key, 'done', { output });
    } catch (error) {
      const at = doubtOf(error);
      if (at !== undefined) this.doubt(step.key, at);
      throw error;
    }
  }

  /**
   * Another VPN over the same router may have removed the VPN service between its step and its connection, which then stands on a service with
   * another address: the step is done again for what it hands on, and the peer's connection, which is then set to call it there.
   */
  private async followServices(act: ActStep): Promise<void> {
    const steps = this.resolved.graph.steps.filter(isResourceStep);
    for (const connection of steps.filter((step) => step.kind === 'siteConnection' && step.link === act.link)) {
      const service = steps.find((step) => step.kind === 'vpnService' && step.site === connection.site);
      const stands = this.outputs.get(connection.key)?.parent;
      if (service === undefined || stands === undefined || stands === this.outputs.get(service.key)?.id) continue;
      await this.ensure(service);
      const peer = steps.find(
        (step) => step.kind === 'siteConnection' && step.link === act.link && step !== connection,
      );
      if (peer !== undefined) await this.ensure(peer);
    }
  }

  private async act(step: ActStep): Promise<void> {
    await this.followServices(step);
    const ping = this.pings.get(step.link);
    const timeoutMs = (ping !== undefined ? PROVEN_GRACE_SECONDS : this.resolved.spec.tunnelTimeoutSeconds) * 1000;
    const [first, ...rest] = step.sites;
    const input: LinkInput = {
      vpn: this.resolved.spec.name,
      run: this.run,
      step: step.key,
      link: step.link,
      sites: [this.site(first), ...rest.map((site) => this.site(site))],
      ...(step.external === undefined ? {} : { external: step.external }),
      outputs: Object.fromEntries(this.outputs),
      timing: this.resolved.timing,
      timeoutMs,
      ...(step.subnets === undefined ? {} : { subnets: step.subnets }),
      proven: ping !== undefined,
    };
    const call = {
      withinMs: Math.max(this.timeLeftMs(), timeoutMs),
      summary:
        step.kind === 'ping'
          ? `${step.title}, until both ways answer`
          : `${step.title}, until ACTIVE at ${rest.length === 0 ? first : 'both ends'}`,
    };
    try {
      if (step.kind === 'ping') this.pings.set(step.link, this.nudged(step, await pingPeers(input, call)));
      else this.tunnels.set(step.link, this.nudged(step, await awaitTunnel(input, call)));
    } catch (error) {
      this.doubtServices(step, doubtOf(error));
      throw error;
    }
    this.tracker.step(step.key, 'done');
  }

  /** Takes note of what an act did while it waited, and hands its output on. */
  private nudged<T extends Nudging>(step: ActStep, output: T): T {
    const isProven = step.kind === 'awaitTunnel' && this.pings.has(step.link);
    const lacks = isProven ? 'carries packets and did not become ACTIVE by itself' : 'did not come up by itself';
    for (const nudge of output.nudges ?? []) {
      const said = `${step.title} ${lacks}; ${nudge}`;
      this.warnings.push(said);
      this.tracker.warn(said);
    }
    this.doubtServices(step, output.doubtAt);
    return output;
  }

  /** An act's only writes of consequence are on the VPN services of its sites. */
  private doubtServices(step: ActStep, at: number | undefined): void {
    if (at === undefined) return;
    for (const site of step.sites) this.doubt(`${site}/vpnService`, at);
  }

  /**
   * `open`: what the step made or changed was not found so, or is kept since something uses it. A list may lag behind, and what uses it may be a late
   * effect, so it is tried once more after settling, if there is anything to settle.
   */
  private async undoStep(step: ResourceStep, blocked: boolean): Promise<'undone' | 'open' | 'stuck'> {
    this.tracker.step(step.key, 'undoing');
    const made = this.outputs.get(step.key);
    const before = this.resolved.before[step.key];
    const input: RemoveInput = {
      vpn: this.resolved.spec.name,
      run: this.run,
      step,
      site: this.site(step.site),
      outputs: this.outputsFor(step),
      timing: this.resolved.timing,
      blocked,
      ...(made === undefined ? {} : { made }),
      ...(before === undefined ? {} : { before }),
    };
    try {
      const output = await removeStep(input, {
        withinMs: this.resolved.spec.rollbackForSeconds * 1000,
        summary: `${step.title} in ${input.site.region}`,
      });
      if (output.doubtAt !== undefined) this.doubt(step.key, output.doubtAt);
      this.tracker.step(step.key, output.action === 'kept' ? 'done' : 'undone');
      const done = made?.action === 'created' || made?.action === 'updated';
      if (!done || (output.action !== 'absent' && output.action !== 'kept')) return 'undone';
      // One that was changed and is found as it was before: seen too late, or seen in a list from before the change.
      if (output.action === 'absent' || made.action === 'updated') this.doubt(step.key, Date.now());
      return 'open';
    } catch (error) {
      this.leftovers.push(...leftoversOrUnknown(input, error));
      this.tracker.step(step.key, 'left', { note: oneLine(error) });
      return 'stuck';
    }
  }

  private outputsFor(step: ResourceStep): Record<string, StepOutput> {
    const needed = new Set([...step.needs, ...Object.keys(this.resolved.given)]);
    return Object.fromEntries([...this.outputs].filter(([key]) => needed.has(key)));
  }

  private site(key: string): SitePins {
    const site = this.resolved.sites[key];
    if (site === undefined) throw ApplicationFailure.nonRetryable(`the spec has no site ${key}`, 'InvalidSpec');
    return site;
  }

  private timeLeftMs(): number {
    return Math.max(0, this.startedAt + this.resolved.spec.retryForSeconds * 1000 - Date.now());
  }

  private doubt(step: string, at: number): void {
    this.doubts.set(step, Math.max(at, this.doubts.get(step) ?? 0));
  }
}

/** A VPN service that stays is up, whatever of an act's writes on it takes effect late. */
function upAgain(step: ResourceStep, id: string | undefined): BeforeState | undefined {
  return step.kind === 'vpnService' && id !== undefined ? { id, fields: { admin_state_up: true } } : undefined;
}

/** Once packets flow, the API's ACTIVE may lag by a minute; after three it is a warning. */
const PROVEN_GRACE_SECONDS = 180;
