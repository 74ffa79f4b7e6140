/**
 * awk's tokens. The one rule: whether `/` divides or starts a regular expression is decided here, by what stands before it.
 */

export interface Token {
  readonly kind:
    | 'number'
    | 'string'
    | 'regexp'
    | 'name'
    | 'call'
    | 'builtin'
    | 'keyword'
    | 'operator'
    | 'newline'
    | 'end';
  readonly text: string;
}

export class AwkSyntaxError extends Error {}

const KEYWORDS = new Set([
  'BEGIN',
  'END',
  'if',
  'else',
  'while',
  'for',
  'do',
  'break',
  'continue',
  'next',
  'exit',
  'return',
  'delete',
  'in',
  'getline',
  'print',
  'printf',
  'function',
  'func',
]);
const BUILTIN_FUNCTIONS = new Set([
  'length',
  'substr',
  'index',
  'split',
  'sub',
  'gsub',
  'match',
  'sprintf',
  'sin',
  'cos',
  'atan2',
  'exp',
  'log',
  'sqrt',
  'int',
  'rand',
  'srand',
  'tolower',
  'toupper',
  'system',
  'close',
  'fflush',
  'systime',
  'strftime',
]);
const OPERATORS = /^(?:\|\||&&|\*\*=|\*\*|\+\+|--|[-+*/%^=!<>]=|>>|!~|[-+*/%^!<>|?:~$=(){}[\];,])/;
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  '"': '"',
  '/': '/',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

/** @throws AwkSyntaxError */
export function tokenize(text: string): Token[] {
  const out: Token[] = [];
  let at = 0;
  const push = (kind: Token['kind'], value: string): void => {
    out.push({ kind, text: value });
  };
  while (at < text.length) {
    const rest = text.slice(at);
    const blank = /^(?:[ \t\r]+|\\\n|#[^\n]*)/.exec(rest);
    if (blank) {
      at += blank[0].length;
      continue;
    }
    if (rest.startsWith('\n')) {
      push('newline', '\n');
      at += 1;
      continue;
    }
    const number = /^(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)/.exec(rest);
    const name = /^[A-Za-z_]\w*/.exec(rest);
    if (number) {
      push('number', number[0]);
      at += number[0].length;
    } else if (name) {
      const [word] = name;
      at += word.length;
      if (KEYWORDS.has(word)) push('keyword', word === 'func' ? 'function' : word);
      else if (BUILTIN_FUNCTIONS.has(word)) push('builtin', word);
      else push(text[at] === '(' ? 'call' : 'name', word);
    } else if (rest.startsWith('"')) {
      const { value, length } = quoted(rest);
      push('string', value);
      at += length;
    } else if (rest.startsWith('/') && !dividesAfter(out.at(-1))) {
      const found = /^\/((?:\\.|\[(?:\\.|[^\]\n])*\]|[^/\\\n[])*)\//.exec(rest);
      if (!found) throw new AwkSyntaxError('unterminated regular expression');
      push('regexp', (found[1] ?? '').replaceAll('\\/', '/'));
      at += found[0].length;
    } else {
      const operator = OPERATORS.exec(rest)?.[0];
      if (operator === undefined) throw new AwkSyntaxError(`unexpected character '${rest[0]}'`);
      push('operator', operator === '**' ? '^' : operator === '**=' ? '^=' : operator);
      at += operator.length;
    }
  }
  push('newline', '\n');
  push('end', '');
  return out;
}

function dividesAfter(token: Token | undefined): boolean {
  if (!token) return false;
  if (token.kind === 'operator') return [')', ']', '$', '++', '--'].includes(token.text);
  return token.kind === 'number' || token.kind === 'name' || token.kind === 'string' || token.kind === 'builtin';
}

function quoted(rest: string): { value: string; length: number } {
  let value = '';
  for (let i = 1; i < rest.length; i += 1) {
    const char = rest[i] ?? '';
    if (char === '"') return { value, length: i + 1 };
    if (char === '\n') break;
    if (char !== '\\') {
      value += char;
      continue;
    }
    i += 1;
    const next = rest[i] ?? '';
    const octal = /^[0-7]{1,3}/.exec(rest.slice(i))?.[0];
    if (octal !== undefined) {
      value += String.fromCharCode(Number.parseInt(octal, 8) & 255);
      i += octal.length - 1;
    } else if (next !== '\n') value += ESCAPES[next] ?? `\\${next}`;
  }
  throw new AwkSyntaxError('unterminated string');
}
