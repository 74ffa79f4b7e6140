/**
 * Programs over lines and columns: cut, tr, sort, uniq, rev, paste-like joins.
 * The one rule: ranges and sets are resolved once, before the first line is read.
 */

import { unescapeText } from '../shell/printf.js';
import type { Program } from './context.js';
import { parseOptions } from './options.js';

function inRanges(list: string): (index: number) => boolean {
  const ranges = list.split(',').map((part) => {
    const [from = '', to] = part.split('-');
    return {
      from: from === '' ? 1 : Number(from),
      to: to === undefined ? Number(from) : to === '' ? Infinity : Number(to),
    };
  });
  return (index) => ranges.some(({ from, to }) => index >= from && index <= to);
}

export const cut: Program = async (c) => {
  const options = parseOptions(c.args, 'd:f:c:b:sn', [
    'delimiter=',
    'fields=',
    'characters=',
    'bytes=',
    'output-delimiter=',
  ]);
  const fields = options.get('f') ?? options.get('fields');
  const chars = options.get('c') ?? options.get('b') ?? options.get('characters') ?? options.get('bytes');
  const delimiter = options.get('d') ?? options.get('delimiter') ?? '\t';
  const wanted = inRanges(fields ?? chars ?? '');
  if (fields === undefined && chars === undefined)
    return c.fail('you must specify a list of bytes, characters, or fields');
  for await (const { reader } of c.inputs(options.operands)) {
    for (let line = await c.line(reader); line !== undefined; line = await c.line(reader)) {
      const text = line.replace(/\n$/, '');
      if (fields === undefined) await c.out(`${[...text].filter((_, at) => wanted(at + 1)).join('')}\n`);
      else if (!text.includes(delimiter)) {
        if (!options.has('s')) await c.out(`${text}\n`);
      } else {
        const kept = text.split(delimiter).filter((_, at) => wanted(at + 1));
        await c.out(`${kept.join(options.get('output-delimiter') ?? delimiter)}\n`);
      }
    }
  }
  return c.failed > 0 ? 1 : 0;
};

const SETS: Readonly<Record<string, string>> = {
  upper: range('A', 'Z'),
  lower: range('a', 'z'),
  digit: range('0', '9'),
  alpha: range('A', 'Z') + range('a', 'z'),
  alnum: range('0', '9') + range('A', 'Z') + range('a', 'z'),
  space: '\t\n\v\f\r ',
  blank: '\t ',
  punct: [...range('!', '~')].filter((char) => !/[A-Za-z0-9]/.test(char)).join(''),
  cntrl: range('\0', '\x1f'),
  print: range(' ', '~'),
  xdigit: `${range('0', '9')}ABCDEFabcdef`,
};

function range(from: string, to: string): string {
  let out = '';
  for (let code = from.charCodeAt(0); code <= to.charCodeAt(0); code += 1) out += String.fromCharCode(code);
  return out;
}

function characters(set: string): string {
  const plain = unescapeText(
    set.replace(/\[:(\w+):\]/g, (_, name: string) => SETS[name] ?? ''),
    'format',
  ).out;
  return plain.replace(/([\s\S])-([\s\S])/g, (_, from: string, to: string) => range(from, to));
}

export const tr: Program = async (c) => {
  const options = parseOptions(c.args, '+dscC');
  const [first = '', second] = options.operands;
  const complement = options.has('c') || options.has('C');
  const from = characters(first);
  const to = second === undefined ? '' : characters(second);
  const hit = (char: string): boolean => from.includes(char) !== complement;
  const map = (char: string): string => {
    const at = complement ? to.length - 1 : from.lastIndexOf(char);
    return to[Math.min(at, to.length - 1)] ?? char;
  };
  const squeezed = options.has('s')
    ? second === undefined || second === ''
      ? hit
      : (char: string) => to.includes(char)
    : () => false;
  let last = '';
  for (let part = await c.chunk(); part !== undefined; part = await c.chunk()) {
    let out = '';
    for (const char of part) {
      const match = hit(char);
      if (match && options.has('d')) continue;
      const shown = match && to !== '' && !options.has('d') ? map(char) : char;
      if (shown === last && squeezed(shown)) continue;
      out += shown;
      last = shown;
    }
    await c.out(out);
  }
  return 0;
};

export const sort: Program = async (c) => {
  const options = parseOptions(c.args, 'bdfghinrRsuVcmk:t:o:T:S:');
  const keys = (options.values.get('k') ?? []).map((text) => {
    const found = /^(\d+)(?:\.\d+)?([a-zA-Z]*)(?:,(\d+)(?:\.\d+)?([a-zA-Z]*))?/.exec(text);
    return {
      from: Number(found?.[1] ?? 1),
      to: found?.[3] === undefined ? Infinity : Number(found[3]),
      flags: `${found?.[2] ?? ''}${found?.[4] ?? ''}`,
    };
  });
  const delimiter = options.get('t');
  const keyOf = (line: string, from: number, to: number): string => {
    const parts = delimiter === undefined ? (line.match(/\s*\S+/g) ?? []) : line.split(delimiter);
    return parts.slice(from - 1, to).join(delimiter ?? '');
  };
  const global = [...options.values.keys()].join('');
  const compare = (a: string, b: string, flags: string): number => {
    const numeric = /[ngh]/.test(flags);
    const fold = (text: string): string => (flags.includes('f') ? text.toUpperCase() : text);
    const order = numeric ? number(a) - number(b) : fold(a) < fold(b) ? -1 : fold(a) > fold(b) ? 1 : 0;
    return flags.includes('r') ? -order : order;
  };
  const byKeys = (a: string, b: string): number => {
    for (const { from, to, flags } of keys.length > 0 ? keys : [{ from: 1, to: Infinity, flags: '' }]) {
      const order =
        keys.length > 0 ? compare(keyOf(a, from, to), keyOf(b, from, to), flags || global) : compare(a, b, global);
      if (order !== 0) return order;
    }
    return 0;
  };
  let lines = await c.lines(options.operands);
  lines.sort(
    (a, b) => byKeys(a, b) || (options.has('u') || options.has('s') ? 0 : compare(a, b, options.has('r') ? 'r' : '')),
  );
  if (options.has('u')) lines = lines.filter((line, at) => at === 0 || byKeys(lines[at - 1] ?? '', line) !== 0);
  const text = lines.map((line) => `${line}\n`).join('');
  const target = options.get('o');
  if (target === undefined) await c.out(text);
  else await c.attempt(target, () => c.machine.files.write(c.path(target), text));
  return c.failed > 0 ? 2 : 0;
};

function number(text: string): number {
  return Number(/^\s*(-?\d*\.?\d+)/.exec(text)?.[1] ?? 0);
}

export const uniq: Program = async (c) => {
  const options = parseOptions(c.args, 'cdui');
  let count = 0;
  let current: string | undefined;
  const flush = async (): Promise<void> => {
    if (current === undefined || (options.has('d') && count < 2) || (options.has('u') && count > 1)) return;
    await c.out(`${options.has('c') ? `${String(count).padStart(7)} ` : ''}${current}\n`);
  };
  for (const line of await c.lines(options.operands.slice(0, 1))) {
    if (current !== undefined && (options.has('i') ? line.toLowerCase() === current.toLowerCase() : line === current))
      count += 1;
    else {
      await flush();
      current = line;
      count = 1;
    }
  }
  await flush();
  return c.failed > 0 ? 1 : 0;
};
