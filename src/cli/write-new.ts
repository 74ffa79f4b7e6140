import { writeFileSync } from 'node:fs';
import { UsageError } from './exit-codes.js';

/** Writes a new file, never more than its owner's to read. Throws UsageError, by the option that named it, where there is one already. */
export function writeNew(option: string, path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'EEXIST' ? 'exists already, and is not overwritten' : `cannot be written (${code})`;
    throw new UsageError(`${option}: ${path} ${why}`);
  }
}
