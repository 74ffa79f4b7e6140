/**
 * grep, egrep, fgrep. The one rule: the exit status is the answer (0 found, 1 not, 2 trouble), and `-q` stops reading at once.
 */
import { escapeRegExp } from '../shell/pattern.js';
import type { Program } from './context.js';
import { parseOptions } from './options.js';
import { toRegExp } from './regex.js';

export const grep: Program = async (c) => {
  const options = parseOptions(c.args, 'EFGPivcnlLoqshHwxre:f:m:A:B:C:a', [
    'max-count=',
    'regexp=',
    'color=',
    'colour=',
  ]);
  const operands = [...options.operands];
  const patterns = [...(options.values.get('e') ?? []), ...(options.values.get('regexp') ?? [])];
  const file = options.get('f');
  if (file !== undefined) patterns.push(...(await c.lines([file])));
  else if (patterns.length === 0) {
    const first = operands.shift();
    if (first === undefined) return c.fail('no pattern', 2);
    patterns.push(...first.split('\n'));
  }
  const extended = options.has('E') || options.has('P') || c.name === 'egrep';
  const fixed = options.has('F') || c.name === 'fgrep';
  let regexp: RegExp;
  try {
    const sources = patterns.map((pattern) =>
      fixed ? escapeRegExp(pattern) : options.has('P') ? pattern : toRegExp(pattern, extended).source,
    );
    const any = `(?:${sources.join('|')})`;
    const framed = options.has('x') ? `^${any}$` : options.has('w') ? `(?<!\\w)${any}(?!\\w)` : any;
    regexp = new RegExp(framed, `g${options.has('i') ? 'i' : ''}`);
  } catch {
    return c.fail('Invalid regular expression', 2);
  }
  const limit = Number(options.get('m') ?? options.get('max-count') ?? Infinity);
  const after = Number(options.get('A') ?? options.get('C') ?? 0);
  const before = Number(options.get('B') ?? options.get('C') ?? 0);
  const named = (operands.length > 1 || options.has('H')) && !options.has('h');
  let found = false;
  for await (const { name, reader } of c.inputs(operands)) {
    const mark = (sign: string, number: number): string =>
      `${named ? `${name}${sign}` : ''}${options.has('n') ? `${number}${sign}` : ''}`;
    let count = 0;
    let number = 0;
    let trailing = 0;
    const held: string[] = [];
    for (let raw = await c.line(reader); raw !== undefined; raw = await c.line(reader)) {
      const line = raw.replace(/\n$/, '');
      number += 1;
      regexp.lastIndex = 0;
      const hit = regexp.test(line) !== options.has('v');
      if (!hit) {
        if (trailing > 0) {
          await c.out(`${mark('-', number)}${line}\n`);
          trailing -= 1;
        } else if (before > 0) {
          held.push(`${mark('-', number)}${line}\n`);
          if (held.length > before) held.shift();
        }
        continue;
      }
      found = true;
      count += 1;
      if (options.has('q')) return 0;
      if (options.has('l') || options.has('c') || options.has('L')) {
        if (options.has('l')) break;
      } else if (options.has('o')) {
        regexp.lastIndex = 0;
        for (const match of options.has('v') ? [] : line.matchAll(regexp)) {
          if (match[0] !== '') await c.out(`${mark(':', number)}${match[0]}\n`);
        }
      } else {
        await c.out(`${held.splice(0).join('')}${mark(':', number)}${line}\n`);
        trailing = after;
      }
      if (count >= limit) break;
    }
    if (options.has('l') ? count > 0 : options.has('L') && count === 0) await c.out(`${name}\n`);
    else if (options.has('c')) await c.out(`${named ? `${name}:` : ''}${count}\n`);
  }
  if (c.failed > 0 && !found) return 2;
  return found ? 0 : 1;
};
