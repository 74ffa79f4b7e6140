/**
 * `planVpn`, `examineClouds` and `externalEnds`: what apply would do for a spec, what the clouds can, and what an external site has to be set to. One activity each, since that is where the credentials are.
 * The rule: they only read, so they hold no lock, and run beside whatever changes a VPN.
 */
import { workflowInfo } from '@temporalio/workflow';
import { examine, planSpec, readExternalEnds } from './activities.js';
import { failureOf } from './failures.js';
import type { ExamineOutput, ExternalEnd, ExternalEndsInput, ProvisionInput, VpnPlan } from './protocol.js';

export function planVpn({ spec }: ProvisionInput): Promise<VpnPlan> {
  return plainly(planSpec({ spec, run: workflowInfo().firstExecutionRunId }));
}

export function examineClouds(): Promise<ExamineOutput> {
  return plainly(examine());
}

export function externalEnds(input: ExternalEndsInput): Promise<readonly ExternalEnd[]> {
  return plainly(readExternalEnds(input));
}

/** The activity's own words are how the run fails. */
async function plainly<T>(look: Promise<T>): Promise<T> {
  try {
    return await look;
  } catch (error) {
    throw failureOf(error) ?? error;
  }
}
