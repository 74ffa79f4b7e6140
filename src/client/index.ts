/**
 * What other services import: start, watch, cancel and list operations on VPNs. The CLI uses nothing else.
 * The rule: starting is idempotent by name. The same spec joins the run that is open; anything else is VpnBusyError.
 */
import {
  Client,
  type Connection,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowExecutionInfo,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { parseSpec } from '../spec/index.js';
import { specDigest } from '../spec/load-spec-file.js';
import { VPN_NAME as VPN_NAME_PATTERN } from '../spec/naming.js';
import {
  DESTROY,
  type DestroyResult,
  MEMO,
  ownerName,
  PROVISION,
  type ProvisionResult,
  type StrayOwner,
  type StraySet,
  SURVEY,
  SURVEY_ID,
  type SurveyOutput,
  SWEEP,
  type SweepResult,
  sweepIdOf,
  TASK_QUEUE,
  workflowIdOf,
} from '../workflows/protocol.js';
import { type ConnectOptions, connectToTemporal } from './connect.js';
import { InvalidNameError, VpnBusyError } from './errors.js';
import { VpnRun } from './run.js';

export type { ConnectOptions } from './connect.js';
export * from './errors.js';
export { type PendingStep, type RunStatus, VpnRun } from './run.js';

const VPN_NAME = defineSearchAttributeKey('VpnName', SearchAttributeType.KEYWORD);

export interface RequestOptions {
  /** Who asks, for the audit: kept in the run's memo. */
  readonly requestedBy?: string;
}

/** A VPN operation that Temporal still remembers. */
export interface ListedRun {
  readonly vpn: string;
  readonly operation: string;
  readonly state: string;
  readonly runId: string;
  readonly startedAt: number;
  readonly endedAt?: number;
}

/** What is stray in all regions, and what is left out of it. */
export interface Survey extends SurveyOutput {
  /** VPNs whose strays are not listed, since a run of theirs is open or has ended while the survey ran. */
  readonly busy: readonly string[];
}

interface Order {
  readonly type: string;
  /** What is locked, by its name in lists. */
  readonly vpn: string;
  readonly workflowId: string;
  readonly argument: unknown;
  /** Of equal orders; they are joined. */
  readonly digest: string;
  readonly summary: string;
}

export class RegionLink {
  private constructor(
    private readonly client: Client,
    private readonly connection: Connection,
    private readonly taskQueue: string,
  ) {}

  /** Throws TemporalUnavailableError when no server answers. */
  static async connect(options: ConnectOptions = {}): Promise<RegionLink> {
    const { connection, namespace } = await connectToTemporal(options);
    return new RegionLink(new Client({ connection, namespace }), connection, options.taskQueue ?? TASK_QUEUE);
  }

  async close(): Promise<void> {
    await this.connection.close();
  }

  /** Starts provisioning, or joins the run that does so for the same spec. Throws InvalidSpecError, VpnBusyError. */
  async provision(spec: unknown, options: RequestOptions = {}): Promise<VpnRun<ProvisionResult>> {
    const { spec: parsed } = parseSpec(spec);
    const sites = parsed.sites.map((site) => `${site.key} (${site.region})`).join(' ↔ ');
    const order = {
      type: PROVISION,
      vpn: parsed.name,
      workflowId: workflowIdOf(parsed.name),
      argument: { spec },
      digest: specDigest(parsed),
      summary: `VPN ${parsed.name}: ${sites}`,
    };
    return this.start<ProvisionResult>(order, options);
  }

  /** Starts removing everything of a VPN, found by its marks. Throws InvalidNameError, VpnBusyError. */
  async destroy(vpn: string, options: RequestOptions = {}): Promise<VpnRun<DestroyResult>> {
    checkName(vpn);
    const workflowId = workflowIdOf(vpn);
    const order = {
      type: DESTROY,
      vpn,
      workflowId,
      argument: { vpn },
      digest: 'destroy',
      summary: `Remove VPN ${vpn}`,
    };
    return this.start<DestroyResult>(order, options);
  }

  /**
   * Looks through all regions for what is stray, by marks alone; removes nothing. Strays of VPNs with an open run are not among them: they may be in the
   * making. Throws VpnFailedError where a region cannot be asked.
   */
  async survey(): Promise<Survey> {
    const handle = await this.client.workflow.start(SURVEY, {
      taskQueue: this.taskQueue,
      workflowId: SURVEY_ID,
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: 'Look for strays in all regions',
    });
    const { sets, unclear } = await new VpnRun<SurveyOutput>('the survey', handle, false).result();
    const since = (await handle.describe()).startTime;
    const busy = new Set<string>();
    const stands = async (of: StrayOwner) => {
      const ran = await this.ranSince(of, since);
      if (ran) busy.add(ownerName(of));
      return !ran;
    };
    const listed: StraySet[] = [];
    for (const set of sets) if (await stands(set.of)) listed.push(set);
    const untold: SurveyOutput['unclear'][number][] = [];
    for (const one of unclear) if (await stands(one)) untold.push(one);
    return { sets: listed, unclear: untold, busy: [...busy] };
  }

  /** Starts removing strays that a survey listed, by id. Those that are no longer stray when looked at again stay. Throws VpnBusyError. */
  async sweep(of: StrayOwner, ids: readonly string[], options: RequestOptions = {}): Promise<VpnRun<SweepResult>> {
    const vpn = ownerName(of);
    const open = 'router' in of ? await this.openIn(of.region) : undefined;
    if (open !== undefined) throw busyWith(vpn, open);
    const digest = `sweep ${[...ids].sort().join(' ')}`;
    const summary = `Remove ${ids.length} strays of ${vpn}`;
    const order = { type: SWEEP, vpn, workflowId: sweepIdOf(of), argument: { of, ids }, digest, summary };
    return this.start<SweepResult>(order, options);
  }

  /** The newest run of a VPN, open or closed. Throws InvalidNameError. */
  get(vpn: string): VpnRun<unknown> {
    checkName(vpn);
    return new VpnRun(vpn, this.client.workflow.getHandle(workflowIdOf(vpn)), true);
  }

  async list(): Promise<readonly ListedRun[]> {
    const runs: ListedRun[] = [];
    for await (const run of this.client.workflow.list({
      query: `WorkflowType IN ('${PROVISION}', '${DESTROY}', '${SWEEP}')`,
    })) {
      runs.push({
        vpn: run.workflowId.replace(/^vpn\//, ''),
        operation: run.type,
        state: run.status.name,
        runId: run.runId,
        startedAt: run.startTime.getTime(),
        ...(run.closeTime === undefined ? {} : { endedAt: run.closeTime.getTime() }),
      });
    }
    return runs;
  }

  /** Whether a run that may change these strays is open, or has ended since. */
  private async ranSince(of: StrayOwner, since: Date): Promise<boolean> {
    if ('router' in of) return (await this.openIn(of.region)) !== undefined;
    try {
      const { closeTime } = await this.client.workflow.getHandle(sweepIdOf(of)).describe();
      return closeTime === undefined || closeTime >= since;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  }

  /**
   * A provision that is open in a region, or does not know its regions yet. A VPN service that nothing uses may be the one that its connection is about to
   * name; made anew, it would have another address on some clouds.
   */
  private async openIn(region: string): Promise<Running | undefined> {
    const query = `WorkflowType = '${PROVISION}' AND ExecutionStatus = 'Running' AND (VpnRegions = '${region}' OR VpnRegions IS NULL)`;
    for await (const run of this.client.workflow.list({ query })) return run;
    return undefined;
  }

  private async start<R>(order: Order, options: RequestOptions): Promise<VpnRun<R>> {
    const { type, vpn, workflowId, argument, digest, summary } = order;
    try {
      const handle = await this.client.workflow.start(type, {
        taskQueue: this.taskQueue,
        workflowId,
        workflowIdConflictPolicy: 'FAIL',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        args: [argument],
        memo: { [MEMO.specDigest]: digest, [MEMO.requestedBy]: options.requestedBy ?? '' },
        typedSearchAttributes: [{ key: VPN_NAME, value: vpn }],
        staticSummary: summary,
      });
      return new VpnRun<R>(vpn, handle, false);
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
    const handle = this.client.workflow.getHandle(workflowId);
    const running = await handle.describe();
    if (running.type === type && running.memo?.[MEMO.specDigest] === digest) return new VpnRun<R>(vpn, handle, true);
    throw busyWith(vpn, running);
  }
}

type Running = Pick<WorkflowExecutionInfo, 'type' | 'runId' | 'startTime' | 'memo'>;

function busyWith(vpn: string, { type, runId, startTime, memo }: Running): VpnBusyError {
  return new VpnBusyError(vpn, type, runId, startTime, String(memo?.[MEMO.requestedBy] ?? ''));
}

/** Throws InvalidNameError for what cannot be the name of a VPN. */
export function checkName(vpn: string): void {
  if (!VPN_NAME_PATTERN.test(vpn)) throw new InvalidNameError(vpn);
}
