import { createInterface } from 'node:readline/promises';
import { InterruptedError } from './exit-codes.js';

/**
 * Asks on standard error, so that standard output stays the command's own. Anything but yes, the end of input too, is no. Throws InterruptedError at
 * a Ctrl-C: nothing was begun.
 */
export async function confirmed(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const interrupted = new Promise<never>((_, reject) => {
    terminal.once('SIGINT', () => reject(new InterruptedError('nothing was done')));
  });
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  try {
    const answer = await Promise.race([terminal.question(`${question} [y/N] `), closed, interrupted]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
