/**
 * From zod's issues to problems in the words of a spec. The only place that knows the form of zod's issues.
 * The rule: each issue becomes a sentence that a person who never heard of zod can act on.
 */
import { z } from 'zod';
import { didYouMean } from './closest.js';
import { type Fault, type Problem, problemAt, valueAt } from './problems.js';

type Issue = z.core.$ZodIssue;
type Path = readonly (string | number)[];

const NOUNS: Readonly<Record<string, string>> = {
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  string: 'text',
  int: 'a whole number',
  number: 'a number',
};

/** How zod's own sentences begin. */
const GENERAL = /^(Invalid|Too|Unrecognized) /;

/** Every problem that a schema found in the input. */
export function problemsOf(
  schema: z.ZodType,
  input: unknown,
  issues: readonly Issue[],
  base: Path = [],
): readonly Problem[] {
  return issues.flatMap((issue) => {
    const at: Path = [...base, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))];
    if (issue.code === 'unrecognized_keys') return unknownKeys(schema, input, at, issue.keys);
    if (issue.code === 'invalid_union')
      return problemsOf(schema, input, meantBranch(issue.errors, valueAt(input, at)), at);
    return [problemAt(input, at, faultOf(issue, valueAt(input, at)))];
  });
}

function faultOf(issue: Issue, value: unknown): Fault {
  // A schema's own sentence wins over the general ones.
  if (issue.code !== 'custom' && !GENERAL.test(issue.message)) return { message: issue.message };
  switch (issue.code) {
    case 'custom': {
      const cure: unknown = issue.params?.cure;
      return { message: issue.message, ...(typeof cure === 'string' ? { cure } : {}) };
    }
    case 'invalid_type':
      return typeFault(issue.expected, value);
    case 'invalid_value':
      return choiceFault(issue.values.map(String), value);
    case 'too_small':
      return { message: `must be at least ${issue.minimum}` };
    case 'too_big':
      return { message: `must be at most ${issue.maximum}` };
    default:
      return { message: issue.message };
  }
}

function typeFault(expected: string, value: unknown): Fault {
  const noun = NOUNS[expected] ?? expected;
  if (value === undefined) return { message: 'is missing', cure: `it must be ${noun}` };
  if (value === null) return { message: 'is empty', cure: `it must be ${noun}` };
  const message = `must be ${noun}`;
  if (expected !== 'string') return { message };
  if (typeof value === 'number' || typeof value === 'boolean') return { message, cure: 'put it in quotes' };
  // YAML reads an unquoted {site} as a mapping.
  if (typeof value === 'object' && value !== null) return { message, cure: 'put it in quotes if it begins with {' };
  return { message };
}

function choiceFault(values: readonly string[], value: unknown): Fault {
  if (value === undefined) return { message: 'is missing', cure: `it must be ${values.join(' or ')}` };
  // A bare number is the number in one of the words: 14 for group14.
  const word = values.find((one) => typeof value === 'number' && one.replace(/^\D+/, '') === String(value));
  const near = didYouMean(word ?? String(value), values);
  const all = values.length > 8 ? `${values.slice(0, 8).join(', ')}, …` : values.join(', ');
  return { message: `must be one of ${all}`, ...(near === undefined ? {} : { cure: near }) };
}

function unknownKeys(schema: z.ZodType, input: unknown, at: Path, keys: readonly string[]): readonly Problem[] {
  const known = keysAt(schema, at);
  // A key under `psk` could be the secret itself, written in the wrong place.
  if (at[0] === 'psk')
    return [problemAt(input, at, { message: 'has an unknown key', cure: `known are: ${known.join(', ')}` })];
  return keys.map((key) => {
    const { value: _, ...problem } = problemAt(input, [...at, key], {
      message: 'is not a known key',
      cure: didYouMean(key, known) ?? `known here: ${known.join(', ')}`,
    });
    return problem;
  });
}

/** Of a union's branches, the one that the writer meant: of the input's own type, then that knows most of its keys, then with the fewest issues with what it says. */
function meantBranch(branches: readonly (readonly Issue[])[], value: unknown): readonly Issue[] {
  const said = (issues: readonly Issue[]) =>
    issues.filter(({ path }) => valueAt(value, path as Path) !== undefined).length;
  const best = [...branches].sort(
    (a, b) => misfit(a) - misfit(b) || unknownAtRoot(a) - unknownAtRoot(b) || said(a) - said(b),
  )[0];
  return best ?? [];
}

function unknownAtRoot(issues: readonly Issue[]): number {
  return issues.flatMap((issue) => (issue.code === 'unrecognized_keys' && issue.path.length === 0 ? issue.keys : []))
    .length;
}

function misfit(issues: readonly Issue[]): number {
  const ofRoot = issues.filter((issue) => issue.path.length === 0).map((issue) => issue.code);
  if (ofRoot.includes('invalid_type')) return 2;
  return ofRoot.includes('invalid_value') ? 1 : 0;
}

/** Keys that the schema knows at a path, through defaults and unions. */
function keysAt(schema: z.core.$ZodType, at: Path): readonly string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return keysAt(schema.unwrap(), at);
  if (schema instanceof z.ZodPipe) return keysAt(schema.out, at);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option: z.core.$ZodType) => keysAt(option, at));
  const [head, ...rest] = at;
  if (schema instanceof z.ZodObject) {
    if (head === undefined) return Object.keys(schema.shape);
    const field: z.core.$ZodType | undefined = schema.shape[String(head)];
    return field === undefined ? [] : keysAt(field, rest);
  }
  if (schema instanceof z.ZodRecord) return keysAt(schema.valueType, rest);
  if (schema instanceof z.ZodArray) return keysAt(schema.element, rest);
  return [];
}
