/**
 * The form of a workflow's one argument, looked at before anything else: a caller in any language may send anything.
 * The rule: all problems are told at once, and the run fails of them at once. A spec's own problems are for the activity that reads it.
 */
import { ApplicationFailure } from '@temporalio/common';
import { didYouMean } from '../spec/closest.js';
import { VPN_NAME, VPN_NAME_LIMIT } from '../spec/naming.js';
import type { DestroyInput, ExternalEndsInput, FailureType, ProvisionInput, SweepInput } from './protocol.js';

/** What is wrong with a value, in words; undefined where nothing is. */
type Fault = (value: unknown) => string | undefined;

/** The fields that an argument has, all of them required. */
type Form<T> = { readonly [Field in keyof T]-?: Fault };

const vpnName: Fault = (value) =>
  typeof value === 'string' && VPN_NAME.test(value)
    ? undefined
    : `${shown(value)}is not a VPN name: use 1 to ${VPN_NAME_LIMIT} lower-case letters, digits and hyphens, a letter or digit first`;

const text: Fault = (value) => (typeof value === 'string' && value !== '' ? undefined : 'must be a text');

const ids: Fault = (value) =>
  Array.isArray(value) && value.length > 0 && value.every((one) => text(one) === undefined)
    ? undefined
    : 'must be a list of ids, at least one';

const LONGEST_SHOWN = 60;

const OF_A_VPN = { vpn: vpnName };
const OF_A_ROUTER = { router: text, region: text };

const strayOwner: Fault = (value) => {
  const form = isMapping(value) && 'router' in value ? OF_A_ROUTER : OF_A_VPN;
  const problems = problemsOf(value, form);
  return problems.length === 0 ? undefined : `must be { vpn } or { router, region }: ${problems.join('; ')}`;
};

/** `spec`: whether it is one is for `parseSpec`. */
export const PROVISION_FORM: Form<ProvisionInput> = { spec: () => undefined };
export const DESTROY_FORM: Form<DestroyInput> = OF_A_VPN;
export const SWEEP_FORM: Form<SweepInput> = { of: strayOwner, ids };
export const EXTERNAL_ENDS_FORM: Form<ExternalEndsInput> = OF_A_VPN;

/** `at`: the id that the run has; `of`: the id that the argument gives, which is its lock. */
export interface Lock<T> {
  readonly at: string;
  readonly of: (argument: T) => string;
}

/** The argument, once it has the form. Throws InvalidArgument, non-retryable, with everything that is wrong with it. */
export async function checkedArgument<T extends object>(input: unknown, form: Form<T>, lock?: Lock<T>): Promise<T> {
  const problems = [...problemsOf(input, form)];
  if (problems.length === 0 && lock !== undefined) {
    const id = lock.of(input as T);
    if (id !== lock.at) problems.push(`the workflow id must be ${id}, not ${lock.at}: the id is the lock`);
  }
  if (problems.length === 0) return input as T;
  throw ApplicationFailure.create({
    message: ["the workflow's argument is not valid:", ...problems.map((problem) => `  ${problem}`)].join('\n'),
    type: 'InvalidArgument' satisfies FailureType,
    nonRetryable: true,
  });
}

function problemsOf(input: unknown, form: Readonly<Record<string, Fault>>): readonly string[] {
  const fields = Object.keys(form);
  if (!isMapping(input)) return [`it must be one JSON object with ${fields.join(' and ')}`];
  const unknown = Object.keys(input).filter((key) => !fields.includes(key));
  const wrong = fields.flatMap((field) => {
    if (input[field] === undefined) return [`${field}: is missing`];
    const fault = form[field]?.(input[field]);
    return fault === undefined ? [] : [`${field}: ${fault}`];
  });
  return [
    ...wrong,
    ...unknown.map((key) => `${key}: is not known; ${didYouMean(key, fields) ?? `known here: ${fields.join(', ')}`}`),
  ];
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `${JSON.stringify(value.slice(0, LONGEST_SHOWN))} ` : '';
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
