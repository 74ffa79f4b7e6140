/**
 * The table of built-in commands. Special ones (POSIX 2.14) keep the assignments before them and end the shell on errors.
 * The one rule: a built-in is here because it must change the shell; what need not is a program in ../commands.
 */
import type { Builtin } from './builtin.js';
import { FLOW } from './builtins-flow.js';
import { JOBS } from './builtins-jobs.js';
import { OUTPUT } from './builtins-output.js';
import { STATE } from './builtins-state.js';

const SPECIAL_NAMES = new Set([
  '.',
  ':',
  'break',
  'continue',
  'eval',
  'exit',
  'export',
  'readonly',
  'return',
  'set',
  'shift',
  'times',
  'trap',
  'unset',
]);

const ALL = new Map<string, Builtin>(Object.entries({ ...FLOW, ...STATE, ...JOBS, ...OUTPUT }));

export const SPECIAL: ReadonlyMap<string, Builtin> = new Map([...ALL].filter(([name]) => SPECIAL_NAMES.has(name)));
export const BUILTINS: ReadonlyMap<string, Builtin> = new Map([...ALL].filter(([name]) => !SPECIAL_NAMES.has(name)));
