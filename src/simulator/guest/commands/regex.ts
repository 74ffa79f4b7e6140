/**
 * POSIX regular expressions (basic for grep and sed, extended for -E and awk) as JavaScript's.
 * The one rule: leftmost-longest is not kept where JavaScript takes the first alternative; everything else matches as POSIX says.
 */
import { bracketClass, escapeRegExp } from '../shell/pattern.js';

/** @throws SyntaxError if the expression is not valid */
export function toRegExp(source: string, extended: boolean, flags = ''): RegExp {
  return new RegExp(extended ? convertExtended(source) : convertBasic(source), flags);
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\\n',
  t: '\\t',
  w: '\\w',
  W: '\\W',
  s: '\\s',
  S: '\\S',
  b: '\\b',
  B: '\\B',
  '<': '\\b(?=\\w)',
  '>': '\\b(?<=\\w)',
};

function convertBasic(source: string): string {
  let out = '';
  for (let i = 0; i < source.length; ) {
    const char = source[i] ?? '';
    const next = source[i + 1] ?? '';
    const start = out === '' || /(?:\(|\||^\^)$/.test(out);
    if (char === '\\') {
      i += 2;
      if ('(){}|+?'.includes(next)) out += next;
      else if (/[1-9]/.test(next)) out += `\\${next}`;
      else out += ESCAPES[next] ?? escapeRegExp(next);
      continue;
    }
    const bracket = char === '[' ? bracketClass(source, i + 1, false) : undefined;
    if (bracket) {
      out += bracket.source;
      i = bracket.next;
      continue;
    }
    i += 1;
    if (char === '*') out += start ? '\\*' : '*';
    else if (char === '^') out += start ? '^' : '\\^';
    else if (char === '$') out += i >= source.length || /^\\[)|]/.test(source.slice(i)) ? '$' : '\\$';
    else if (char === '.') out += '[^\\n]';
    else out += escapeRegExp(char);
  }
  return out;
}

function convertExtended(source: string): string {
  let out = '';
  for (let i = 0; i < source.length; ) {
    const char = source[i] ?? '';
    if (char === '\\') {
      const next = source[i + 1] ?? '';
      out += /[1-9]/.test(next) ? `\\${next}` : (ESCAPES[next] ?? escapeRegExp(next));
      i += 2;
      continue;
    }
    const bracket = char === '[' ? bracketClass(source, i + 1, true) : undefined;
    if (bracket) {
      out += bracket.source;
      i = bracket.next;
      continue;
    }
    i += 1;
    if (char === '{' && !/^\d+(?:,\d*)?\}/.test(source.slice(i))) out += '\\{';
    else if (char === '.') out += '[^\\n]';
    else if (char === '/') out += '\\/';
    else if (char === ']' || (char === '}' && !/\{\d+(?:,\d*)?$/.test(out))) out += `\\${char}`;
    else out += char;
  }
  return out;
}
