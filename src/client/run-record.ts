/**
 * A run as its history tells it, for the audit: who asked for what and when, each step with its attempts and their errors, and what became of each resource.
 * The rule: nothing is told that Temporal has not recorded, and no secret ever is.
 */
import type { ResourceKind, StepAction } from '../graph/types.js';
import type { VpnSpec } from '../spec/types.js';
import type { Leftover, RemoveOutput } from '../workflows/protocol.js';
import type { RecordedFailure } from './event-values.js';

/** What a step did to a resource. */
export type Effect = StepAction | RemoveOutput['action'];

/** What became of one resource in a run. */
export interface ResourceRecord {
  readonly effect: Effect;
  readonly kind: ResourceKind;
  readonly name: string;
  readonly id: string;
  readonly region: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** One activity of a run. Times in epoch milliseconds. */
export interface StepRecord {
  /** Temporal's activity type, such as `ensureSubnet`, and its id in the run. */
  readonly activity: string;
  readonly activityId: string;
  /** Its step in the graph; none for what looks at a whole VPN. */
  readonly step?: string;
  /** What the Temporal UI shows beside it. */
  readonly summary: string;
  readonly requestedAt: number;
  readonly endedAt?: number;
  readonly outcome: 'open' | 'done' | 'failed' | 'timed out' | 'cancelled';
  /** How often it was tried. */
  readonly attempts: number;
  /** What its attempts failed with, also where a later one succeeded. */
  readonly failures: readonly RecordedFailure[];
  /** Identity of the worker that took its last attempt. */
  readonly worker?: string;
  readonly resources: readonly ResourceRecord[];
}

/** One run of a VPN's workflow. Times in epoch milliseconds. */
export interface RunRecord {
  readonly vpn: string;
  /** Temporal's workflow type. */
  readonly operation: string;
  readonly workflowId: string;
  readonly runId: string;
  /** Temporal's word: `RUNNING`, `COMPLETED`, `FAILED`, `CANCELLED`, `TERMINATED`. */
  readonly state: string;
  /** What was asked for, in one line; empty where the caller gave none. */
  readonly summary: string;
  /** Who asked, as the caller says; empty where it does not say. */
  readonly requestedBy: string;
  /** Identity of the Temporal client that asked: process and host. */
  readonly client: string;
  readonly startedAt: number;
  readonly endedAt?: number;
  /** Digest of the spec that was asked for, or what stands for it. */
  readonly digest?: string;
  /** The spec with all its defaults, once it was found valid. */
  readonly spec?: VpnSpec;
  /** Cancellations and terminations that were asked for, by which client, and why. */
  readonly stops: readonly {
    readonly what: 'cancel' | 'terminate';
    readonly at: number;
    readonly by: string;
    readonly reason: string;
  }[];
  readonly phases: readonly { readonly phase: string; readonly at: number }[];
  readonly steps: readonly StepRecord[];
  readonly warnings: readonly string[];
  readonly failure?: { readonly type: string; readonly message: string; readonly leftovers: readonly Leftover[] };
  /** When Temporal forgets a run that has ended; export it before. */
  readonly keptUntil?: number;
}

/** All that became of resources in a run, in the order in which it did. */
export function resourcesOf({ steps }: RunRecord): readonly ResourceRecord[] {
  return steps.flatMap(({ resources }) => resources).sort((a, b) => a.at - b.at);
}
