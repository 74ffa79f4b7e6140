/**
 * From the pieces of an expanded word to arguments: field splitting, file names, quote removal (POSIX shell, 2.6.5 to 2.6.7).
 * The one rule: only what came from an unquoted expansion is split; only what is unquoted is a pattern.
 */
import { absolute, type GuestFiles } from '../files.js';
import { isPattern, matches, quotePattern, unquotePattern } from './pattern.js';

/** Part of an expanded word. `break` separates the parameters of "$@". */
export interface Piece {
  readonly kind: 'literal' | 'quoted' | 'split' | 'break';
  readonly text: string;
}

export const BREAK: Piece = { kind: 'break', text: '' };

/** The text of pieces that are not split (assignments, here-documents, `case` words). */
export function joinPieces(pieces: readonly Piece[]): string {
  return pieces.map((piece) => (piece.kind === 'break' ? ' ' : piece.text)).join('');
}

/** The pieces as one pattern, where quoted parts stand for themselves. */
export function patternOf(pieces: readonly Piece[]): string {
  return pieces
    .map((piece) => (piece.kind === 'quoted' ? quotePattern(piece.text) : piece.kind === 'break' ? ' ' : piece.text))
    .join('');
}

/** Splits pieces into fields; each comes as a pattern with its quoted parts escaped. */
export function splitFields(pieces: readonly Piece[], ifs: string): string[] {
  const fields: string[] = [];
  let field = '';
  let exists = false;
  /** A field has just been ended by white space, which a separator after it belongs to. */
  let afterSpace = false;
  const end = (): void => {
    fields.push(field);
    field = '';
    exists = false;
  };
  for (const { kind, text } of pieces) {
    if (kind === 'break') {
      if (exists) end();
      afterSpace = false;
    } else if (kind === 'quoted') {
      field += quotePattern(text);
      exists = true;
      afterSpace = false;
    } else if (kind === 'literal') {
      if (text === '') continue;
      field += text;
      exists = true;
      afterSpace = false;
    } else {
      for (const char of text) {
        if (!ifs.includes(char)) {
          field += char === '\\' ? '\\\\' : char;
          exists = true;
          afterSpace = false;
        } else if (char === ' ' || char === '\t' || char === '\n') {
          if (exists) {
            end();
            afterSpace = true;
          }
        } else if (exists || !afterSpace) {
          end();
          afterSpace = false;
        } else afterSpace = false;
      }
    }
  }
  if (exists) fields.push(field);
  return fields;
}

/** File names that match, or the word itself. */
export function expandFiles(pattern: string, files: GuestFiles, cwd: string): string[] {
  if (!isPattern(pattern)) return [unquotePattern(pattern)];
  const found = findFiles(pattern, files, cwd);
  return found.length > 0 ? found : [unquotePattern(pattern)];
}

function findFiles(pattern: string, files: GuestFiles, cwd: string): string[] {
  let found = [pattern.startsWith('/') ? '/' : ''];
  for (const part of pattern.split('/').filter(Boolean)) {
    const next: string[] = [];
    for (const base of found) {
      const directory = absolute(base === '' ? '.' : base, cwd);
      const join = (name: string): string => (base === '' || base.endsWith('/') ? `${base}${name}` : `${base}/${name}`);
      if (!isPattern(part)) {
        const name = unquotePattern(part);
        if (name === '.' || name === '..' || files.get(absolute(name, directory))) next.push(join(name));
        continue;
      }
      for (const name of files.list(directory) ?? []) {
        if (name.startsWith('.') && !part.startsWith('.')) continue;
        if (matches(part, name)) next.push(join(name));
      }
    }
    found = next;
  }
  return found;
}
