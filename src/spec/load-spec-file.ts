/**
 * A spec from a file, and its digest. Apart from `index.ts`, which has no file system.
 * The rule: a file that is no YAML is told with line and column; JSON is YAML too.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import { InvalidSpecError } from './index.js';
import type { VpnSpec } from './types.js';

/** Reads YAML or JSON as plain data, unvalidated. Throws InvalidSpecError for a file that cannot be read or is no YAML. */
export function loadSpecFile(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new InvalidSpecError([{ path: '', message: `${path} cannot be read (${code})` }]);
  }
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter });
  if (document.errors.length > 0) {
    throw new InvalidSpecError(
      document.errors.map((error) => {
        const { line, col } = lineCounter.linePos(error.pos[0]);
        return { path: `${path}:${line}:${col}`, message: error.message.split('\n')[0] ?? error.code };
      }),
    );
  }
  try {
    return document.toJS({ maxAliasCount: 50 });
  } catch {
    throw new InvalidSpecError([{ path, message: 'has too many aliases' }]);
  }
}

/** What tells two specs apart: SHA-256 over the normalised spec, in hex. */
export function specDigest(spec: VpnSpec): string {
  return createHash('sha256').update(JSON.stringify(spec)).digest('hex');
}
