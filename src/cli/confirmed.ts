import { createInterface } from 'node:readline/promises';
import { EXIT } from './exit-codes.js';

/** Asks on standard error, so that standard output stays the command's own. Anything but yes, the end of input too, is no. */
export async function confirmed(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // Nothing was begun, so there is nothing to end well.
  terminal.once('SIGINT', () => process.exit(EXIT.interrupted.code));
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  const answer = await Promise.race([terminal.question(`${question} [y/N] `), closed]);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}
