/**
 * Parses sed scripts: addresses and the commands that boot scripts use (s y p d q a i c = n N D P h H g G x b t :, blocks).
 * The one rule: a script that is not understood is an error with sed's words, never a silent no-op.
 */
import { toRegExp } from './regex.js';

export type Address =
  | { readonly line: number }
  | { readonly last: true }
  | { readonly match: RegExp }
  | { readonly plus: number };

export interface SedCommand {
  readonly addresses: readonly Address[];
  readonly negated: boolean;
  readonly name: string;
  readonly text: string;
  readonly substitute?: {
    readonly regexp: RegExp;
    readonly replacement: string;
    readonly all: boolean;
    readonly nth: number;
    readonly print: boolean;
  };
  readonly block?: readonly SedCommand[];
  /** Whether a range is open; the only thing that changes while running. */
  active: boolean;
  until: number;
}

export class SedError extends Error {}

/** @throws SedError */
export function parseSed(text: string, extended: boolean): SedCommand[] {
  const parser = new SedParser(text, extended);
  const commands = parser.commands(false);
  return commands;
}

class SedParser {
  readonly #text: string;
  readonly #extended: boolean;
  #at = 0;

  constructor(text: string, extended: boolean) {
    this.#text = text;
    this.#extended = extended;
  }

  commands(inner: boolean): SedCommand[] {
    const out: SedCommand[] = [];
    for (;;) {
      this.#skip(/[\s;]/);
      const char = this.#text[this.#at];
      if (char === undefined) {
        if (inner) throw new SedError("unmatched `{'");
        return out;
      }
      if (char === '#') {
        this.#skip(/[^\n]/);
        continue;
      }
      if (char === '}') {
        if (!inner) throw new SedError("unexpected `}'");
        this.#at += 1;
        return out;
      }
      out.push(this.#command());
    }
  }

  #skip(what: RegExp): void {
    while (this.#at < this.#text.length && what.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }

  #command(): SedCommand {
    const addresses: Address[] = [];
    const first = this.#address();
    if (first) addresses.push(first);
    if (first && this.#text[this.#at] === ',') {
      this.#at += 1;
      this.#skip(/\s/);
      const second = this.#address();
      if (!second) throw new SedError("unexpected `,'");
      addresses.push(second);
    }
    this.#skip(/\s/);
    const negated = this.#text[this.#at] === '!';
    if (negated) this.#at += 1;
    this.#skip(/\s/);
    const name = this.#text[this.#at] ?? '';
    this.#at += 1;
    const base = { addresses, negated, name, text: '', active: false, until: 0 };
    if (name === '{') return { ...base, block: this.commands(true) };
    if (name === 's') return { ...base, substitute: this.#substitution() };
    if (name === 'y') {
      const [from, to] = this.#delimited();
      return { ...base, text: `${from}\0${to}` };
    }
    if ('aic'.includes(name) && name !== '') return { ...base, text: this.#textArgument() };
    if ('btT:rw'.includes(name) && name !== '') {
      const found = /^[ \t]*([^\n;}]*)/.exec(this.#text.slice(this.#at));
      this.#at += found?.[0].length ?? 0;
      return { ...base, text: (found?.[1] ?? '').trim() };
    }
    if ('qQ'.includes(name) && name !== '') {
      const found = /^[ \t]*(\d*)/.exec(this.#text.slice(this.#at));
      this.#at += found?.[0].length ?? 0;
      return { ...base, text: found?.[1] ?? '' };
    }
    if (name === '' || !'pdDPnNhHgGx=l'.includes(name)) throw new SedError(`unknown command: \`${name}'`);
    return base;
  }

  #address(): Address | undefined {
    const rest = this.#text.slice(this.#at);
    const number = /^(\+?)(\d+)/.exec(rest);
    if (number) {
      this.#at += number[0].length;
      return number[1] === '+' ? { plus: Number(number[2]) } : { line: Number(number[2]) };
    }
    if (rest.startsWith('$')) {
      this.#at += 1;
      return { last: true };
    }
    if (!rest.startsWith('/') && !/^\\[^\n]/.test(rest)) return undefined;
    if (rest.startsWith('\\')) this.#at += 1;
    const source = this.#until(this.#text[this.#at] ?? '/');
    const fold = this.#text[this.#at] === 'I';
    if (fold) this.#at += 1;
    return { match: this.#regexp(source, fold ? 'i' : '') };
  }

  /** From one delimiter to the next; an escaped delimiter stands for itself. */
  #until(delimiter: string): string {
    this.#at += 1;
    let out = '';
    for (let inBracket = false; ; this.#at += 1) {
      const char = this.#text[this.#at];
      if (char === undefined) throw new SedError("unterminated `s' command");
      if (char === '\\') {
        const next = this.#text[this.#at + 1] ?? '';
        out += next === delimiter ? next : `\\${next}`;
        this.#at += 1;
        continue;
      }
      if (char === delimiter && !inBracket) break;
      if (char === '[') inBracket = true;
      else if (char === ']') inBracket = false;
      out += char;
    }
    this.#at += 1;
    return out;
  }

  #delimited(): [string, string] {
    const delimiter = this.#text[this.#at] ?? '/';
    const first = this.#until(delimiter);
    this.#at -= 1;
    return [first, this.#plainUntil(delimiter)];
  }

  /** The replacement: brackets mean nothing in it. */
  #plainUntil(delimiter: string): string {
    this.#at += 1;
    let out = '';
    for (; this.#text[this.#at] !== delimiter; this.#at += 1) {
      const char = this.#text[this.#at];
      if (char === undefined) throw new SedError("unterminated `s' command");
      if (char === '\\') {
        const next = this.#text[this.#at + 1] ?? '';
        out += next === delimiter && delimiter !== '&' ? next : `\\${next}`;
        this.#at += 1;
      } else out += char;
    }
    this.#at += 1;
    return out;
  }

  #substitution(): NonNullable<SedCommand['substitute']> {
    const [source, replacement] = this.#delimited();
    const flags = /^[gpiI\d]*/.exec(this.#text.slice(this.#at))?.[0] ?? '';
    this.#at += flags.length;
    return {
      regexp: this.#regexp(source, `g${/i/i.test(flags) ? 'i' : ''}`),
      replacement,
      all: flags.includes('g'),
      nth: Number(/\d+/.exec(flags)?.[0] ?? 1),
      print: flags.includes('p'),
    };
  }

  #regexp(source: string, flags: string): RegExp {
    try {
      return toRegExp(source, this.#extended, flags);
    } catch {
      throw new SedError('Invalid preceding regular expression');
    }
  }

  #textArgument(): string {
    const found = /^[ \t]*(?:\\\n)?((?:\\[\s\S]|[^\\\n])*)/.exec(this.#text.slice(this.#at));
    this.#at += found?.[0].length ?? 0;
    return (found?.[1] ?? '').replace(/^[ \t]*\\(?=[ \t])/, '').replace(/\\([\s\S])/g, '$1');
  }
}
