/**
 * Parameters: `$x`, `$@`, `${x:-word}`, `${x#pattern}` and the rest of POSIX 2.6.2 (and Bash's `${x/a/b}`, `${x:1:2}`).
 * The one rule: whether a parameter is set, and whether it is empty, are two questions; each operator says which it asks.
 */
import type { ParameterExpansionPart, ParameterOperation } from 'unbash';
import { ShellError } from './control.js';
import { arithmetic, expandPattern, expandText, expandWord } from './expand.js';
import { BREAK, joinPieces, type Piece } from './fields.js';
import { patternSource, removeMatch } from './pattern.js';
import type { Shell } from './shell.js';

/** `$name`, `$1`, `$@`, … */
export function simpleParameter(shell: Shell, name: string, quoted: boolean): Piece[] {
  if (name === '@' || name === '*') return listParameters(shell, name, quoted);
  const value = lookUp(shell, name);
  if (value === undefined && shell.options.has('u')) throw new ShellError(`${name}: parameter not set`);
  return [{ kind: quoted ? 'quoted' : 'split', text: value ?? '' }];
}

/** `${…}` */
export async function expandParameter(shell: Shell, part: ParameterExpansionPart, quoted: boolean): Promise<Piece[]> {
  const { parameter: name, operation } = part;
  const kind = quoted ? 'quoted' : 'split';
  if (part.prefix === '#') {
    const text = name === '@' || name === '*' ? String(shell.parameters.length) : String(need(shell, name).length);
    return [{ kind, text }];
  }
  if (part.prefix === '!' || part.index) throw new ShellError('Bad substitution');
  if (!operation) return simpleParameter(shell, name, quoted);
  if (operation.type === 'Default') return useDefault(shell, name, operation, quoted);
  const value = need(shell, name);
  return [{ kind, text: await transform(shell, value, operation, quoted) }];
}

async function useDefault(
  shell: Shell,
  name: string,
  operation: Extract<ParameterOperation, { type: 'Default' }>,
  quoted: boolean,
): Promise<Piece[]> {
  const { operator, operand } = operation;
  const many = name === '@' || name === '*';
  const value = many ? (shell.parameters.length > 0 ? shell.parameters.join(' ') : undefined) : lookUp(shell, name);
  const present = value !== undefined && !(operator.startsWith(':') && value === '');
  if (operator.endsWith('+')) return present ? expandWord(shell, operand, quoted) : nothing(quoted);
  if (present) return many ? listParameters(shell, name, quoted) : [{ kind: quoted ? 'quoted' : 'split', text: value }];
  if (operator.endsWith('-')) return splittable(await expandWord(shell, operand, quoted), quoted);
  if (operator.endsWith('=')) {
    const text = joinPieces(await expandWord(shell, operand, quoted));
    shell.assign(name, text);
    return [{ kind: quoted ? 'quoted' : 'split', text }];
  }
  const message = await expandText(shell, operand);
  throw new ShellError(
    `${name}: ${message || (value === undefined ? 'parameter not set' : 'parameter not set or null')}`,
  );
}

function nothing(quoted: boolean): Piece[] {
  return quoted ? [{ kind: 'quoted', text: '' }] : [];
}

/** Unquoted words of `${x:-a b}` are split like any expansion. */
function splittable(pieces: Piece[], quoted: boolean): Piece[] {
  if (quoted) return pieces;
  return pieces.map((piece) => (piece.kind === 'literal' ? { kind: 'split', text: piece.text } : piece));
}

async function transform(
  shell: Shell,
  value: string,
  operation: Exclude<ParameterOperation, { type: 'Default' }>,
  quoted: boolean,
): Promise<string> {
  switch (operation.type) {
    case 'Remove':
      return removeMatch(value, operation.operator, await expandPattern(shell, operation.operand, quoted));
    case 'Replace': {
      const source = patternSource(await expandPattern(shell, operation.pattern, quoted));
      const replacement = await expandText(shell, operation.replacement);
      const anchored =
        operation.operator === '/#' ? `^(?:${source})` : operation.operator === '/%' ? `(?:${source})$` : source;
      return value.replace(new RegExp(anchored, operation.operator === '//' ? 'g' : ''), () => replacement);
    }
    case 'Slice': {
      const offset = Number(await arithmetic(shell, await expandText(shell, operation.offset)));
      const start = offset < 0 ? Math.max(0, value.length + offset) : offset;
      if (!operation.length) return value.slice(start);
      const length = Number(await arithmetic(shell, await expandText(shell, operation.length)));
      return value.slice(start, length < 0 ? value.length + length : start + length);
    }
    default:
      throw new ShellError('Bad substitution');
  }
}

function need(shell: Shell, name: string): string {
  const value = lookUp(shell, name);
  if (value === undefined && shell.options.has('u')) throw new ShellError(`${name}: parameter not set`);
  return value ?? '';
}

/** A single parameter's value; undefined if it is unset. */
function lookUp(shell: Shell, name: string): string | undefined {
  switch (name) {
    case '#':
      return String(shell.parameters.length);
    case '?':
      return String(shell.status);
    case '$':
      return String(shell.mainPid);
    case '!':
      return shell.lastBackground === undefined ? '' : String(shell.lastBackground);
    case '-':
      return [...shell.options].filter((option) => option.length === 1).join('');
    case '0':
      return shell.name;
    case '@':
    case '*':
      return shell.parameters.length > 0 ? shell.parameters.join(' ') : undefined;
    case 'LINENO':
      return String(shell.line);
    default:
      return /^\d+$/.test(name) ? shell.parameters[Number(name) - 1] : shell.get(name);
  }
}

function listParameters(shell: Shell, name: '@' | '*', quoted: boolean): Piece[] {
  if (name === '*' && quoted) {
    const ifs = shell.get('IFS') ?? ' \t\n';
    return [{ kind: 'quoted', text: shell.parameters.join(ifs.slice(0, 1)) }];
  }
  const out: Piece[] = [];
  for (const [index, text] of shell.parameters.entries()) {
    if (index > 0) out.push(BREAK);
    out.push({ kind: quoted ? 'quoted' : 'split', text });
  }
  return out;
}
