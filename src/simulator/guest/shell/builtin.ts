/** The shape of a built-in command, apart from their table so that both sides can import it. */
import type { Io } from './io.js';
import type { Shell } from './shell.js';

/** @param args the words after the name @returns the exit status */
export type Builtin = (shell: Shell, args: readonly string[], io: Io) => Promise<number> | number;
