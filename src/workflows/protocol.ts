/**
 * Every name and type that client, workflows and activities share: workflow types and their one argument, activity arguments and results,
 * the query, the search attributes, the published failure types. Workflows import this, the graph, and nothing else of the project.
 * The rule: everything here is recorded in histories, so a field may be added and none may change its meaning.
 */
import type {
  Graph,
  ProbedSubnets,
  ResourceKind,
  ResourceStep,
  StepAction,
  StepKind,
  StepOutput,
  StepState,
} from '../graph/types.js';
import type {
  ConnectionOptions,
  ExternalPeer,
  IkePolicySpec,
  IpsecPolicySpec,
  VpnMode,
  VpnSpec,
} from '../spec/types.js';

export type { FailureType } from './failure-types.js';

export const TASK_QUEUE = 'regionlink';
export const PROVISION = 'provisionVpn';
export const DESTROY = 'destroyVpn';
export const SURVEY = 'surveyVpns';
export const SWEEP = 'sweepVpn';

/** What changes a VPN, by its workflow's type, as people call it. */
export function operationWord(type: string): string {
  return { [DESTROY]: 'destroy', [SWEEP]: 'sweep' }[type] ?? 'provision';
}

/** One survey at a time: who asks while it runs gets its answer. */
export const SURVEY_ID = 'sweep/survey';
export const PLAN = 'planVpn';
export const EXAMINE = 'examineClouds';
/** One at a time, as with the survey. */
export const EXAMINE_ID = 'doctor';
export const EXTERNAL_ENDS = 'externalEnds';
export const PROGRESS_QUERY = 'progress';

/** The id of a VPN's workflow. One id per VPN is the lock: no two operations on it run at once. */
export function workflowIdOf(vpn: string): string {
  return `vpn/${vpn}`;
}

