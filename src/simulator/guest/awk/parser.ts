/**
 * Parses awk: rules, functions and statements (POSIX grammar, without output pipes and `cmd | getline`).
 * The one rule: where a newline may stand is decided here, by `newlines` and `lineBreaks`; expressions never skip one by themselves.
 */
import { ExpressionParser } from './expression-parser.js';
import { AwkSyntaxError, tokenize } from './lexer.js';
import type { Action, AwkFunction, AwkProgram, Expression, Rule } from './syntax.js';

/** @throws AwkSyntaxError */
export function parseAwk(text: string): AwkProgram {
  return new AwkParser(tokenize(text)).program();
}

class AwkParser extends ExpressionParser {
  program(): AwkProgram {
    const rules: Rule[] = [];
    const functions = new Map<string, AwkFunction>();
    for (this.newlines(); this.token.kind !== 'end'; this.newlines()) {
      if (this.accept('function')) {
        const name = this.name();
        functions.set(name, this.#function());
      } else rules.push(this.#rule());
    }
    return { rules, functions };
  }

  #function(): AwkFunction {
    this.expect('(');
    const parameters: string[] = [];
    while (!this.accept(')')) {
      parameters.push(this.name());
      this.accept(',');
    }
    this.lineBreaks();
    return { parameters, body: this.#block() };
  }

  #rule(): Rule {
    for (const kind of ['BEGIN', 'END'] as const) {
      if (this.accept(kind)) return { kind, pattern: undefined, until: undefined, action: this.#block() };
    }
    let pattern: Expression | undefined;
    let until: Expression | undefined;
    if (!this.is('{')) {
      pattern = this.expression();
      if (this.accept(',')) until = this.expression();
    }
    return { kind: 'line', pattern, until, action: this.is('{') ? this.#block() : undefined };
  }

  #block(): Action {
    this.expect('{');
    const body: Action[] = [];
    for (this.newlines(); !this.accept('}'); this.newlines()) {
      if (this.token.kind === 'end') throw new AwkSyntaxError('missing }');
      body.push(this.#action());
    }
    return { type: 'block', body };
  }

  #action(): Action {
    if (this.is('{')) return this.#block();
    if (this.accept('if')) return this.#if();
    if (this.accept('while')) {
      this.expect('(');
      const test = this.expression();
      this.expect(')');
      return { type: 'while', test, body: this.#body(), atLeastOnce: false };
    }
    if (this.accept('do')) {
      const body = this.#body();
      this.newlines();
      this.expect('while');
      this.expect('(');
      const test = this.expression();
      this.expect(')');
      return { type: 'while', test, body, atLeastOnce: true };
    }
    if (this.accept('for')) return this.#for();
    const simple = this.#simple();
    if (!this.is('}') && !this.accept(';') && this.token.kind !== 'newline' && this.token.kind !== 'end') {
      throw new AwkSyntaxError(`syntax error at or near ${this.token.text}`);
    }
    return simple;
  }

  #body(): Action {
    this.lineBreaks();
    if (this.accept(';')) return { type: 'block', body: [] };
    return this.#action();
  }

  #if(): Action {
    this.expect('(');
    const test = this.expression();
    this.expect(')');
    const then = this.#body();
    const mark = this.at;
    this.newlines();
    if (this.accept('else')) return { type: 'if', test, then, else: this.#body() };
    this.at = mark;
    return { type: 'if', test, then, else: undefined };
  }

  #for(): Action {
    this.expect('(');
    const [first, second, third, fourth] = this.tokens.slice(this.at, this.at + 4);
    if (first?.kind === 'name' && second?.text === 'in' && third?.kind === 'name' && fourth?.text === ')') {
      this.at += 4;
      return { type: 'each', name: first.text, array: third.text, body: this.#body() };
    }
    const start = this.is(';') ? undefined : this.#simple();
    this.expect(';');
    this.lineBreaks();
    const test = this.is(';') ? undefined : this.expression();
    this.expect(';');
    this.lineBreaks();
    const step = this.is(')') ? undefined : this.#simple();
    this.expect(')');
    return { type: 'for', start, test, step, body: this.#body() };
  }

  #simple(): Action {
    for (const kind of ['break', 'continue', 'next'] as const) if (this.accept(kind)) return { type: 'jump', kind };
    for (const type of ['exit', 'return'] as const) {
      if (this.accept(type)) return { type, value: this.#ends() ? undefined : this.expression() };
    }
    if (this.accept('delete')) {
      const array = this.name();
      return { type: 'delete', array, keys: this.accept('[') ? this.list(']') : undefined };
    }
    if (this.is('print') || this.is('printf')) return this.#print();
    return { type: 'expression', value: this.expression() };
  }

  #ends(): boolean {
    return this.is(';') || this.is('}') || this.token.kind === 'newline' || this.token.kind === 'end';
  }

  #print(): Action {
    const formatted = this.token.text === 'printf';
    this.at += 1;
    let args: Expression[] = [];
    const outer = this.inPrint;
    this.inPrint = true;
    const opening = this.at;
    if (this.accept('(')) {
      this.inPrint = false;
      args = this.list(')');
      this.inPrint = true;
      // `print (a)(b)` or `print (a) + 1`: the parenthesis was only the start of an expression.
      if (!this.#ends() && !this.is('>') && !this.is('>>') && !this.is('|')) {
        this.at = opening;
        args = this.#bareList();
      }
    } else if (!this.#ends() && !this.is('>')) args = this.#bareList();
    this.inPrint = outer;
    for (const operator of ['>', '>>', '|']) {
      if (this.accept(operator))
        return { type: 'print', args, formatted, to: { operator, target: this.concatenation() } };
    }
    return { type: 'print', args, formatted };
  }

  #bareList(): Expression[] {
    const out = [this.expression()];
    while (this.accept(',')) {
      this.lineBreaks();
      out.push(this.expression());
    }
    return out;
  }
}
