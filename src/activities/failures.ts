/**
 * From anything thrown in an activity to the failure that Temporal records: its published type, whether it is retried, and a sentence that an operator can act on.
 * The rule: messages are built from our own errors only, which hold no secrets; anything unknown is told by its class and message.
 */
import { ApplicationFailure } from '@temporalio/common';
import { leavesInDoubt, verdictOn } from '../openstack/error-table.js';
import { AbortError, CloudConfigError, OpenStackError } from '../openstack/errors.js';
import type { FailureType, Leftover } from '../workflows/protocol.js';

/** A failure of our own that no retry mends. */
export function refuse(type: FailureType, message: string, leftovers?: readonly Leftover[]): ApplicationFailure {
  return ApplicationFailure.create({
    type,
    message,
    nonRetryable: true,
    ...(leftovers === undefined ? {} : { details: [{ leftovers }] }),
  });
}

/** The problems that a refusal's message lists: one a line, a problem's further lines indented. */
export function problemsIn(message: string): string[] {
  return message.split(/\n(?!\s)/);
}

/** A failure that passes: the step is tried again. */
export function later(type: FailureType, message: string): ApplicationFailure {
  return ApplicationFailure.create({ type, message });
}

/** What could not be removed, as a refusal lists it. */
export function leftoversIn(failure: ApplicationFailure): readonly Leftover[] {
  return (failure.details?.[0] as { leftovers?: readonly Leftover[] } | undefined)?.leftovers ?? [];
}

/**
 * An undo outlasts what would fail a step at once: a refused login (a password that was rotated, a Keystone out of order) and a worker that
 * differs pass once someone mends them, and until then the run says so.
 */
export async function patiently<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CloudConfigError || (error instanceof OpenStackError && isUnauthorized(error)))
      throw later('CloudUnavailable', error.message);
    if (error instanceof ApplicationFailure && error.type === 'WorkerMismatch')
      throw later('WorkerMismatch', error.message);
    throw error;
  }
}

/** What Temporal is to record for an error, with the step's doubts in its details and its name before its message. */
export function failureOf(error: unknown, details: Readonly<Record<string, unknown>>, step = ''): ApplicationFailure {
  if (error instanceof ApplicationFailure) {
    const [first] = (error.details ?? []) as Readonly<Record<string, unknown>>[];
    const { message, type, nonRetryable, nextRetryDelay } = error;
    return ApplicationFailure.create({
      message: `${step}${message}`,
      ...(type ? { type } : {}),
      nonRetryable: nonRetryable ?? false,
      ...(nextRetryDelay ? { nextRetryDelay } : {}),
      details: [{ ...details, ...first }],
    });
  }
  if (error instanceof CloudConfigError) {
    return ApplicationFailure.create({
      type: 'CloudNotSuitable',
      message: `${step}${error.message}`,
      nonRetryable: true,
      details: [details],
    });
  }
  if (error instanceof OpenStackError) {
    const verdict = verdictOn(error);
    const final = verdict.retry === 'no' || verdict.retry === 'gone';
    return ApplicationFailure.create({
      type: final ? 'CloudRefused' : 'CloudUnavailable',
      message: `${step}${error.message}${final ? `. What to do: ${verdict.cure}` : ''}`,
      nonRetryable: final,
      details: [details],
      ...(error.fields.retryAfterMs === undefined ? {} : { nextRetryDelay: error.fields.retryAfterMs }),
    });
  }
  const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return ApplicationFailure.create({ type: 'Unexpected', message: `${step}${said}`, details: [details] });
}

export function isAbort(error: unknown): boolean {
  return error instanceof AbortError;
}

export function leavesDoubt(error: unknown): boolean {
  return leavesInDoubt(error);
}

/** Whether a cloud says that the resource does not exist. */
export function isGone(error: unknown): boolean {
  return error instanceof OpenStackError && verdictOn(error).retry === 'gone';
}

/** Undefined where the cloud says that there is none. */
export async function orGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Whether a service refuses even a token that was just issued. */
export function isUnauthorized({ fields }: OpenStackError): boolean {
  return fields.status === 401;
}

/** Whether a cloud says that the resource is still in use. */
export function isInUse(error: unknown): boolean {
  return error instanceof OpenStackError && verdictOn(error).retry === 'inUse';
}
