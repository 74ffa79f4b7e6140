/** awk's built-in functions. The one rule: positions count from 1, as everywhere in awk. */

import { formatDate } from '../commands/time.js';
import { formatPrintf } from '../shell/printf.js';
import type { AwkMachine } from './run.js';
import { AwkError } from './state.js';
import type { Expression, Target } from './syntax.js';
import { inputValue, toNumber, type Value } from './values.js';

/** Calls a built-in function. @throws AwkError */
export function callBuiltin(machine: AwkMachine, name: string, args: readonly Expression[]): Value {
  const value = (at: number): Value => {
    const arg = args[at];
    return arg ? (machine.evaluate(arg) ?? '') : '';
  };
  const text = (at: number): string => machine.text(value(at));
  const number = (at: number): number => toNumber(value(at));
  switch (name) {
    case 'length': {
      const [arg] = args;
      if (!arg) return machine.text(machine.evaluate({ type: 'field', index: { type: 'number', value: 0 } })).length;
      if (arg.type === 'name' && machine.arrays.has(arg.name)) return machine.array(arg.name).size;
      return text(0).length;
    }
    case 'substr': {
      const whole = text(0);
      const start = Math.round(number(1));
      const end = args.length > 2 ? start + Math.round(number(2)) : whole.length + 1;
      return whole.slice(Math.max(0, start - 1), Math.max(0, end - 1));
    }
    case 'index':
      return text(0).indexOf(text(1)) + 1;
    case 'split':
      return split(machine, args, text(0));
    case 'sub':
    case 'gsub':
      return substitute(machine, args, name === 'gsub');
    case 'match': {
      const pattern = args[1];
      const found = pattern ? machine.regexpOf(pattern).exec(text(0)) : null;
      machine.scalars.set('RSTART', found ? found.index + 1 : 0);
      machine.scalars.set('RLENGTH', found ? found[0].length : -1);
      return found ? found.index + 1 : 0;
    }
    case 'sprintf': {
      const format = text(0).replace(/%([-+ 0#]*\d*(?:\.\d*)?)c/g, '%$1s');
      return formatPrintf(
        format.replaceAll('\\', '\\\\'),
        args.slice(1).map((_, at) => text(at + 1)),
      ).out;
    }
    case 'tolower':
      return text(0).toLowerCase();
    case 'toupper':
      return text(0).toUpperCase();
    case 'int':
      return Math.trunc(number(0));
    case 'sqrt':
      return Math.sqrt(number(0));
    case 'exp':
      return Math.exp(number(0));
    case 'log':
      return Math.log(number(0));
    case 'sin':
      return Math.sin(number(0));
    case 'cos':
      return Math.cos(number(0));
    case 'atan2':
      return Math.atan2(number(0), number(1));
    case 'rand':
      return Math.random();
    case 'systime':
      return Math.floor(machine.now() / 1000);
    case 'strftime':
      return formatDate(args.length > 1 ? number(1) * 1000 : machine.now(), text(0));
    case 'srand':
    case 'close':
    case 'fflush':
      return 0;
    default:
      throw new AwkError(`function ${name} is not available`);
  }
}

function split(machine: AwkMachine, args: readonly Expression[], text: string): number {
  const [, array, separator] = args;
  if (array?.type !== 'name') throw new AwkError('split: second argument must be an array');
  const parts = !separator
    ? machine.splitText(text, machine.text(machine.scalars.get('FS')))
    : separator.type === 'regexp'
      ? text === ''
        ? []
        : text.split(machine.toRegExp(separator.source))
      : machine.splitText(text, machine.text(machine.evaluate(separator)));
  const target = machine.array(array.name);
  target.clear();
  for (const [index, part] of parts.entries()) target.set(String(index + 1), inputValue(part));
  return parts.length;
}

function substitute(machine: AwkMachine, args: readonly Expression[], all: boolean): number {
  const [pattern, replacement, given] = args;
  if (!pattern || !replacement) throw new AwkError('sub: too few arguments');
  const target: Target =
    given && (given.type === 'name' || given.type === 'field' || given.type === 'element')
      ? given
      : { type: 'field', index: { type: 'number', value: 0 } };
  const regexp = machine.regexpOf(pattern);
  const put = machine.text(machine.evaluate(replacement));
  let count = 0;
  const result = machine.text(machine.evaluate(target)).replace(new RegExp(regexp.source, all ? 'g' : ''), (found) => {
    count += 1;
    return put.replace(/\\\\|\\&|&/g, (mark) => (mark === '&' ? found : mark === '\\&' ? '&' : '\\'));
  });
  if (count > 0) machine.assign(target, result);
  return count;
}
