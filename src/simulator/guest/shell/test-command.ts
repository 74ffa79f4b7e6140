/**
 * `test`, `[` and `[[`. POSIX fixes the meaning by the number of arguments; -a, -o and parentheses come on top, as dash has them.
 * The one rule: an error is returned as text (status 2), never taken for "false".
 */
import type { TestExpression } from 'unbash';
import { absolute } from '../files.js';
import { expandPattern, expandText } from './expand.js';
import { matches } from './pattern.js';
import type { Shell } from './shell.js';

const UNARY = new Set([
  '-n',
  '-z',
  '-e',
  '-f',
  '-d',
  '-s',
  '-r',
  '-w',
  '-x',
  '-L',
  '-h',
  '-t',
  '-p',
  '-c',
  '-b',
  '-S',
  '-u',
  '-g',
  '-k',
  '-O',
  '-G',
]);
const BINARY = new Set(['=', '==', '!=', '<', '>', '-eq', '-ne', '-lt', '-le', '-gt', '-ge', '-nt', '-ot', '-ef']);

class TestError extends Error {}

/** @returns the verdict, or the text of an error */
export function evaluateTest(shell: Shell, args: readonly string[]): boolean | string {
  try {
    if (args.length === 0) return false;
    const parser = new TestParser(shell, args);
    return parser.whole();
  } catch (error) {
    if (error instanceof TestError) return error.message;
    throw error;
  }
}

class TestParser {
  readonly #shell: Shell;
  readonly #args: readonly string[];
  #at = 0;

  constructor(shell: Shell, args: readonly string[]) {
    this.#shell = shell;
    this.#args = args;
  }

  whole(): boolean {
    const verdict = this.#or();
    const extra = this.#args[this.#at];
    if (extra !== undefined)
      throw new TestError(
        `${extra}: ${BINARY.has(extra) && this.#at === this.#args.length - 1 ? 'argument expected' : 'unexpected operator'}`,
      );
    return verdict;
  }

  #or(): boolean {
    let verdict = this.#and();
    while (this.#args[this.#at] === '-o') {
      this.#at += 1;
      verdict = this.#and() || verdict;
    }
    return verdict;
  }

  #and(): boolean {
    let verdict = this.#not();
    while (this.#args[this.#at] === '-a') {
      this.#at += 1;
      verdict = this.#not() && verdict;
    }
    return verdict;
  }

  #not(): boolean {
    const left = this.#args.length - this.#at;
    if (this.#args[this.#at] === '!' && left > 1 && !(left >= 3 && this.#isBinary(1))) {
      this.#at += 1;
      return !this.#not();
    }
    return this.#primary();
  }

  #isBinary(offset: number): boolean {
    return BINARY.has(this.#args[this.#at + offset] ?? '');
  }

  #primary(): boolean {
    const first = this.#args[this.#at];
    if (first === undefined) throw new TestError('argument expected');
    const left = this.#args.length - this.#at;
    if (left >= 3 && this.#isBinary(1)) {
      const operator = this.#args[this.#at + 1] ?? '';
      const second = this.#args[this.#at + 2] ?? '';
      this.#at += 3;
      return compare(this.#shell, first, operator, second);
    }
    if (first === '(' && left > 1) {
      this.#at += 1;
      const verdict = this.#or();
      if (this.#args[this.#at] !== ')') throw new TestError('closing paren expected');
      this.#at += 1;
      return verdict;
    }
    if (UNARY.has(first) && left > 1) {
      const operand = this.#args[this.#at + 1] ?? '';
      this.#at += 2;
      return unary(this.#shell, first, operand);
    }
    this.#at += 1;
    return first !== '';
  }
}

function integer(text: string): number {
  if (!/^\s*[-+]?\d+\s*$/.test(text)) throw new TestError(`Illegal number: ${text}`);
  return Number(text);
}

function compare(shell: Shell, left: string, operator: string, right: string): boolean {
  switch (operator) {
    case '=':
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return left < right;
    case '>':
      return left > right;
    case '-eq':
      return integer(left) === integer(right);
    case '-ne':
      return integer(left) !== integer(right);
    case '-lt':
      return integer(left) < integer(right);
    case '-le':
      return integer(left) <= integer(right);
    case '-gt':
      return integer(left) > integer(right);
    case '-ge':
      return integer(left) >= integer(right);
    default: {
      const [a, b] = [left, right].map((path) => shell.machine.files.get(absolute(path, shell.cwd)));
      if (operator === '-ef') return a !== undefined && a === b;
      const [newer, older] = operator === '-nt' ? [a, b] : [b, a];
      return newer !== undefined && (older === undefined || newer.modified > older.modified);
    }
  }
}

function unary(shell: Shell, operator: string, operand: string): boolean {
  if (operator === '-n') return operand !== '';
  if (operator === '-z') return operand === '';
  if (operator === '-t') return false;
  const node =
    operand === ''
      ? undefined
      : shell.machine.files.get(absolute(operand, shell.cwd), operator !== '-L' && operator !== '-h');
  switch (operator) {
    case '-f':
      return node?.kind === 'file';
    case '-d':
      return node?.kind === 'directory';
    case '-s':
      return node?.kind === 'file' ? node.content.length > 0 || node.program !== undefined : node?.kind === 'directory';
    case '-x':
      return node !== undefined && (node.mode & 0o111) !== 0;
    case '-L':
    case '-h':
      return node?.kind === 'link';
    case '-c':
      return node?.kind === 'device';
    case '-e':
    case '-r':
    case '-w':
    case '-O':
    case '-G':
      return node !== undefined;
    default:
      return false;
  }
}

/** The inside of `[[ … ]]`. */
export async function evaluateTestExpression(shell: Shell, node: TestExpression): Promise<boolean> {
  switch (node.type) {
    case 'TestGroup':
      return evaluateTestExpression(shell, node.expression);
    case 'TestNot': {
      const verdict = await evaluateTestExpression(shell, node.operand);
      return node.negations.length % 2 === 1 ? !verdict : verdict;
    }
    case 'TestLogical': {
      for (const operand of node.operands) {
        const verdict = await evaluateTestExpression(shell, operand);
        if (verdict === (node.operator === '||')) return verdict;
      }
      return node.operator === '&&';
    }
    case 'TestUnary':
      return unary(shell, node.operator, await expandText(shell, node.operand));
    case 'TestBinary': {
      const left = await expandText(shell, node.left);
      if (node.operator === '=' || node.operator === '==') return matches(await expandPattern(shell, node.right), left);
      if (node.operator === '!=') return !matches(await expandPattern(shell, node.right), left);
      const right = await expandText(shell, node.right);
      if (node.operator === '=~') return new RegExp(right).test(left);
      return compare(shell, left, node.operator, right);
    }
  }
}
