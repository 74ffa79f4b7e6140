/**
 * Word expansion: from the parser's parts to pieces (see fields.ts), with parameters, commands and arithmetic put in.
 * The one rule: inside double quotes every piece that comes out is `quoted`, except the breaks of "$@".
 */
import { type DoubleQuotedChild, parse, type Word, type WordPart } from 'unbash';
import { evaluate } from './arithmetic.js';
import { ShellError } from './control.js';
import { expandFiles, joinPieces, type Piece, patternOf, splitFields } from './fields.js';
import { expandParameter, simpleParameter } from './parameter.js';
import type { Shell } from './shell.js';
import { substitute } from './substitute.js';

/** All words as arguments: split, file names expanded, unquoted. */
export async function expandWords(shell: Shell, words: readonly Word[]): Promise<string[]> {
  const out: string[] = [];
  for (const word of words) {
    const fields = splitFields(await expandWord(shell, word), shell.get('IFS') ?? ' \t\n');
    for (const field of fields) {
      if (shell.options.has('f')) out.push(field.replace(/\\([\s\S])/g, '$1'));
      else out.push(...expandFiles(field, shell.machine.files, shell.cwd));
    }
  }
  return out;
}

/** A word as one string, neither split nor matched (assignments, redirections, `case`). */
export async function expandText(shell: Shell, word: Word): Promise<string> {
  return joinPieces(await expandWord(shell, word));
}

/** A word as a pattern whose quoted parts are escaped. */
export async function expandPattern(shell: Shell, word: Word, quoted = false): Promise<string> {
  return patternOf(await expandWord(shell, word, false, quoted));
}

/**
 * @param quoted the word is an operand inside double quotes
 * @param braces braces and patterns of Bash stand in `parts`; a POSIX shell takes them as they are
 */
export async function expandWord(shell: Shell, word: Word, quoted = false, single = quoted): Promise<Piece[]> {
  if (!word.parts) return bare(shell, word.text, quoted, true);
  const out: Piece[] = [];
  for (const [index, part] of word.parts.entries()) {
    out.push(...(await expandPart(shell, part, quoted, index === 0, single)));
  }
  return out;
}

async function expandPart(
  shell: Shell,
  part: WordPart,
  quoted: boolean,
  first: boolean,
  single: boolean,
): Promise<Piece[]> {
  switch (part.type) {
    case 'Literal':
      return bare(shell, part.text, quoted, first);
    case 'SingleQuoted':
      return [{ kind: 'quoted', text: quoted && single ? part.text : part.value }];
    case 'AnsiCQuoted':
      return [{ kind: 'quoted', text: part.value }];
    case 'DoubleQuoted':
    case 'LocaleString':
      return doubleQuoted(shell, part.parts);
    case 'ParameterExpansion':
    case 'SimpleExpansion':
    case 'CommandExpansion':
    case 'ArithmeticExpansion':
      return expandChild(shell, part, quoted);
    case 'ProcessSubstitution':
      throw new ShellError('Syntax error: "(" unexpected');
    case 'Glob':
    case 'ExtendedGlob':
    case 'BraceExpansion':
      if (part.parts && part.type === 'Glob') return bracket(shell, part.parts, part.text, quoted);
      return [{ kind: quoted ? 'quoted' : 'literal', text: part.text }];
  }
}

/** `[…]` may hold quotes and expansions: `[!"$x"]`. */
async function bracket(shell: Shell, parts: readonly WordPart[], text: string, quoted: boolean): Promise<Piece[]> {
  if (parts.every((part) => part.type === 'Literal')) return [{ kind: quoted ? 'quoted' : 'literal', text }];
  const out: Piece[] = [{ kind: 'literal', text: '[' }];
  for (const part of parts) out.push(...(await expandPart(shell, part, quoted, false, quoted)));
  return [...out, { kind: 'literal', text: ']' }];
}

async function expandChild(shell: Shell, part: DoubleQuotedChild, quoted: boolean): Promise<Piece[]> {
  switch (part.type) {
    case 'Literal':
      return [{ kind: 'quoted', text: unescapeQuoted(part.text) }];
    case 'SimpleExpansion':
      return simpleParameter(shell, part.text.slice(1), quoted);
    case 'ParameterExpansion':
      return expandParameter(shell, part, quoted);
    case 'CommandExpansion':
      return [{ kind: quoted ? 'quoted' : 'split', text: await substitute(shell, part) }];
    case 'ArithmeticExpansion':
      return [{ kind: quoted ? 'quoted' : 'split', text: await arithmetic(shell, part.text.slice(3, -2)) }];
  }
}

async function doubleQuoted(shell: Shell, parts: readonly DoubleQuotedChild[]): Promise<Piece[]> {
  const out: Piece[] = [];
  let onlyParameters = parts.length > 0;
  for (const part of parts) {
    if (!/^\$(?:@|\{@\})$/.test(part.text)) onlyParameters = false;
    out.push(...(await expandChild(shell, part, true)));
  }
  if (out.length === 0 && !onlyParameters) out.push({ kind: 'quoted', text: '' });
  return out;
}

/** The body of an unquoted here-document. */
export async function expandHereDocument(shell: Shell, parts: readonly WordPart[]): Promise<string> {
  const out: Piece[] = [];
  for (const part of parts) {
    if (part.type === 'Literal') out.push({ kind: 'quoted', text: part.text.replace(/\\(\n|[$`\\])/g, dropEscape) });
    else out.push(...(await expandPart(shell, part, true, false, true)));
  }
  return joinPieces(out);
}

/** Text of `$((…))`, expanded as if in double quotes and then evaluated (POSIX 2.6.4). */
export async function arithmetic(shell: Shell, text: string): Promise<string> {
  let expanded = text;
  if (/[$`]/.test(text)) {
    const command = parse(`: "${text.replace(/"/g, '')}"`).commands[0]?.command;
    const word = command?.type === 'Command' ? command.args[0] : undefined;
    if (word?.type === 'Word') expanded = await expandText(shell, word);
  }
  return evaluate(expanded, {
    get: (name) => {
      const value = shell.get(name);
      if (value === undefined && shell.options.has('u')) throw new ShellError(`${name}: parameter not set`);
      return value;
    },
    set: (name, value) => shell.assign(name, value),
  });
}

/** Unquoted literal text: a tilde at its start, backslashes. */
function bare(shell: Shell, text: string, quoted: boolean, first: boolean): Piece[] {
  if (quoted) return [{ kind: 'quoted', text: text.replace(/\\(\n|[$`"\\}])/g, dropEscape) }];
  const out: Piece[] = [];
  let rest = text;
  const tilde = first ? /^~(?=\/|$)/.exec(rest) : null;
  if (tilde) {
    out.push({ kind: 'quoted', text: shell.get('HOME') ?? '~' });
    rest = rest.slice(1);
  }
  for (const found of rest.matchAll(/\\(\n)|\\([\s\S])|([^\\]+)|(\\$)/g)) {
    if (found[2] !== undefined) out.push({ kind: 'quoted', text: found[2] });
    else if (found[3] !== undefined) out.push({ kind: 'literal', text: found[3] });
    else if (found[4] !== undefined) out.push({ kind: 'quoted', text: '\\' });
  }
  return out;
}

function unescapeQuoted(text: string): string {
  return text.replace(/\\(\n|[$`"\\])/g, dropEscape);
}

function dropEscape(_match: string, char: string): string {
  return char === '\n' ? '' : char;
}
