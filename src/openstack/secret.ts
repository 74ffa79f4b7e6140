/**
 * A text that must not be told.
 * The rule: `reveal()` is called where it is sent or compared and nowhere else.
 */
import { inspect } from 'node:util';

/** A string that does not print, in JSON and in a debugger neither. */
export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }
  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return '[secret]';
  }
  toJSON(): string {
    return '[secret]';
  }
  [inspect.custom](): string {
    return '[secret]';
  }
}
