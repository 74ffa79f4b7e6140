/**
 * Graphs for the tests, from the same spec files that people start with.
 * The rule: no graph is written by hand here; what a test expects of one stands in the test.
 */
import { buildGraph } from '../../src/graph/build-graph.js';
import type { LookUps, Step } from '../../src/graph/types.js';
import { parseSpec } from '../../src/spec/index.js';
import { loadSpecFile } from '../../src/spec/load-spec-file.js';

type Mapping = Readonly<Record<string, unknown>>;

/** Steps of an example, with some fields of its file changed. */
export function stepsOf(
  example: 'tutorial' | 'existing-networks' | 'several-subnets' | 'external-peer',
  fields: Mapping = {},
  lookUps?: LookUps,
) {
  const input = loadSpecFile(`examples/${example}.yaml`) as Mapping;
  return buildGraph(parseSpec({ ...input, ...fields }).spec, lookUps).steps;
}

/** Keys of the steps, in their order. */
export function keysOf(steps: readonly Step[]): readonly string[] {
  return steps.map((step) => step.key);
}

/** The step with that key; a test that names none there is wrong. */
export function stepAt(steps: readonly Step[], key: string): Step {
  const step = steps.find((one) => one.key === key);
  if (step === undefined) throw new Error(`no step ${key}`);
  return step;
}
