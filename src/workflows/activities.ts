/**
 * How workflows call activities: one proxy a call, because the summary that the Temporal UI shows beside it and the time left differ each time.
 * The rule: every option carries its reason; the numbers come from the recorded `Timing`, never from here.
 */
import { ActivityCancellationType, type ActivityOptions, proxyActivities } from '@temporalio/workflow';
import { activityName } from '../graph/kinds.js';
import type { StepOutput } from '../graph/types.js';
import type {
  DestroyInput,
  EnsureInput,
  ExamineOutput,
  ExternalEnd,
  ExternalEndsInput,
  InventoryOutput,
  LinkInput,
  PingOutput,
  PlanInput,
  RemoveInput,
  RemoveOutput,
  ResolvedVpn,
  ResolveInput,
  SettleInput,
  SettleOutput,
  StraysOutput,
  SurveyOutput,
  SweepInput,
  Timing,
  TunnelOutput,
  VpnPlan,
} from './protocol.js';
import { ownerName } from './protocol.js';

/**
 * Before the worker's own timing is known. Reads only. A cloud may be away for days: how long a provision waits for it is in its spec, so its
 * activity keeps that time itself, and a destroy waits as long as it tries to remove.
 */
const FIRST_ACTIVITY: ActivityOptions = {
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '30 seconds',
  scheduleToCloseTimeout: '90 days',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '2 minutes', maximumAttempts: 100_000 },
};

export function resolveSpec(input: ResolveInput): Promise<ResolvedVpn> {
  const proxy = proxyActivities<{ resolveSpec(input: ResolveInput): Promise<ResolvedVpn> }>({
    ...FIRST_ACTIVITY,
    summary: 'Validate the spec, look up and pin both sites',
  });
  return proxy.resolveSpec(input);
}

export function takeInventory(input: DestroyInput): Promise<InventoryOutput> {
  const proxy = proxyActivities<{ takeInventory(input: DestroyInput): Promise<InventoryOutput> }>({
    ...FIRST_ACTIVITY,
    summary: `Find everything that bears the marks of ${input.vpn}`,
  });
  return proxy.takeInventory(input);
}

/** Only reads. Someone waits for the answer, and nothing is lost by asking again: a cloud that is away ends it soon, with its words. */
const LOOK_ACTIVITY: ActivityOptions = {
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '30 seconds',
  scheduleToCloseTimeout: '10 minutes',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute', maximumAttempts: 100 },
};

export function surveyClouds(): Promise<SurveyOutput> {
  const proxy = proxyActivities<{ surveyClouds(): Promise<SurveyOutput> }>({
    ...LOOK_ACTIVITY,
    summary: 'Look for strays in every configured region',
  });
  return proxy.surveyClouds();
}

export function planSpec(input: PlanInput): Promise<VpnPlan> {
  const proxy = proxyActivities<{ planVpn(input: PlanInput): Promise<VpnPlan> }>({
    ...LOOK_ACTIVITY,
    summary: 'Validate the spec, look up its sites, and compare each step with what stands',
  });
  return proxy.planVpn(input);
}

export function examine(): Promise<ExamineOutput> {
  const proxy = proxyActivities<{ examineClouds(): Promise<ExamineOutput> }>({
    ...LOOK_ACTIVITY,
    summary: 'Ask every configured region what it can',
  });
  return proxy.examineClouds();
}

export function takeStrays(input: SweepInput): Promise<StraysOutput> {
  const proxy = proxyActivities<{ takeStrays(input: SweepInput): Promise<StraysOutput> }>({
    ...LOOK_ACTIVITY,
    summary: `Look again at ${input.ids.length} strays of ${ownerName(input.of)}`,
  });
  return proxy.takeStrays(input);
}

export function readExternalEnds(input: ExternalEndsInput): Promise<readonly ExternalEnd[]> {
  const proxy = proxyActivities<{ readExternalEnds(input: ExternalEndsInput): Promise<readonly ExternalEnd[]> }>({
    ...LOOK_ACTIVITY,
    summary: `Find the connections of ${input.vpn} to external sites, and what they expect there`,
  });
  return proxy.readExternalEnds(input);
}

/** Milliseconds that the step may take over all its attempts, and what the UI shows beside it. */
export interface CallOptions {
  readonly withinMs: number;
  readonly summary: string;
}

export function ensureStep(input: EnsureInput, call: CallOptions): Promise<StepOutput> {
  return callOne<EnsureInput, StepOutput>(activityName('ensure', input.step.kind), input, call);
}

export function removeStep(input: RemoveInput, call: CallOptions): Promise<RemoveOutput> {
  return callOne<RemoveInput, RemoveOutput>(activityName('remove', input.step.kind), input, call);
}

export function pingPeers(input: LinkInput, call: CallOptions): Promise<PingOutput> {
  return callOne<LinkInput, PingOutput>('pingPeers', input, call, input.timeoutMs);
}

export function awaitTunnel(input: LinkInput, call: CallOptions): Promise<TunnelOutput> {
  return callOne<LinkInput, TunnelOutput>('awaitTunnel', input, call, input.timeoutMs);
}

export function settle(input: SettleInput, call: CallOptions): Promise<SettleOutput> {
  return callOne<SettleInput, SettleOutput>('settle', input, call, Math.max(0, input.until - Date.now()));
}

function callOne<I extends { readonly timing: Timing }, O>(
  name: string,
  input: I,
  call: CallOptions,
  waitsMs = 0,
): Promise<O> {
  const proxy = proxyActivities<Record<string, (input: I) => Promise<O>>>(optionsFor(input.timing, call, waitsMs));
  const activity = proxy[name];
  if (activity === undefined) throw new Error(`no activity ${name}`);
  return activity(input);
}

function optionsFor(timing: Timing, call: CallOptions, waitsMs: number): ActivityOptions {
  const attemptMs = timing.attemptMs + waitsMs;
  return {
    startToCloseTimeout: attemptMs,
    // Not below two attempts: a deadline that leaves room for one only would turn a lost worker into a failed step.
    scheduleToCloseTimeout: Math.max(call.withinMs, 2 * attemptMs),
    // How a killed worker is noticed, and how a step hears of a cancellation.
    heartbeatTimeout: timing.heartbeatMs,
    // A write in flight is awaited, never abandoned: the step itself says when it has stopped.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      initialInterval: timing.retryInitialMs,
      backoffCoefficient: 2,
      maximumInterval: timing.retryMaximumMs,
      // Time is the limit, not attempts; a number all the same, since an unlimited one reads like a mistake.
      maximumAttempts: 100 + Math.ceil(call.withinMs / timing.retryMaximumMs),
    },
    summary: call.summary,
  };
}
