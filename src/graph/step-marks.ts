/** How a step's state is drawn, in the terminal and in the Temporal UI alike. */
import type { StepState } from './types.js';

export const STEP_MARKS: Readonly<Record<StepState, string>> = {
  waiting: '·',
  running: '▶',
  done: '✔',
  failed: '✖',
  cancelled: '◼',
  undoing: '↩',
  undone: '∅',
  left: '‼',
};
