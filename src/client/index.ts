/**
 * What other services import: plan, start, watch, cancel and list operations on VPNs. The CLI uses nothing else.
 * The rule: starting is idempotent by name. The same spec joins the run that is open; anything else is VpnBusyError.
 */
import {
  Client,
  type Connection,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowExecutionDescription,
  type WorkflowExecutionInfo,
  type WorkflowHandle,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { parseSpec, sitesInWords } from '../spec/index.js';
import { specDigest } from '../spec/load-spec-file.js';
import { VPN_NAME as VPN_NAME_PATTERN } from '../spec/naming.js';
import {
  DESTROY,
  type DestroyResult,
  EXAMINE,
  EXAMINE_ID,
  EXTERNAL_ENDS,
  type ExamineOutput,
  type ExternalEnd,
  externalEndsIdOf,
  MEMO,
  ownerName,
  type Phase,
  PLAN,
  PROVISION,
  type ProvisionResult,
  planIdOf,
  type StrayOwner,
  type StraySet,
  SURVEY,
  SURVEY_ID,
  type SurveyOutput,
  SWEEP,
  type SweepResult,
  sweepIdOf,
  type VpnPlan,
  workflowIdOf,
} from '../workflows/protocol.js';
import { type ConnectOptions, connectToTemporal, taskQueueOf } from './connect.js';
import { provisionDetails, removalDetails } from './details.js';
import { InvalidNameError, VpnBusyError } from './errors.js';
import { type HistoryOptions, historyOf } from './history.js';
import { type ListedRun, type ListFilter, listRuns } from './list.js';
import { orMissing } from './missing-attributes.js';
import { pollersOf } from './pollers.js';
import { type RunStatus, VpnRun } from './run.js';
import type { RunRecord } from './run-record.js';
import { VPN_NAME, VPN_PHASE } from './search-attributes.js';
import { standingSpec } from './standing-spec.js';

export type { ActKind, ResourceKind, StepAction, StepKind, StepOutput, StepState } from '../graph/types.js';
export { InvalidSpecError, type Path, type Problem } from '../spec/problems.js';
export type { ConnectionOptions, ExternalPeer, IkePolicySpec, IpsecPolicySpec, VpnMode } from '../spec/types.js';
export { FAILURES } from '../workflows/failure-types.js';
export type {
  DestroyResult,
  Endpoint,
  ExamineOutput,
  ExternalEnd,
  FailureType,
  Finding,
  Leftover,
  LinkPins,
  PastFailure,
  Phase,
  PingStatistics,
  PlaceReport,
  PlannedAction,
  PlannedField,
  PlannedStep,
  Progress,
  ProvisionResult,
  RemovedResource,
  StepProgress,
  Stray,
  StrayOwner,
  StrayReason,
  StraySet,
  SurveyOutput,
  SweepResult,
  VpnPlan,
} from '../workflows/protocol.js';
export { messageOf, temporalIsAway } from './away.js';
export type { ConnectOptions } from './connect.js';
export * from './errors.js';
export type { RecordedFailure } from './event-values.js';
export type { HistoryOptions } from './history.js';
export type { ListedRun, ListFilter } from './list.js';
export { type Operation, type PendingStep, type ProgressReport, type RunState, type RunStatus, VpnRun } from './run.js';
export { type ResourceRecord, type RunRecord, resourcesOf, type StepRecord } from './run-record.js';

export interface RequestOptions {
  /** Who asks, for the audit: kept in the run's memo. */
  readonly requestedBy?: string;
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
  /** What the Temporal UI shows above its progress. */
  readonly details: (requestedBy: string) => string;
}

/** The way to VPNs for other services: connect once, and close at the end. */
export class RegionLink {
  private constructor(
    private readonly client: Client,
    private readonly connection: Connection,
    private readonly taskQueue: string,
  ) {}

  /** To the Temporal that the options, the environment or the profile file names. Throws TemporalUnavailableError when no server answers. */
  static async connect(options: ConnectOptions = {}): Promise<RegionLink> {
    const { connection, namespace } = await connectToTemporal(options);
    return new RegionLink(new Client({ connection, namespace }), connection, taskQueueOf(options));
  }

  /** Ends the connection; runs go on. */
  async close(): Promise<void> {
    await this.connection.close();
  }

  /** Starts provisioning, or joins the run that does so for the same spec. Throws InvalidSpecError, VpnBusyError, SearchAttributesMissingError. */
  async provision(spec: unknown, options: RequestOptions = {}): Promise<VpnRun<ProvisionResult>> {
    return this.start<ProvisionResult>(provisionOrder(spec), options);
  }

  /** The open run that `provision` would join; undefined where it would start one. Throws InvalidSpecError, VpnBusyError. */
  async underWay(spec: unknown): Promise<VpnRun<ProvisionResult> | undefined> {
    const order = provisionOrder(spec);
    const newest = await this.newest(order.workflowId);
    return newest?.status.name === 'RUNNING' ? this.join<ProvisionResult>(order, newest) : undefined;
  }

  /**
   * What provisioning a spec would do, step by step, and whether it can; changes nothing. While a run of the VPN is open the plan is of what stood at some
   * moment of it. Throws InvalidSpecError, and VpnFailedError where a cloud cannot be asked.
   */
  async plan(spec: unknown): Promise<VpnPlan> {
    const { spec: parsed } = parseSpec(spec);
    const about = `Plan VPN ${parsed.name}: ${sitesInWords(parsed).join(' ↔ ')}`;
    const handle = await this.look(PLAN, planIdOf(parsed.name, specDigest(parsed)), about, { spec });
    return new VpnRun<VpnPlan>(`the plan of ${parsed.name}`, handle, false).result();
  }

  /**
   * What stands of a VPN, compared with the spec that it was last built from; changes nothing, and pings nothing. Throws InvalidNameError, VpnBusyError while
   * a run is open, VpnNotFoundError where Temporal remembers no run that built it, and VpnFailedError where a cloud cannot be asked.
   */
  async check(vpn: string): Promise<VpnPlan> {
    checkName(vpn);
    const newest = await this.newest(workflowIdOf(vpn));
    if (newest?.status.name === 'RUNNING') throw busyWith(vpn, newest);
    return this.plan(await standingSpec(this.client, vpn, newest));
  }

  /** What every cloud and region that a worker is configured for can, and what it lacks. A worker must run: see `workers`. */
  async examine(): Promise<ExamineOutput> {
    const handle = await this.look(EXAMINE, EXAMINE_ID, 'Ask every configured region what it can');
    return new VpnRun<ExamineOutput>('the examination', handle, false).result();
  }

  /**
   * The ends of a VPN's tunnels to external sites as they stand, each with all that the other end has to be set to but the PSK. Empty where none stands.
   * Throws InvalidNameError, and VpnFailedError where a cloud cannot be asked.
   */
  async externalEnds(vpn: string): Promise<readonly ExternalEnd[]> {
    checkName(vpn);
    const about = `Look at the ends of ${vpn} towards external sites`;
    const handle = await this.look(EXTERNAL_ENDS, externalEndsIdOf(vpn), about, { vpn });
    return new VpnRun<readonly ExternalEnd[]>(`the look at ${vpn}`, handle, false).result();
  }

  /** Identities of the workers that take this client's tasks, as far as Temporal knows. */
  async workers(): Promise<readonly string[]> {
    return pollersOf(this.connection, this.client.options.namespace, this.taskQueue);
  }

  /** Starts removing everything of a VPN, found by its marks. Throws InvalidNameError, VpnBusyError, SearchAttributesMissingError. */
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
      details: (requestedBy: string) =>
        removalDetails(
          vpn,
          `Removes everything that bears the marks of VPN ${vpn}, whichever run made it.`,
          requestedBy,
        ),
    };
    return this.start<DestroyResult>(order, options);
  }

  /**
   * Looks through all regions for what is stray, by marks alone; removes nothing. Strays of VPNs with an open run are not among them: they may be in the
   * making. Throws VpnFailedError where a region cannot be asked.
   */
  async survey(): Promise<Survey> {
    const handle = await this.look(SURVEY, SURVEY_ID, 'Look for strays in all regions');
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
    const details = (requestedBy: string) =>
      removalDetails(
        vpn,
        `Removes what is still stray of these ids:\n\n${ids.map((id) => `* ${id}`).join('\n')}`,
        requestedBy,
      );
    const order = { type: SWEEP, vpn, workflowId: sweepIdOf(of), argument: { of, ids }, digest, summary, details };
    return this.start<SweepResult>(order, options);
  }

  /** The newest run of a VPN, open or closed. Throws InvalidNameError. */
  get(vpn: string): VpnRun<unknown> {
    checkName(vpn);
    return new VpnRun(vpn, this.client.workflow.getHandle(workflowIdOf(vpn)), true);
  }

  /** How the newest run of a VPN stands. Throws InvalidNameError, VpnNotFoundError. */
  async status(vpn: string): Promise<RunStatus> {
    return this.get(vpn).status();
  }

  /** Runs that Temporal remembers, newest first. Throws SearchAttributesMissingError. */
  async list(filter: ListFilter = {}): Promise<readonly ListedRun[]> {
    return listRuns(this.client, filter);
  }

  /**
   * Records of a VPN's runs from Temporal's own history, for the audit: who asked for what, each step with its attempts and their errors, what became of
   * each resource. The newest run, unless `options` say otherwise. Throws InvalidNameError, VpnNotFoundError.
   */
  async history(vpn: string, options: HistoryOptions = {}): Promise<readonly RunRecord[]> {
    checkName(vpn);
    return historyOf(this.client, vpn, options);
  }

  /** Whether a run that may change these strays is open, or has ended since. */
  private async ranSince(of: StrayOwner, since: Date): Promise<boolean> {
    if ('router' in of) return (await this.openIn(of.region)) !== undefined;
    const newest = await this.newest(sweepIdOf(of));
    return newest !== undefined && (newest.closeTime === undefined || newest.closeTime >= since);
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

  /** Starts what only reads, or joins it where it runs already. */
  private look(type: string, workflowId: string, summary: string, argument?: object): Promise<WorkflowHandle> {
    return this.client.workflow.start(type, {
      taskQueue: this.taskQueue,
      workflowId,
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      args: argument === undefined ? [] : [argument],
      staticSummary: summary,
    });
  }

  private async start<R>(order: Order, options: RequestOptions): Promise<VpnRun<R>> {
    const { type, vpn, workflowId, argument, digest, summary, details } = order;
    const { requestedBy = '' } = options;
    try {
      const handle = await this.client.workflow.start(type, {
        taskQueue: this.taskQueue,
        workflowId,
        workflowIdConflictPolicy: 'FAIL',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        args: [argument],
        memo: { [MEMO.specDigest]: digest, [MEMO.requestedBy]: requestedBy },
        typedSearchAttributes: [{ key: VPN_NAME, value: vpn }],
        staticSummary: summary,
        staticDetails: details(requestedBy),
      });
      return new VpnRun<R>(vpn, handle, false);
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError))
        throw orMissing(error, this.client.options.namespace);
    }
    return this.join<R>(order, await this.client.workflow.getHandle(workflowId).describe());
  }

  /** The run that is open under an order's id, where it is of an equal order. Throws VpnBusyError. */
  private join<R>({ type, vpn, workflowId, digest }: Order, running: Running): VpnRun<R> {
    if (running.type !== type || running.memo?.[MEMO.specDigest] !== digest) throw busyWith(vpn, running);
    return new VpnRun<R>(vpn, this.client.workflow.getHandle(workflowId), true);
  }

  /** The newest execution under an id, if Temporal remembers one. */
  private async newest(workflowId: string): Promise<WorkflowExecutionDescription | undefined> {
    try {
      return await this.client.workflow.getHandle(workflowId).describe();
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  }
}

function provisionOrder(spec: unknown): Order {
  const { spec: parsed } = parseSpec(spec);
  return {
    type: PROVISION,
    vpn: parsed.name,
    workflowId: workflowIdOf(parsed.name),
    argument: { spec },
    digest: specDigest(parsed),
    summary: `VPN ${parsed.name}: ${sitesInWords(parsed).join(' ↔ ')}`,
    details: (requestedBy) => provisionDetails(parsed, requestedBy),
  };
}

type Running = Pick<WorkflowExecutionInfo, 'type' | 'runId' | 'startTime' | 'memo' | 'typedSearchAttributes'>;

function busyWith(vpn: string, { type, runId, startTime, memo, typedSearchAttributes }: Running): VpnBusyError {
  const phase = typedSearchAttributes.get(VPN_PHASE) as Phase | undefined;
  return new VpnBusyError(vpn, type, runId, startTime, String(memo?.[MEMO.requestedBy] ?? ''), phase);
}

/** Throws InvalidNameError for what cannot be the name of a VPN. */
export function checkName(vpn: string): void {
  if (!VPN_NAME_PATTERN.test(vpn)) throw new InvalidNameError(vpn);
}
