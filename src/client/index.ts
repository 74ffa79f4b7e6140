/**
 * What other services import: start, watch, cancel and list operations on VPNs. The CLI uses nothing else.
 * The rule: starting is idempotent by name. The same spec joins the run that is open; anything else is VpnBusyError.
 */
import { Client, type Connection, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { parseSpec } from '../spec/index.js';
import { specDigest } from '../spec/load-spec-file.js';
import { VPN_NAME as VPN_NAME_PATTERN } from '../spec/naming.js';
import {
  DESTROY,
  type DestroyResult,
  MEMO,
  PROVISION,
  type ProvisionResult,
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
    return this.start<ProvisionResult>(
      PROVISION,
      parsed.name,
      { spec },
      specDigest(parsed),
      `VPN ${parsed.name}: ${sites}`,
      options,
    );
  }

  /** Starts removing everything of a VPN, found by its marks. Throws InvalidNameError, VpnBusyError. */
  async destroy(vpn: string, options: RequestOptions = {}): Promise<VpnRun<DestroyResult>> {
    checkName(vpn);
    return this.start<DestroyResult>(DESTROY, vpn, { vpn }, 'destroy', `Remove VPN ${vpn}`, options);
  }

  /** The newest run of a VPN, open or closed. Throws InvalidNameError. */
  get(vpn: string): VpnRun<unknown> {
    checkName(vpn);
    return new VpnRun(vpn, this.client.workflow.getHandle(workflowIdOf(vpn)), true);
  }

  async list(): Promise<readonly ListedRun[]> {
    const runs: ListedRun[] = [];
    for await (const run of this.client.workflow.list({ query: `WorkflowType IN ('${PROVISION}', '${DESTROY}')` })) {
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

  private async start<R>(
    type: string,
    vpn: string,
    argument: unknown,
    digest: string,
    summary: string,
    options: RequestOptions,
  ): Promise<VpnRun<R>> {
    const workflowId = workflowIdOf(vpn);
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
    throw new VpnBusyError(
      vpn,
      running.type,
      running.runId,
      running.startTime,
      String(running.memo?.[MEMO.requestedBy] ?? ''),
    );
  }
}

/** Throws InvalidNameError for what cannot be the name of a VPN. */
export function checkName(vpn: string): void {
  if (!VPN_NAME_PATTERN.test(vpn)) throw new InvalidNameError(vpn);
}
