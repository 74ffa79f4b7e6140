/**
 * A spec from a file, and its digest. Apart from `index.ts`, which has no file system.
 * The rule: every problem is told with its line, and a message never quotes the file: the line at fault may hold a secret.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Document, isMap, isNode, isSeq, LineCounter, parseDocument, type YAMLError } from 'yaml';
import { InvalidSpecError, type Problem, parseSpec } from './index.js';
import type { VpnSpec } from './types.js';

/** No spec needs as much; a file beyond it was named by mistake. */
const LARGEST_FILE = 262_144;

/** Aliases are fine for a few repeated lines; YAML "bombs" are made of them. */
const MOST_ALIASES = 50;

/** Stands for standard input, as in other tools that take a file. */
const STANDARD_INPUT = '-';

/** Its descriptor. Not by `process.stdin`, whose stream makes it one that does not wait for what is still to come. */
const STDIN = 0;

/** What a spec's file is called in messages. */
export function specSource(path: string): string {
  return path === STANDARD_INPUT ? 'standard input' : path;
}

/**
 * Reads a spec file, YAML or JSON, or standard input where the path is `-`, and returns it as plain data, the form that `parseSpec` and a workflow take.
 * Throws `InvalidSpecError`, its problems with their lines in the file, when it cannot be read, is no YAML or is no valid spec.
 */
export function loadSpecFile(path: string): unknown {
  const source = specSource(path);
  const lines = new LineCounter();
  const document = parseDocument(readText(path), { lineCounter: lines, prettyErrors: false });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0)
    throw new InvalidSpecError(
      faults.map((fault) => syntaxProblem(fault, lines)),
      source,
    );
  const input = plainData(document, source);
  try {
    parseSpec(input);
  } catch (error) {
    if (!(error instanceof InvalidSpecError)) throw error;
    const problems = error.problems.map((problem) => ({ ...problem, line: lineOf(document, lines, problem.at) }));
    throw new InvalidSpecError(
      problems.sort((a, b) => a.line - b.line),
      source,
    );
  }
  return input;
}

/** What tells two specs apart: SHA-256 in hex over the normalised spec, whatever the order of its fields. */
export function specDigest(spec: VpnSpec): string {
  return createHash('sha256')
    .update(JSON.stringify(canonical(spec)))
    .digest('hex');
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([key, field]) => [key, canonical(field)]));
}

function readText(path: string): string {
  const source = specSource(path);
  let text: string;
  try {
    text = readFileSync(path === STANDARD_INPUT ? STDIN : path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw ofFile(source, code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`);
  }
  if (text.length > LARGEST_FILE) throw ofFile(source, `has ${text.length} characters, which is no spec`);
  return text;
}

function plainData(document: Document.Parsed, source: string): unknown {
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch {
    throw ofFile(source, 'has too many aliases, or one without its anchor');
  }
}

function ofFile(source: string, message: string): InvalidSpecError {
  return new InvalidSpecError([{ path: '', at: [], message }], source);
}

function syntaxProblem({ message, pos }: YAMLError, lines: LineCounter): Problem {
  const { line, col } = lines.linePos(pos[0]);
  // After a colon the parser quotes the file.
  const [what] = message.split(': ');
  return {
    path: '',
    at: [],
    line,
    message: `column ${col}: ${what}`,
    ...(message.includes('node end') || message.includes('block mappings')
      ? { cure: 'put a text with braces or a colon in quotes' }
      : {}),
  };
}

/** Line of the place in the document, or of the nearest that is there: what is missing is told where it belongs. */
function lineOf(document: Document.Parsed, lines: LineCounter, at: readonly (string | number)[]): number {
  let node: unknown = document.contents;
  let offset = document.contents?.range[0] ?? 0;
  for (const part of at) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => String(key) === String(part));
      if (pair === undefined) break;
      if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof part === 'number') {
      node = node.items[part];
      if (isNode(node)) offset = node.range?.[0] ?? offset;
    } else break;
  }
  return lines.linePos(offset).line;
}
