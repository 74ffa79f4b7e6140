/**
 * Integer arithmetic of `$((…))`: 64 bits signed, as every shell on a 64-bit machine has it (nanosecond stamps do not fit a double).
 * The one rule: it reads and writes variables through the callbacks only, so that assignments obey the shell's rules.
 */
import { ShellError } from './control.js';

export interface ArithmeticVariables {
  get(name: string): string | undefined;
  set(name: string, value: string): void;
}

const OPERATORS = /^(?:<<=|>>=|\+\+|--|\*\*|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[-+*/%<>=!~&|^?:(),])/;
const LEVELS: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<', '<=', '>', '>='],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
];

/**
 * Evaluates an expression whose parameters and substitutions are expanded already.
 * @returns the value in decimal
 * @throws ShellError on a syntax error or a division by zero
 */
export function evaluate(text: string, variables: ArithmeticVariables): string {
  const parser = new Parser(text, variables);
  return parser.whole().toString();
}

class Parser {
  readonly #text: string;
  readonly #variables: ArithmeticVariables;
  #at = 0;
  /** Above zero, a branch that is not taken: nothing is assigned, nothing divided by zero. */
  #dead = 0;

  constructor(text: string, variables: ArithmeticVariables) {
    this.#text = text;
    this.#variables = variables;
  }

  whole(): bigint {
    if (this.#text.trim() === '') return 0n;
    const value = this.#comma();
    this.#space();
    if (this.#at < this.#text.length) this.#fail();
    return value;
  }

  #fail(): never {
    throw new ShellError(`arithmetic expression: expecting primary: "${this.#text}"`);
  }

  #space(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }

  #peek(): string {
    this.#space();
    return OPERATORS.exec(this.#text.slice(this.#at))?.[0] ?? '';
  }

  #accept(...operators: readonly string[]): string | undefined {
    const next = this.#peek();
    if (!operators.includes(next)) return undefined;
    this.#at += next.length;
    return next;
  }

  #comma(): bigint {
    let value = this.#assignment();
    while (this.#accept(',')) value = this.#assignment();
    return value;
  }

  #assignment(): bigint {
    this.#space();
    const found = /^([A-Za-z_]\w*)\s*(<<=|>>=|[-+*/%&|^]?=(?!=))/.exec(this.#text.slice(this.#at));
    if (!found) return this.#ternary();
    const [matched, name = '', operator = '='] = found;
    this.#at += matched.length;
    const right = this.#assignment();
    const value = operator === '=' ? right : this.#apply(operator.slice(0, -1), this.#variable(name), right);
    this.#store(name, value);
    return value;
  }

  #ternary(): bigint {
    const condition = this.#binary(0);
    if (!this.#accept('?')) return condition;
    const yes = this.#maybe(condition !== 0n, () => this.#comma());
    if (!this.#accept(':')) this.#fail();
    const no = this.#maybe(condition === 0n, () => this.#ternary());
    return condition !== 0n ? yes : no;
  }

  #maybe(live: boolean, parse: () => bigint): bigint {
    if (!live) this.#dead += 1;
    try {
      return parse();
    } finally {
      if (!live) this.#dead -= 1;
    }
  }

  #binary(level: number): bigint {
    const operators = LEVELS[level];
    if (!operators) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const operator = this.#accept(...operators);
      if (!operator) return left;
      if (operator === '&&' || operator === '||') {
        const live = (left !== 0n) === (operator === '&&');
        const right = this.#maybe(live, () => this.#binary(level + 1));
        left = (live ? right !== 0n : left !== 0n) ? 1n : 0n;
      } else left = this.#apply(operator, left, this.#binary(level + 1));
    }
  }

  #unary(): bigint {
    const step = this.#accept('++', '--');
    if (step) {
      this.#space();
      const name = /^[A-Za-z_]\w*/.exec(this.#text.slice(this.#at))?.[0];
      if (!name) {
        const value = this.#unary();
        return step === '--' || value === 0n ? value : value;
      }
      this.#at += name.length;
      const value = this.#variable(name) + (step === '++' ? 1n : -1n);
      this.#store(name, value);
      return value;
    }
    const operator = this.#accept('-', '+', '!', '~');
    if (!operator) return this.#primary();
    const value = this.#unary();
    if (operator === '-') return BigInt.asIntN(64, -value);
    if (operator === '!') return value === 0n ? 1n : 0n;
    return operator === '~' ? ~value : value;
  }

  #primary(): bigint {
    if (this.#accept('(')) {
      const value = this.#comma();
      if (!this.#accept(')')) this.#fail();
      return value;
    }
    const rest = this.#text.slice(this.#at);
    const digits = /^\d\w*/.exec(rest)?.[0];
    if (digits) {
      this.#at += digits.length;
      return parseInteger(digits) ?? this.#fail();
    }
    const name = /^[A-Za-z_]\w*/.exec(rest)?.[0];
    if (!name) return this.#fail();
    this.#at += name.length;
    const value = this.#variable(name);
    const step = this.#accept('++', '--');
    if (step) this.#store(name, value + (step === '++' ? 1n : -1n));
    return value;
  }

  #variable(name: string): bigint {
    const text = this.#variables.get(name)?.trim() ?? '';
    if (text === '') return 0n;
    const value = parseInteger(text);
    if (value === undefined) throw new ShellError(`Illegal number: ${text}`);
    return value;
  }

  #store(name: string, value: bigint): void {
    if (this.#dead === 0) this.#variables.set(name, BigInt.asIntN(64, value).toString());
  }

  #apply(operator: string, left: bigint, right: bigint): bigint {
    if ((operator === '/' || operator === '%') && right === 0n) {
      if (this.#dead > 0) return 0n;
      throw new ShellError(`arithmetic expression: division by zero: "${this.#text}"`);
    }
    return BigInt.asIntN(64, compute(operator, left, right));
  }
}

function parseInteger(text: string): bigint | undefined {
  if (/^[-+]?0[0-7]+$/.test(text)) {
    const value = BigInt(`0o${text.replace(/^[-+]/, '').slice(1)}`);
    return text.startsWith('-') ? -value : value;
  }
  if (/^[-+]?(?:\d+|0[xX][0-9a-fA-F]+)$/.test(text)) {
    const value = BigInt(text.replace(/^[-+]/, ''));
    return BigInt.asIntN(64, text.startsWith('-') ? -value : value);
  }
  return undefined;
}

function compute(operator: string, left: bigint, right: bigint): bigint {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case '%':
      return left % right;
    case '<<':
      return left << (right & 63n);
    case '>>':
      return left >> (right & 63n);
    case '&':
      return left & right;
    case '|':
      return left | right;
    case '^':
      return left ^ right;
    case '==':
      return left === right ? 1n : 0n;
    case '!=':
      return left !== right ? 1n : 0n;
    case '<':
      return left < right ? 1n : 0n;
    case '<=':
      return left <= right ? 1n : 0n;
    case '>':
      return left > right ? 1n : 0n;
    case '>=':
      return left >= right ? 1n : 0n;
    default:
      throw new ShellError(`arithmetic expression: unknown operator ${operator}`);
  }
}
