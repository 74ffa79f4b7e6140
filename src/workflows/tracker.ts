/**
 * What a run shows of itself: the `progress` query, the Markdown table of the UI's current details, the phase as a search attribute.
 * The rule: costs no history but for the phase, which is an event and is written only when it changes.
 */

import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import {
  defineQuery,
  isCancellation,
  metricMeter,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import { kindNoun } from '../graph/kinds.js';
import { STEP_MARKS } from '../graph/step-marks.js';
import type { Graph, Step, StepOutput, StepState } from '../graph/types.js';
import { isResourceStep } from '../graph/types.js';
import { failureOf } from './failures.js';
import { phaseRemark } from './phase-remark.js';
import {
  type Phase,
  PROGRESS_QUERY,
  type Progress,
  RUNS_METRIC,
  type SitePins,
  type StepProgress,
} from './protocol.js';

export const progressQuery = defineQuery<Progress>(PROGRESS_QUERY);

const VPN_NAME = defineSearchAttributeKey('VpnName', SearchAttributeType.KEYWORD);
const VPN_PHASE = defineSearchAttributeKey('VpnPhase', SearchAttributeType.KEYWORD);
const VPN_REGIONS = defineSearchAttributeKey('VpnRegions', SearchAttributeType.KEYWORD_LIST);

export class Tracker {
  private phase: Phase;
  private sites: Progress['sites'] = [];
  private warnings: readonly string[] = [];
  private settlesUntil: number | undefined;
  private readonly phases: Phase[];
  private readonly steps = new Map<string, StepProgress>();

  constructor(
    private readonly operation: Progress['operation'],
    private readonly vpn: string,
    first: Phase,
  ) {
    this.phase = first;
    this.phases = [first];
    setHandler(progressQuery, () => this.progress(), { description: 'Phase and steps of this run, with times.' });
    upsertSearchAttributes([
      { key: VPN_NAME, value: vpn },
      { key: VPN_PHASE, value: first },
    ]);
    this.count();
    this.show();
  }

  /** Takes over the graph, once it is known. */
  plan(graph: Graph, sites: Readonly<Record<string, SitePins>>, warnings: readonly string[] = []): void {
    this.warnings = warnings;
    this.sites = Object.values(sites).map(({ site, region, cloud }) => ({
      key: site,
      region,
      ...(cloud === undefined ? {} : { cloud }),
    }));
    for (const step of graph.steps) this.steps.set(step.key, waiting(step));
    upsertSearchAttributes([{ key: VPN_REGIONS, value: [...new Set(this.sites.map((site) => site.region))] }]);
    this.show();
  }

  /** The first look of a run. Where it fails, nothing was touched, and the run says so and ends. */
  async orEnd<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      this.enter(isCancellation(error) ? 'cancelled' : 'failed');
      throw failureOf(error, 'Nothing was touched.') ?? error;
    }
  }

  enter(phase: Phase): void {
    if (phase === this.phase) return;
    this.phase = phase;
    this.settlesUntil = undefined;
    this.phases.push(phase);
    upsertSearchAttributes([{ key: VPN_PHASE, value: phase }]);
    this.count();
    this.show();
  }

  /** Enters the phase that looks for late effects. `until`: epoch milliseconds. */
  settle(until: number): void {
    this.enter('settling');
    this.settlesUntil = until;
    this.show();
  }

  /** What it looked for has come, or will not. */
  settled(): void {
    this.settlesUntil = undefined;
    this.show();
  }

  step(key: string, state: StepState, more: { readonly output?: StepOutput; readonly note?: string } = {}): void {
    const step = this.steps.get(key);
    if (step === undefined) return;
    const began = state === 'running' || state === 'undoing';
    const { endedAt: _, ...rest } = step;
    this.steps.set(key, {
      ...rest,
      state,
      ...(began ? { startedAt: Date.now() } : { endedAt: Date.now() }),
      ...(more.output === undefined ? {} : { action: more.output.action, id: more.output.id }),
      ...(more.note === undefined ? {} : { note: more.note }),
    });
    this.show();
  }

  warn(warning: string): void {
    this.warnings = [...this.warnings, warning];
    this.show();
  }

  /** Runs by the phase that they enter, for the worker's metrics; not again on replay. */
  private count(): void {
    const { operation, phase } = this;
    metricMeter.createCounter(RUNS_METRIC, '', 'Runs that entered a phase').add(1, { operation, phase });
  }

  private progress(): Progress {
    return {
      vpn: this.vpn,
      operation: this.operation,
      phase: this.phase,
      phases: this.phases,
      ...(this.settlesUntil === undefined ? {} : { settlesUntil: this.settlesUntil }),
      sites: this.sites,
      steps: [...this.steps.values()],
      warnings: this.warnings,
    };
  }

  private show(): void {
    setCurrentDetails(this.markdown());
  }

  private markdown(): string {
    const head = `**${this.vpn}**: ${this.phase}${phaseRemark(this.progress())}`;
    if (this.sites.length === 0) return head;
    const steps = [...this.steps.values()];
    const rows = [...new Set(steps.map((step) => step.kind))].map((kind) => {
      const own = steps.filter((step) => step.kind === kind);
      const cell = (site: string | undefined) =>
        own
          .filter((step) => step.site === site)
          .map(inCell)
          .join('; ');
      const shared = cell(undefined);
      return `| ${kindNoun(kind)} | ${this.sites.map(({ key }) => cell(key) || shared).join(' | ')} |`;
    });
    const regions = this.sites.map(({ key, region }) => `${key} (${region})`);
    const legend = [...new Set(steps.map((step) => step.state))].map((state) => `${STEP_MARKS[state]} ${state}`);
    return [
      head,
      '',
      `| step | ${regions.join(' | ')} |`,
      `|---|${regions.map(() => '---|').join('')}`,
      ...rows,
      '',
      legend.join(', '),
      ...this.warnings.map((warning) => `\nWarning: ${warning}`),
    ].join('\n');
  }
}

/** State, name and time of a step, and why it failed; a bar would end the cell. */
function inCell({ state, kind, title, startedAt, endedAt, note }: StepProgress): string {
  const name = title.startsWith(`${kindNoun(kind)} `) ? title.slice(kindNoun(kind).length + 1) : title;
  const took =
    startedAt === undefined || endedAt === undefined ? '' : ` ${((endedAt - startedAt) / 1000).toFixed(1)}\u00a0s`;
  return `${STEP_MARKS[state]} ${name}${took}${note === undefined ? '' : ` (${note})`}`.replaceAll('|', '¦');
}

function waiting(step: Step): StepProgress {
  return {
    key: step.key,
    kind: step.kind,
    title: step.title,
    needs: step.needs,
    temporary: isResourceStep(step) && step.temporary,
    state: 'waiting',
    ...(isResourceStep(step) ? { site: step.site } : {}),
  };
}
