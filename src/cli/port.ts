/** A port as a command's option, and why a server cannot have it. */
import { InvalidArgumentError } from 'commander';
import { UsageError } from './exit-codes.js';

/** Parses `--port`. */
export function portOption(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('Give a number from 0 to 65535; 0 takes any free port.');
  return port;
}

/** Starts what listens on a port. Throws UsageError with the cure where it cannot have it. */
export async function listening<T>(port: number, start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new UsageError(`--port ${port} is in use: choose another one, or 0 for any free port`);
    if (code === 'EACCES') throw new UsageError(`--port ${port} is not allowed to this user: choose one from 1024 on`);
    throw error;
  }
}
