/**
 * What is wrong with a spec, in words for the person who wrote it: every problem at once, each with where, what and how to cure it.
 * The rule: a value that could be a secret is never repeated, so nothing under `psk` has a `value`.
 */

/** One thing that is wrong. */
export interface Problem {
  /** Where, for people: `sites.left.network.subnets[0].cidr`; empty for the spec as a whole. */
  readonly path: string;
  /** The same in parts, for finding the place in a file. */
  readonly at: Path;
  readonly message: string;
  /** The value as written, shortened; absent where there is none or where it must not be repeated. */
  readonly value?: string;
  /** What to write instead. */
  readonly cure?: string;
  /** Line in the file that was loaded, from 1. */
  readonly line?: number;
}

/** What a check of one value says, before anyone knows where the value stands. */
export interface Fault {
  readonly message: string;
  readonly cure?: string;
}

/** A place in the input. */
export type Path = readonly (string | number)[];

/** What is wrong between places of the input, and where it is told. */
export type Finding = readonly [at: Path, fault: Fault];

/** Thrown by `parseSpec` and `loadSpecFile`; the message lists all problems, one a line. */
export class InvalidSpecError extends Error {
  override readonly name = 'InvalidSpecError';

  constructor(
    readonly problems: readonly Problem[],
    source = 'spec',
  ) {
    super([`${source} is not valid:`, ...problems.map((problem) => `  ${problemLine(problem)}`)].join('\n'));
  }
}

/** One problem as one line: `line 7: sites.left.region: is missing; write …`. */
function problemLine({ line, path, message, value, cure }: Problem): string {
  const where = [...(line === undefined ? [] : [`line ${line}`]), ...(path === '' ? [] : [path])];
  const what = value === undefined ? message : `${value} ${message}`;
  return [...where, cure === undefined ? what : `${what}; ${cure}`].join(': ');
}

/** A problem at a place in the input, with the value that stands there. */
export function problemAt(input: unknown, at: Path, { message, cure }: Fault): Problem {
  const value = at.length === 0 || at[0] === 'psk' ? undefined : shown(valueAt(input, at));
  return {
    path: pathText(at),
    at,
    message,
    ...(value === undefined ? {} : { value }),
    ...(cure === undefined ? {} : { cure }),
  };
}

/** The value at a path, or undefined where the input has no such place. */
export function valueAt(input: unknown, at: Path): unknown {
  return at.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string | number, unknown>)[key]
        : undefined,
    input,
  );
}

/** The mapping at a path; an empty one where there is none. */
export function mappingAt(input: unknown, at: Path): Readonly<Record<string, unknown>> {
  const value = valueAt(input, at);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function pathText(at: Path): string {
  return at.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    const word = /^[\w~-]+$/.test(part) ? part : JSON.stringify(part);
    return text === '' ? word : `${text}.${word}`;
  }, '');
}

const LONGEST_SHOWN = 60;

// Only plain values: a mapping would take the reader's eye off the message, and could hold what must not be repeated.
function shown(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return undefined;
  return JSON.stringify(value.length > LONGEST_SHOWN ? `${value.slice(0, LONGEST_SHOWN)}…` : value);
}
