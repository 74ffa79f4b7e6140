/**
 * Shell patterns (`*`, `?`, `[…]`, backslash quotes) as regular expressions, for `case`, `${x#…}` and file names.
 * The one rule: quoted characters arrive here with a backslash before them; see `quotePattern`.
 */

/** Takes the special meaning from every character. */
export function quotePattern(text: string): string {
  return text.replace(/[\\*?[\]!^-]/g, '\\$&');
}

/** Whether an unquoted special character is in it. */
export function isPattern(pattern: string): boolean {
  return /[*?[]/.test(pattern.replace(/\\[\s\S]/g, ''));
}

/** The pattern with its quoting removed. */
export function unquotePattern(pattern: string): string {
  return pattern.replace(/\\([\s\S])/g, '$1');
}

const CLASSES: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  blank: ' \\t',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\s',
  upper: 'A-Z',
  xdigit: '0-9A-Fa-f',
};

/**
 * The body of a bracket expression as that of a JavaScript class.
 * @param at index after `[`
 * @returns the class and the index after `]`, or undefined if the bracket is not closed
 */
export function bracketClass(text: string, at: number, escapes: boolean): { source: string; next: number } | undefined {
  let i = at;
  let negated = false;
  if (text[i] === '!' || text[i] === '^') {
    negated = true;
    i += 1;
  }
  let body = '';
  for (let first = true; ; first = false) {
    const char = text[i];
    if (char === undefined) return undefined;
    if (char === ']' && !first) break;
    const named = char === '[' ? /^\[:([a-z]+):\]/.exec(text.slice(i)) : null;
    if (named) {
      body += CLASSES[named[1] ?? ''] ?? '';
      i += named[0].length;
    } else if (char === '\\' && escapes) {
      const next = text[i + 1] ?? '\\';
      body += `\\x${next.charCodeAt(0).toString(16).padStart(2, '0')}`;
      i += 2;
    } else {
      body += char === '-' ? '-' : char.replace(/[\\\]^[]/g, '\\$&');
      i += 1;
    }
  }
  return { source: `[${negated ? '^' : ''}${body}]`, next: i + 1 };
}

/** Regular-expression source of a pattern, not anchored. */
export function patternSource(pattern: string, shortest = false): string {
  const lazy = shortest ? '?' : '';
  let out = '';
  for (let i = 0; i < pattern.length; ) {
    const char = pattern[i] ?? '';
    if (char === '*') out += `[\\s\\S]*${lazy}`;
    else if (char === '?') out += '[\\s\\S]';
    else if (char === '[') {
      const bracket = bracketClass(pattern, i + 1, true);
      if (bracket) {
        out += bracket.source;
        i = bracket.next;
        continue;
      }
      out += '\\[';
    } else if (char === '\\' && i + 1 < pattern.length) {
      i += 1;
      out += escapeRegExp(pattern[i] ?? '');
    } else out += escapeRegExp(char);
    i += 1;
  }
  return out;
}

/** Whether all of `text` matches. */
export function matches(pattern: string, text: string): boolean {
  return new RegExp(`^(?:${patternSource(pattern)})$`).test(text);
}

/** `${x#p}`, `${x##p}`, `${x%p}`, `${x%%p}`. */
export function removeMatch(text: string, operator: '#' | '##' | '%' | '%%', pattern: string): string {
  if (operator.startsWith('#')) {
    const found = new RegExp(`^(?:${patternSource(pattern, operator === '#')})`).exec(text);
    return found ? text.slice(found[0].length) : text;
  }
  const whole = new RegExp(`^(?:${patternSource(pattern)})$`);
  for (let i = 0; i <= text.length; i += 1) {
    const start = operator === '%%' ? i : text.length - i;
    if (whole.test(text.slice(start))) return text.slice(0, start);
  }
  return text;
}

export function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
