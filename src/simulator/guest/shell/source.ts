/**
 * Parsed scripts with their line numbers. The parser is a Bash parser that recovers from errors; a shell does not recover, it runs
 * what stands before the error and stops there. The one rule: nothing after the first syntax error is ever run.
 */
import { type ParsedScript, parse, type Statement } from 'unbash';

/** A script that was parsed once. */
export interface Source {
  readonly statements: readonly Statement[];
  /** Where the first syntax error is, if there is one. */
  readonly error: { readonly line: number; readonly message: string } | undefined;
  /** Line number (from 1) of an offset. */
  lineOf(offset: number): number;
}

/** Parses a script given as a byte string. Never throws. */
export function parseSource(text: string): Source {
  return sourceOf(parse(text), text);
}

/** A Source from a tree that the parser has made already (a substitution with its own text). */
export function sourceOf(tree: ParsedScript, text: string): Source {
  const ends: number[] = [];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) ends.push(at);
  const lineOf = (offset: number): number => {
    const found = ends.findIndex((end) => end >= offset);
    return (found < 0 ? ends.length : found) + 1;
  };
  const first = tree.errors?.[0];
  if (!first) return { statements: tree.commands, error: undefined, lineOf };
  return {
    // What the parser has recovered ends where it starts, or is followed by nothing; what shares the error's line is not run either.
    statements: tree.commands.filter((statement, at) => {
      const next = tree.commands[at + 1];
      const whole = statement.end > statement.pos ? statement.end < first.pos : (next?.pos ?? Infinity) <= first.pos;
      return whole && lineOf(Math.max(statement.pos, statement.end)) < lineOf(first.pos);
    }),
    error: { line: lineOf(first.pos), message: first.message },
    lineOf,
  };
}
