/**
 * The contract with callers in any language, as data: every workflow type with its argument, its result and its id. docs/contract.md and the JSON Schemas are
 * written from it (`npm run docs`), and tests hold runs to it.
 * The rule: within a version fields, types and failure types are added, and none is taken away or changes its meaning.
 */
import {
  DESTROY,
  EXAMINE,
  EXTERNAL_ENDS,
  type MEMO,
  PLAN,
  PROVISION,
  type SEARCH_ATTRIBUTES,
  SURVEY,
  SWEEP,
} from './protocol.js';

export const CONTRACT_VERSION = 1;

export interface WorkflowContract {
  readonly type: string;
  readonly does: string;
  /** Forms of the id that it must have, which is its lock; none for what only reads. */
  readonly ids: readonly string[];
  /** Types of `protocol.ts`. Without `argument` it takes none. */
  readonly argument?: string;
  readonly result: string;
}

export const WORKFLOWS: readonly WorkflowContract[] = [
  {
    type: PROVISION,
    does: 'makes the VPN of a spec, converges it or repairs it',
    ids: ['vpn/NAME'],
    argument: 'ProvisionInput',
    result: 'ProvisionResult',
  },
  {
    type: DESTROY,
    does: 'removes everything that bears the marks of a VPN',
    ids: ['vpn/NAME'],
    argument: 'DestroyInput',
    result: 'DestroyResult',
  },
  {
    type: PLAN,
    does: 'tells what provisioning a spec would do, and whether it can',
    ids: [],
    argument: 'ProvisionInput',
    result: 'VpnPlan',
  },
  {
    type: EXTERNAL_ENDS,
    does: 'tells what an external site has to be set to',
    ids: [],
    argument: 'ExternalEndsInput',
    result: 'ExternalEnds',
  },
  { type: EXAMINE, does: 'tells what every configured cloud and region can', ids: [], result: 'ExamineOutput' },
  { type: SURVEY, does: 'lists what no VPN has a use for, in all regions', ids: [], result: 'SurveyOutput' },
  {
    type: SWEEP,
    does: 'removes strays that a survey listed, if they are still stray',
    ids: ['vpn/NAME', 'router/ID'],
    argument: 'SweepInput',
    result: 'SweepResult',
  },
];

/** Set by the runs themselves, so that nobody has to give them at a start. */
export const SEARCH_ATTRIBUTE_MEANINGS: Readonly<Record<keyof typeof SEARCH_ATTRIBUTES, string>> = {
  VpnName: 'name of the VPN; of a sweep under a router, `router/ID`',
  VpnPhase: 'phase of the run, as in its progress',
  VpnRegions: 'regions of its sites, once they are known',
};

/** What may be given at a start. */
export const MEMO_MEANINGS: Readonly<Record<keyof typeof MEMO, string>> = {
  requestedBy: 'who asks, in your own words: shown to whoever finds the VPN busy',
  specDigest:
    "what the package and the command know an equal spec by; a run without it is another one's to them, so that they find the VPN busy",
};
