/**
 * The two ways through a graph. Forwards a step starts the moment its needs are done; backwards a step is undone once all that needed it is.
 * Plain promises, so that the walk runs inside a workflow and in a unit test alike.
 * The rule: a walk never returns while a step of it still runs. What is left running after a failure is how orphans are made.
 */
import type { Step } from './types.js';

/**
 * Runs every step once its needs are done, all that can at once. Resolves when every started step has settled; rejects, then, with the
 * first error. Steps whose needs failed are never started. `onFirstError` is called at once, to stop the others.
 */
export async function walkForward<S extends Step>(
  steps: readonly S[],
  run: (step: S) => Promise<unknown>,
  onFirstError: (error: unknown) => void = () => {},
): Promise<void> {
  let failed = false;
  let first: unknown;
  const ends = new Map<string, Promise<boolean>>();
  for (const step of steps) {
    const needs = step.needs.map((need) => ends.get(need) ?? Promise.resolve(true));
    ends.set(step.key, startAfter(needs, step));
  }
  await Promise.all(ends.values());
  if (failed) throw first;

  async function startAfter(needs: readonly Promise<boolean>[], step: S): Promise<boolean> {
    const ready = (await Promise.all(needs)).every(Boolean);
    if (!ready || failed) return false;
    try {
      await run(step);
      return true;
    } catch (error) {
      if (!failed) {
        failed = true;
        first = error;
        onFirstError(error);
      }
      return false;
    }
  }
}

/**
 * Undoes every step after all steps that need it, directly or through others, were tried. Goes on past failures: `undo` must not throw, and reports by itself.
 * Steps outside `steps` (never started, or not to be undone) are passed over, their order is kept.
 */
export async function walkBackward<S extends Step>(
  all: readonly Step[],
  steps: readonly S[],
  undo: (step: S) => Promise<void>,
): Promise<void> {
  const chosen = new Map(steps.map((step) => [step.key, step]));
  const ends = new Map<string, Promise<void>>();
  for (const step of [...all].reverse()) {
    const dependents = all.filter((other) => other.needs.includes(step.key)).map((other) => ends.get(other.key));
    const own = chosen.get(step.key);
    ends.set(
      step.key,
      Promise.all(dependents).then(() => (own === undefined ? undefined : undo(own))),
    );
  }
  await Promise.all(ends.values());
}

/** The chain of steps that takes longest, with what each of them takes; `costMs` as measured or as assumed. */
export function longestPath<S extends Pick<Step, 'key' | 'needs'>>(
  steps: readonly S[],
  costMs: (step: S) => number,
): { readonly totalMs: number; readonly path: readonly string[] } {
  const best = new Map<string, { totalMs: number; path: readonly string[] }>();
  let longest: { totalMs: number; path: readonly string[] } = { totalMs: 0, path: [] };
  for (const step of steps) {
    const before = step.needs
      .map((need) => best.get(need) ?? { totalMs: 0, path: [] })
      .reduce((a, b) => (b.totalMs > a.totalMs ? b : a), { totalMs: 0, path: [] as readonly string[] });
    const here = { totalMs: before.totalMs + costMs(step), path: [...before.path, step.key] };
    best.set(step.key, here);
    if (here.totalMs > longest.totalMs) longest = here;
  }
  return longest;
}
