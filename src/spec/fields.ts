/**
 * Building blocks of the schema: a text with a check that says what is wrong and how to cure it, and the kinds of text that a spec has.
 * The rule: a check is a function of its own elsewhere, from the value to its fault; here it is only tied to zod.
 */
import { z } from 'zod';
import { DURATION_PATTERN, durationFault } from './duration.js';
import { hostNameFault, nameFault, type Placeholder, templateFault } from './naming.js';
import type { Fault } from './problems.js';

/** Adds a check that says what is wrong, and its cure. */
function checked<T>(schema: z.ZodType<T>, faultOf: (value: T) => Fault | undefined): z.ZodType<T> {
  return schema.superRefine((value, context) => {
    const fault = faultOf(value);
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault.message, params: { cure: fault.cure } });
  });
}

export function text(
  faultOf: (value: string) => Fault | undefined,
  meta: Record<string, unknown> = {},
): z.ZodType<string> {
  return checked(z.string().meta(meta), faultOf);
}

export function matching(pattern: RegExp, fault: Fault): z.ZodType<string> {
  return text((value) => (pattern.test(value) ? undefined : fault), { pattern: pattern.source });
}

export const name = () => text(nameFault, { minLength: 1, maxLength: 255 });

/** `of`: the kind of resource that gets its name from it. */
export function template(of: string, placeholders: readonly Placeholder[]): z.ZodType<string> {
  const faultOf = (value: string) =>
    templateFault(value, placeholders) ?? (of === 'server' ? hostNameFault(value) : undefined);
  return text(faultOf, { minLength: 1, maxLength: 255 });
}

export const duration = () =>
  checked(
    z.string({ error: 'must be a duration such as 90s, 10m, 24h or 2d' }).meta({ pattern: DURATION_PATTERN }),
    durationFault,
  );