/** What a workflow's id locks: the name of a VPN, or `router/<id>` of a sweep. */
export function lockedBy(workflowId: string): string {
  return workflowId.replace(/^vpn\//, '');
}

/** The id of the workflow that plans a spec: who asks for the same one at the same time shares the answer, and another spec's plan is in nobody's way. */
export function planIdOf(vpn: string, specDigest: string): string {
  return `${workflowIdOf(vpn)}/plan/${specDigest.slice(0, 12)}`;
}

/** The id of the workflow that looks at a VPN's ends towards external sites; who asks at the same time shares the answer. */
export function externalEndsIdOf(vpn: string): string {
  return `${workflowIdOf(vpn)}/external-ends`;
}

/** What strays belong to: a VPN, or for a VPN service that no VPN uses, its router. */
export type StrayOwner = { readonly vpn: string } | { readonly router: string; readonly region: string };

/** An owner's name in run lists and messages: the VPN's own, or `router/<id>`, which no VPN can be called. */
export function ownerName(of: StrayOwner): string {
  return 'vpn' in of ? of.vpn : `router/${of.router}`;
}

/** The id of the workflow that sweeps an owner's strays: for a VPN, its lock. */
export function sweepIdOf(of: StrayOwner): string {
  return 'vpn' in of ? workflowIdOf(of.vpn) : ownerName(of);
}

/** Search attributes by Temporal type, registered by the worker where they are missing. Never encrypted by Temporal: nothing secret. */
export const SEARCH_ATTRIBUTES = { VpnName: 'KEYWORD', VpnPhase: 'KEYWORD', VpnRegions: 'KEYWORD_LIST' } as const;

/** Counts runs by the phase that they enter. Workflows count it, the worker's metrics tell it. */
export const RUNS_METRIC = 'regionlink_runs';

/** Memo keys. The digest tells whether a running provision is of the same spec. */
export const MEMO = { specDigest: 'specDigest', requestedBy: 'requestedBy' } as const;

export interface ProvisionInput {
  /** The spec as its file has it. The first activity validates and normalises it, so that a caller in any language may send it. */
  readonly spec: unknown;
}

export interface DestroyInput {
  readonly vpn: string;
}

/** What must not change under a run's feet. Activities compare it with their worker's own and fail `WorkerMismatch` where it differs. */
export interface SitePins {
  readonly site: string;
  readonly cloud?: string;
  readonly region: string;
  readonly projectId: string;
  readonly networkEndpoint: string;
  /** Configured owner and Temporal namespace: whose marks this run may touch. */
  readonly owner: string;
  /** Master key of the worker that resolved the spec: one that lacks it makes nothing. Not secret. */
  readonly keyId?: string;
}

/** What a link's generated PSK derives from, besides the worker's master key: a random nonce and which master key it is. Not secret. */
export interface LinkPins {
  readonly nonce: string;
  readonly keyId: string;
}

/** How long calls and attempts may take, from the worker's configuration, in milliseconds; recorded so that a run keeps its own. */
export interface Timing {
  /** Full timeout of one HTTP request. */
  readonly httpTimeoutMs: number;
  /** Limit of one attempt of a step. */
  readonly attemptMs: number;
  /** An attempt not heard of for so long is given up. */
  readonly heartbeatMs: number;
  readonly retryInitialMs: number;
  readonly retryMaximumMs: number;
  /** Pause between two looks while waiting for a tunnel, a ping, a server. */
  readonly pollMs: number;
}

/** A resource of the VPN as it stood before this run: what rollback sets back. Only fields that the API can change. */
export interface BeforeState {
  readonly id: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** A PSK that this run replaces, under the worker's master key: nobody else can read it. */
  readonly sealed?: { readonly psk: string };
}

/** Result of the first activity. The workflow walks this recorded graph, so a new release's steps never disturb an open run. */
export interface ResolvedVpn {
  readonly spec: VpnSpec;
  readonly graph: Graph;
  readonly sites: Readonly<Record<string, SitePins>>;
  readonly links: Readonly<Record<string, LinkPins>>;
  /** Parts of existing networks by the key that their step would have. */
  readonly given: Readonly<Record<string, StepOutput>>;
  readonly before: Readonly<Record<string, BeforeState>>;
  /** What stands of the VPN and the spec has no more: it goes once the run has succeeded. Absent in histories of release 0.1.0. */
  readonly retired?: Pick<InventoryOutput, 'graph' | 'found'>;
  readonly timing: Timing;
  readonly warnings: readonly string[];
}

export interface ResolveInput {
  readonly spec: unknown;
  readonly run: string;
  /** Must be the id that the spec's name gives, since that id is the lock. */
  readonly workflowId: string;
}

/** Argument of every `ensure…` activity. */
export interface EnsureInput<K extends ResourceKind = ResourceKind> {
  readonly vpn: string;
  /** `firstExecutionRunId` of the run, for the mark. */
  readonly run: string;
  readonly step: ResourceStep<K>;
  readonly site: SitePins;
  readonly link?: LinkPins;
  /** Outputs of the steps that this one needs and of the existing parts of its site. */
  readonly outputs: Readonly<Record<string, StepOutput>>;
  readonly timing: Timing;
}

/**
 * Argument of every `remove…` activity. With `run`, rollback: only what that run made is removed, what it changed is set back to `before`.
 * Without it, destroy: everything of the VPN under this step goes.
 */
export interface RemoveInput {
  readonly vpn: string;
  readonly step: ResourceStep;
  readonly site: SitePins;
  readonly outputs: Readonly<Record<string, StepOutput>>;
  readonly timing: Timing;
  readonly run?: string;
  /** Something that needs this resource could not be removed: being in use is then final. */
  readonly blocked: boolean;
  /** What the step said it made, where its answer is known. */
  readonly made?: StepOutput;
  readonly before?: BeforeState;
  /** An id that stays: only its doubles are removed. */
  readonly keep?: string;
  /** Sweep: nothing but these ids is removed. */
  readonly only?: readonly string[];
}

export interface RemoveOutput {
  readonly action: 'removed' | 'restored' | 'kept' | 'absent';
  readonly ids: readonly string[];
  readonly doubtAt?: number;
}

/** Argument of the acts over a link. */
export interface LinkInput {
  readonly vpn: string;
  readonly run: string;
  readonly step: string;
  readonly link: string;
  /** Of its ends in OpenStack: both, or the one whose other end is `external`. */
  readonly sites: readonly [SitePins, ...SitePins[]];
  readonly external?: ExternalPeer;
  readonly outputs: Readonly<Record<string, StepOutput>>;
  readonly timing: Timing;
  /** Milliseconds that may pass until the act must have succeeded. */
  readonly timeoutMs: number;
  /** Of a ping, as its step has it: the subnets whose test VMs ping each other; absent where each site has one. */
  readonly subnets?: ProbedSubnets;
  /** Whether a ping has already proven the tunnel: its status is then only a warning when it lags. */
  readonly proven: boolean;
}

export interface PingStatistics {
  readonly from: string;
  readonly to: string;
  /** Ranges of the subnets of the two test VMs; absent where each site has one. */
  readonly subnets?: { readonly from: string; readonly to: string };
  readonly address: string;
  readonly sent: number;
  readonly received: number;
  readonly lossPercent: number;
  /** Round-trip times in milliseconds. */
  readonly rtt: { readonly min: number; readonly avg: number; readonly max: number };
  /** The floating IP that it was measured through by SSH; absent where a console told it. */
  readonly through?: string;
}

/** What an act over a link has done to the clouds while it waited. */
export interface Nudging {
  /** What was tried to bring the tunnel up, in words with the time since the act began. */
  readonly nudges?: readonly string[];
  /** Epoch milliseconds of the last write on a VPN service that may still take effect and set it down. */
  readonly doubtAt?: number;
}

export interface PingOutput extends Nudging {
  /** Both ways between every two subnets that were to be proven. */
  readonly directions: readonly PingStatistics[];
}

export interface TunnelOutput extends Nudging {
  /** Status of each end's connection by site. */
  readonly statuses: Readonly<Record<string, string>>;
  readonly warning?: string;
}

export interface SettleInput {
  readonly vpn: string;
  readonly run: string;
  /** With `keep`, the id that the step uses, which only doubles are removed beside; without, nothing of this run stays. */
  readonly steps: readonly {
    readonly step: ResourceStep;
    readonly site: SitePins;
    readonly keep?: string;
    readonly before?: BeforeState;
  }[];
  readonly outputs: Readonly<Record<string, StepOutput>>;
  /** Epoch milliseconds until which late effects are looked for; in the past for one look. */
  readonly until: number;
  readonly timing: Timing;
}

export interface SettleOutput {
  readonly removed: readonly { readonly step: string; readonly id: string }[];
}

/**
 * One thing that was tried to bring a tunnel up. Later ones do more harm: `lost` and `router` are an update that changes nothing, `service` interrupts
 * it.
 */
export interface Nudge {
  readonly kind: 'lost' | 'router' | 'service';
  /** Key of the end that it was tried at. */
  readonly site: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly said: string;
}

/** What an attempt of an activity leaves to the next one, and to who watches, in its heartbeat. Times in epoch milliseconds. */
export interface AttemptLedger {
  readonly attempt: number;
  /** False while the attempt runs: a successor that finds it so knows that its predecessor was lost, perhaps within a write. */
  readonly ended: boolean;
  /** The step it is for; none for what looks at a whole VPN. */
  readonly step?: string;
  /** The last write whose effect is not certain. */
  readonly doubtAt?: number;
  /** Since when the cloud has answered "in use", over all attempts. */
  readonly inUseSince?: number;
  /** What was tried so far to bring a tunnel up. */
  readonly nudges?: readonly Nudge[];
  /** When the first attempt failed. */
  readonly failingSince?: number;
  /** What the attempts so far failed with. */
  readonly failures?: readonly PastFailure[];
}

/** What attempts of a step failed with, equal ones together. Times in epoch milliseconds. */
export interface PastFailure {
  readonly said: string;
  readonly times: number;
  readonly first: number;
  readonly last: number;
}

/** A resource that could not be removed, in words for the person who has to. */
export interface Leftover {
  readonly kind: ResourceKind;
  readonly name: string;
  readonly id: string;
  readonly region: string;
  readonly reason: string;
}

/** What destroy found under a VPN's marks, as a graph to walk backwards. */
export interface InventoryOutput {
  readonly graph: Graph;
  readonly sites: Readonly<Record<string, SitePins>>;
  readonly found: Readonly<Record<string, StepOutput>>;
  readonly timing: Timing;
}

/**
 * Why a resource is stray. `double`: another one of the same step is used. `check`: of test VMs whose run has ended. `incomplete`: of a set that is no
 * working VPN. `unused service`: a VPN service of ours that no connection uses.
 */
export type StrayReason = 'double' | 'check' | 'incomplete' | 'unused service';

export interface Stray {
  readonly kind: ResourceKind;
  readonly name: string;
  readonly id: string;
  readonly region: string;
  readonly why: StrayReason;
}

export interface StraySet {
  readonly of: StrayOwner;
  readonly strays: readonly Stray[];
}

/** What no mark accounts for, in all regions. Whether runs are open is not known here: the client, which asks Temporal, leaves theirs out. */
export interface SurveyOutput {
  readonly sets: readonly StraySet[];
  /** Sets that may be whole VPNs, seen in part: never stray. In words, with the cure. */
  readonly unclear: readonly { readonly vpn: string; readonly reason: string }[];
}

export interface SweepInput {
  readonly of: StrayOwner;
  /** Nothing else is removed, and of these only what is still stray when looked at again. */
  readonly ids: readonly string[];
}

/** What of a sweep's ids is still stray, as graphs to walk backwards one after the other: a site that has strays in two regions is in two of them. */
export interface StraysOutput {
  readonly inventories: readonly InventoryOutput[];
}

/**
 * Something that a look at a cloud has found. `problem`: an apply would fail of it. `warning`: it may, or gets less than it could. `unknown`: no read tells,
 * and nothing is guessed.
 */
export interface Finding {
  readonly about: string;
  readonly verdict: 'ok' | 'unknown' | 'warning' | 'problem';
  readonly said: string;
  /** What to do about it. */
  readonly cure?: string;
}

/** Argument of the `planVpn` activity. */
export interface PlanInput {
  readonly spec: unknown;
  /** Bears no mark: nothing that stands is this run's. */
  readonly run: string;
}

/** What apply would do for a step. `share`: it uses someone else's VPN service. `wait`: an act, which makes nothing that stays. */
/** `replace`: another one takes its place, and it goes at the run's end. `remove`: the spec has it no more. */
export type PlannedAction = 'create' | 'adopt' | 'share' | 'change' | 'replace' | 'remove' | 'conflict' | 'wait';

/** A field that is not as the spec wants it. Without values where those are secret. */
export interface PlannedField {
  readonly field: string;
  readonly have?: unknown;
  readonly want?: unknown;
  /** Whether the API can change it in what stands. */
  readonly inPlace: boolean;
}

export interface PlannedStep {
  readonly key: string;
  readonly kind: StepKind;
  readonly title: string;
  /** The resource's name, empty for an act. */
  readonly name: string;
  /** Undefined for acts, which are over a link. */
  readonly site?: string;
  /** Of the test VMs: it goes away again. */
  readonly temporary: boolean;
  readonly action: PlannedAction;
  /** Of what stands. */
  readonly id?: string;
  /** Of what stands and has one, as its cloud tells it: of a connection `ACTIVE` while its tunnel is up. */
  readonly status?: string;
  readonly fields: readonly PlannedField[];
  /** Why it is so, where the fields do not tell. */
  readonly reason?: string;
}

/** What apply would do, and whether it can. */
export interface VpnPlan {
  readonly vpn: string;
  /** `existing`: the parts of its network that the spec only names, with their ids. */
  readonly sites: readonly {
    readonly key: string;
    readonly region: string;
    readonly cloud?: string;
    /** How its end of the tunnel is made; absent where the steps are not known. */
    readonly mode?: VpnMode;
    readonly existing: readonly {
      readonly part: string;
      readonly name: string;
      readonly id: string;
      readonly cidr?: string;
    }[];
  }[];
  /** Empty where a problem keeps them from being known. */
  readonly steps: readonly PlannedStep[];
  /** `sites`: keys of the sites it was found at; none for the spec as a whole. */
  readonly findings: readonly (Finding & { readonly sites: readonly string[] })[];
  readonly warnings: readonly string[];
  /** Nothing is in conflict, and no finding is a problem. */
  readonly possible: boolean;
  /** Steps whose resource would be made or changed, without the test VMs'. */
  readonly changes: number;
  /** An estimate from typical durations: the longest path through the steps and the clean-up after them. */
  readonly time: { readonly seconds: number; readonly path: readonly string[] };
}

/** Argument of the `externalEnds` workflow and of its activity. */
export interface ExternalEndsInput {
  readonly vpn: string;
}

/** Where one end of a tunnel is, how it presents itself, and what is behind it. */
export interface Endpoint {
  readonly site: string;
  readonly address: string;
  readonly id: string;
  readonly cidrs: readonly string[];
}

/** A tunnel to an external site as our end of it stands: all that the other end has to be set to. Nothing secret. */
export interface ExternalEnd {
  readonly vpn: string;
  readonly link: string;
  readonly region: string;
  /** Status of our connection. */
  readonly status: string;
  readonly ours: Endpoint;
  readonly theirs: Endpoint;
  readonly ike: IkePolicySpec;
  readonly ipsec: IpsecPolicySpec;
  readonly connection: ConnectionOptions;
  /** What a generated PSK derives from, besides the master key. Absent for one of the user's own. */
  readonly psk?: LinkPins & { readonly owner: string };
}

/** Result of the `externalEnds` workflow. */
export type ExternalEnds = readonly ExternalEnd[];

/** What was found at one cloud, or at one region of it. */
export interface PlaceReport {
  readonly cloud: string;
  /** Where the cloud's configuration was found. */
  readonly source?: string;
  readonly region?: string;
  readonly findings: readonly Finding[];
}

export interface ExamineOutput {
  /** Where the worker that answers has its clouds from. */
  readonly configuration: readonly Finding[];
  readonly places: readonly PlaceReport[];
}

export const PHASES = [
  'resolving',
  'provisioning',
  'cleaning-up',
  'settling',
  'rolling-back',
  'destroying',
  'sweeping',
  'done',
  'failed',
  'cancelled',
] as const;

export type Phase = (typeof PHASES)[number];

export interface StepProgress {
  readonly key: string;
  readonly kind: ResourceStep['kind'] | 'ping' | 'awaitTunnel';
  readonly title: string;
  /** Undefined for steps over a link. */
  readonly site?: string;
  readonly needs: readonly string[];
  readonly temporary: boolean;
  readonly state: StepState;
  /** Epoch milliseconds. */
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly action?: StepAction;
  readonly id?: string;
  /** One line on how it failed, or why it is left. */
  readonly note?: string;
}

/** Answer of the `progress` query of all workflows that change a VPN. */
export interface Progress {
  readonly vpn: string;
  readonly operation: 'provision' | 'destroy' | 'sweep';
  readonly phase: Phase;
  /** All phases so far, oldest first. */
  readonly phases: readonly Phase[];
  /** While it looks for late effects of writes whose answers never came: until when, at least. Epoch milliseconds. */
  readonly settlesUntil?: number;
  readonly sites: readonly { readonly key: string; readonly region: string; readonly cloud?: string }[];
  readonly steps: readonly StepProgress[];
  readonly warnings: readonly string[];
}

export interface ProvisionResult {
  readonly vpn: string;
  /** `proven`: both directions answered a ping, between all subnets that `check.pairs` asks for. `unproven`: no check was asked for, or the other end is external. */
  readonly proof: 'proven' | 'unproven';
  readonly sites: readonly {
    readonly key: string;
    readonly region: string;
    readonly cloud?: string;
    /** External IPv4 of its VPN service. */
    readonly address: string;
    readonly resources: readonly (StepOutput & { readonly step: string; readonly kind: ResourceKind })[];
  }[];
  readonly links: readonly {
    readonly key: string;
    /** The other end, where that is not OpenStack. */
    readonly external?: ExternalPeer;
    readonly statuses: Readonly<Record<string, string>>;
    readonly ping: readonly PingStatistics[];
  }[];
  /** What the spec has no more, and what another has taken the place of. Absent in results of release 0.1.0. */
  readonly removed?: readonly RemovedResource[];
  readonly warnings: readonly string[];
}

export interface RemovedResource {
  readonly kind: ResourceKind;
  readonly name: string;
  readonly id: string;
  readonly region: string;
}

export interface DestroyResult {
  readonly vpn: string;
  readonly removed: readonly RemovedResource[];
}

export interface SweepResult {
  readonly of: StrayOwner;
  readonly removed: readonly RemovedResource[];
  /** Ids of those that were gone, or no longer stray, when looked at again. */
  readonly passedOver: readonly string[];
}
