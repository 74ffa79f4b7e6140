/**
 * `planVpn`, `examineClouds` and `externalEnds`: what apply would do for a spec, what the clouds can, and what an external site has to be set to. One activity each, since that is where the credentials are.
 * The rule: they only read, so they hold no lock, and run beside whatever changes a VPN.
 */
import { workflowInfo } from '@temporalio/workflow';
import { examine, planSpec, readExternalEnds } from './activities.js';
import { checkedArgument, EXTERNAL_ENDS_FORM, PROVISION_FORM } from './argument.js';
import { failureOf } from './failures.js';
import type { ExamineOutput, ExternalEnds, ExternalEndsInput, ProvisionInput, VpnPlan } from './protocol.js';

export async function planVpn(input: ProvisionInput): Promise<VpnPlan> {
  const { spec } = await checkedArgument(input, PROVISION_FORM);
  return plainly(planSpec({ spec, run: workflowInfo().firstExecutionRunId }));
}

export function examineClouds(): Promise<ExamineOutput> {
  return plainly(examine());
}

export async function externalEnds(input: ExternalEndsInput): Promise<ExternalEnds> {
  return plainly(readExternalEnds(await checkedArgument(input, EXTERNAL_ENDS_FORM)));
}

/** The activity's own words are how the run fails. */
async function plainly<T>(look: Promise<T>): Promise<T> {
  try {
    return await look;
  } catch (error) {
    throw failureOf(error) ?? error;
  }
}
