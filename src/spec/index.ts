/**
 * The way into the spec: anything in, a normalised spec or every problem out.
 * The rule: an error never repeats a value that could be a secret.
 */
import { z } from 'zod';
import { closest } from './closest.js';
import { normaliseSpec } from './normalise.js';
import { specSchema } from './schema.js';
import type { VpnSpec } from './types.js';
import { type Problem, problemsOf, warningsOf } from './validate.js';

export type { Problem } from './validate.js';

/** A spec that cannot be used, with all that is wrong with it. */
export class InvalidSpecError extends Error {
  override readonly name = 'InvalidSpecError';
  constructor(readonly problems: readonly Problem[]) {
    const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
    super(
      `the spec has ${count}:\n${problems.map(({ path, message }) => `  ${path || 'spec'}: ${message}`).join('\n')}`,
    );
  }
}

/** Validates and normalises. Throws InvalidSpecError with every problem; nothing else. */
export function parseSpec(input: unknown): { readonly spec: VpnSpec; readonly warnings: readonly string[] } {
  const parsed = specSchema.safeParse(input, { reportInput: true });
  if (!parsed.success)
    throw new InvalidSpecError([...parsed.error.issues.flatMap(problemsOfIssue), ...laterProblems(input)]);
  const spec = normaliseSpec(parsed.data);
  const problems = problemsOf(parsed.data, spec);
  if (problems.length > 0) throw new InvalidSpecError(problems);
  return { spec, warnings: warningsOf(parsed.data) };
}

/** JSON Schema of the spec file, for editors and for callers in other languages. */
export function specJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(specSchema, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>;
}

type Issue = z.core.$ZodIssue;

function problemsOfIssue(issue: Issue): readonly Problem[] {
  const path = pathText(issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const known = knownKeys(issue.path);
      const meant = closest(key, known);
      const hint = meant === undefined ? `known are ${known.join(', ')}` : `did you mean ${meant}?`;
      return { path: pathText([...issue.path, key]), message: `is not known; ${hint}` };
    });
  }
  if (issue.code === 'invalid_union') {
    if (issue.path[0] === 'psk') {
      return [
        { path, message: 'must be generated, { env: NAME } or { file: PATH }; the key itself never stands in a spec' },
      ];
    }
    // The branch with the fewest problems is the one that was meant.
    const [best] = [...issue.errors].sort((a, b) => a.length - b.length);
    const inner = (best ?? []).flatMap((one) =>
      problemsOfIssue({ ...one, path: [...issue.path, ...one.path] } as Issue),
    );
    return inner.length > 0 ? inner : [{ path, message: issue.message }];
  }
  if (issue.code === 'invalid_value' && typeof issue.input === 'string') {
    const values = issue.values.map(String);
    const meant = closest(issue.input, values);
    return [
      {
        path,
        message: `"${issue.input}" is none of ${values.join(', ')}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
      },
    ];
  }
  if (issue.code === 'invalid_type' && issue.input === undefined) return [{ path, message: 'is missing' }];
  if (issue.code === 'invalid_key') return [{ path, message: issue.issues[0]?.message ?? issue.message }];
  return [{ path, message: issue.message }];
}

/** What can be said of addresses even while other fields are not well-formed, so that all problems come at once. */
function laterProblems(input: unknown): readonly Problem[] {
  if (typeof input !== 'object' || input === null) return [];
  const relaxed = { name: 'x', sites: (input as { sites?: unknown }).sites };
  const parsed = specSchema.safeParse(relaxed);
  return parsed.success ? problemsOf(parsed.data, normaliseSpec(parsed.data)) : [];
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`))
    .join('');
}

/** The keys that the schema knows at a path, from its JSON Schema. */
function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  interface Node {
    readonly properties?: Record<string, Node>;
    readonly additionalProperties?: Node;
    readonly prefixItems?: readonly Node[];
    readonly anyOf?: readonly Node[];
  }
  const down = (node: Node, part: PropertyKey): readonly Node[] => [
    ...(node.properties?.[String(part)] === undefined ? [] : [node.properties[String(part)] as Node]),
    ...(typeof node.additionalProperties === 'object' ? [node.additionalProperties] : []),
    ...(typeof part === 'number' && node.prefixItems?.[part] !== undefined ? [node.prefixItems[part] as Node] : []),
    ...(node.anyOf ?? []).flatMap((branch) => down(branch, part)),
  ];
  const nodes = path.reduce<readonly Node[]>(
    (all, part) => all.flatMap((node) => down(node, part)),
    [specJsonSchema() as Node],
  );
  const keys = (node: Node): readonly string[] => [
    ...Object.keys(node.properties ?? {}),
    ...(node.anyOf ?? []).flatMap(keys),
  ];
  return [...new Set(nodes.flatMap(keys))];
}
