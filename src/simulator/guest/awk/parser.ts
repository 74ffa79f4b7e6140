/**
 * Parses awk (POSIX grammar, without output pipes and `cmd | getline`).
 * The one rule: in a `print` list a bare `>` redirects, so expressions are parsed with comparison by `>` switched off there.
 */
import { AwkSyntaxError, type Token, tokenize } from './lexer.js';
import type { Action, AwkFunction, AwkProgram, Expression, Rule, Target } from './syntax.js';

/** @throws AwkSyntaxError */
export function parseAwk(text: string): AwkProgram {
  return new AwkParser(tokenize(text)).program();
}

const ASSIGNMENTS = ['=', '+=', '-=', '*=', '/=', '%=', '^='];

class AwkParser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #inPrint = false;
  #noIn = false;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get #token(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '' };
  }

  #is(text: string): boolean {
    return (this.#token.kind === 'operator' || this.#token.kind === 'keyword') && this.#token.text === text;
  }

  #accept(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#at += 1;
    return true;
  }

  #expect(text: string): void {
    if (!this.#accept(text))
      throw new AwkSyntaxError(`syntax error at or near ${this.#token.text.trim() || 'end of line'}`);
  }

  #newlines(): void {
    while (this.#token.kind === 'newline' || this.#is(';')) this.#at += 1;
  }

  #lineBreaks(): void {
    while (this.#token.kind === 'newline') this.#at += 1;
  }

  program(): AwkProgram {
    const rules: Rule[] = [];
    const functions = new Map<string, AwkFunction>();
    for (this.#newlines(); this.#token.kind !== 'end'; this.#newlines()) {
      if (this.#accept('function')) {
        const name = this.#name();
        functions.set(name, this.#function());
      } else rules.push(this.#rule());
    }
    return { rules, functions };
  }

  #name(): string {
    const { kind, text } = this.#token;
    if (kind !== 'name' && kind !== 'call') throw new AwkSyntaxError(`syntax error at or near ${text}`);
    this.#at += 1;
    return text;
  }

  #function(): AwkFunction {
    this.#expect('(');
    const parameters: string[] = [];
    while (!this.#accept(')')) {
      parameters.push(this.#name());
      this.#accept(',');
    }
    this.#lineBreaks();
    return { parameters, body: this.#block() };
  }

  #rule(): Rule {
    for (const kind of ['BEGIN', 'END'] as const) {
      if (this.#accept(kind)) return { kind, pattern: undefined, until: undefined, action: this.#block() };
    }
    let pattern: Expression | undefined;
    let until: Expression | undefined;
    if (!this.#is('{')) {
      pattern = this.#expression();
      if (this.#accept(',')) until = this.#expression();
    }
    return { kind: 'line', pattern, until, action: this.#is('{') ? this.#block() : undefined };
  }

  #block(): Action {
    this.#expect('{');
    const body: Action[] = [];
    for (this.#newlines(); !this.#accept('}'); this.#newlines()) {
      if (this.#token.kind === 'end') throw new AwkSyntaxError('missing }');
      body.push(this.#action());
    }
    return { type: 'block', body };
  }

  #action(): Action {
    if (this.#is('{')) return this.#block();
    if (this.#accept('if')) return this.#if();
    if (this.#accept('while')) {
      this.#expect('(');
      const test = this.#expression();
      this.#expect(')');
      return { type: 'while', test, body: this.#body(), atLeastOnce: false };
    }
    if (this.#accept('do')) {
      const body = this.#body();
      this.#newlines();
      this.#expect('while');
      this.#expect('(');
      const test = this.#expression();
      this.#expect(')');
      return { type: 'while', test, body, atLeastOnce: true };
    }
    if (this.#accept('for')) return this.#for();
    const simple = this.#simple();
    if (!this.#is('}') && !this.#accept(';') && this.#token.kind !== 'newline' && this.#token.kind !== 'end') {
      throw new AwkSyntaxError(`syntax error at or near ${this.#token.text}`);
    }
    return simple;
  }

  #body(): Action {
    this.#lineBreaks();
    if (this.#accept(';')) return { type: 'block', body: [] };
    return this.#action();
  }

  #if(): Action {
    this.#expect('(');
    const test = this.#expression();
    this.#expect(')');
    const then = this.#body();
    const mark = this.#at;
    this.#newlines();
    if (this.#accept('else')) return { type: 'if', test, then, else: this.#body() };
    this.#at = mark;
    return { type: 'if', test, then, else: undefined };
  }

  #for(): Action {
    this.#expect('(');
    const [first, second, third, fourth] = this.#tokens.slice(this.#at, this.#at + 4);
    if (first?.kind === 'name' && second?.text === 'in' && third?.kind === 'name' && fourth?.text === ')') {
      this.#at += 4;
      return { type: 'each', name: first.text, array: third.text, body: this.#body() };
    }
    const start = this.#is(';') ? undefined : this.#simple();
    this.#expect(';');
    this.#lineBreaks();
    const test = this.#is(';') ? undefined : this.#expression();
    this.#expect(';');
    this.#lineBreaks();
    const step = this.#is(')') ? undefined : this.#simple();
    this.#expect(')');
    return { type: 'for', start, test, step, body: this.#body() };
  }

  #simple(): Action {
    for (const kind of ['break', 'continue', 'next'] as const) if (this.#accept(kind)) return { type: 'jump', kind };
    for (const type of ['exit', 'return'] as const) {
      if (this.#accept(type)) return { type, value: this.#ends() ? undefined : this.#expression() };
    }
    if (this.#accept('delete')) {
      const array = this.#name();
      return { type: 'delete', array, keys: this.#accept('[') ? this.#list(']') : undefined };
    }
    if (this.#is('print') || this.#is('printf')) return this.#print();
    return { type: 'expression', value: this.#expression() };
  }

  #ends(): boolean {
    return this.#is(';') || this.#is('}') || this.#token.kind === 'newline' || this.#token.kind === 'end';
  }

  #print(): Action {
    const formatted = this.#token.text === 'printf';
    this.#at += 1;
    let args: Expression[] = [];
    const outer = this.#inPrint;
    this.#inPrint = true;
    const opening = this.#at;
    if (this.#accept('(')) {
      this.#inPrint = false;
      args = this.#list(')');
      this.#inPrint = true;
      // `print (a)(b)` or `print (a) + 1`: the parenthesis was only the start of an expression.
      if (!this.#ends() && !this.#is('>') && !this.#is('>>') && !this.#is('|')) {
        this.#at = opening;
        args = this.#bareList();
      }
    } else if (!this.#ends() && !this.#is('>')) args = this.#bareList();
    this.#inPrint = outer;
    for (const operator of ['>', '>>', '|']) {
      if (this.#accept(operator))
        return { type: 'print', args, formatted, to: { operator, target: this.#concatenation() } };
    }
    return { type: 'print', args, formatted };
  }

  #bareList(): Expression[] {
    const out = [this.#expression()];
    while (this.#accept(',')) {
      this.#lineBreaks();
      out.push(this.#expression());
    }
    return out;
  }

  #list(close: string): Expression[] {
    const out: Expression[] = [];
    const outer = this.#noIn;
    this.#noIn = false;
    this.#lineBreaks();
    while (!this.#accept(close)) {
      out.push(this.#expression());
      this.#lineBreaks();
      if (!this.#is(close)) this.#expect(',');
      this.#lineBreaks();
    }
    this.#noIn = outer;
    return out;
  }

  #expression(): Expression {
    const left = this.#ternary();
    if (this.#token.kind === 'operator' && ASSIGNMENTS.includes(this.#token.text) && isTarget(left)) {
      const operator = this.#token.text;
      this.#at += 1;
      this.#lineBreaks();
      return { type: 'assign', operator, target: left, value: this.#expression() };
    }
    return left;
  }

  #ternary(): Expression {
    const test = this.#or();
    if (!this.#accept('?')) return test;
    this.#lineBreaks();
    const yes = this.#expression();
    this.#lineBreaks();
    this.#expect(':');
    this.#lineBreaks();
    return { type: 'ternary', test, yes, no: this.#expression() };
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#accept('||')) {
      this.#lineBreaks();
      left = { type: 'binary', operator: '||', left, right: this.#and() };
    }
    return left;
  }

  #and(): Expression {
    let left = this.#membership();
    while (this.#accept('&&')) {
      this.#lineBreaks();
      left = { type: 'binary', operator: '&&', left, right: this.#membership() };
    }
    return left;
  }

  #membership(): Expression {
    let left = this.#matching();
    while (!this.#noIn && this.#accept('in')) left = { type: 'in', keys: [left], array: this.#name() };
    return left;
  }

  #matching(): Expression {
    let left = this.#comparison();
    for (;;) {
      const negated = this.#is('!~');
      if (!negated && !this.#is('~')) return left;
      this.#at += 1;
      left = { type: 'match', negated, left, right: this.#comparison() };
    }
  }

  #comparison(): Expression {
    const left = this.#concatenation();
    for (const operator of ['<', '<=', '==', '!=', '>', '>=']) {
      if (operator === '>' && this.#inPrint) continue;
      if (this.#accept(operator)) return { type: 'binary', operator, left, right: this.#concatenation() };
    }
    return left;
  }

  #concatenation(): Expression {
    let left = this.#additive();
    while (this.#startsOperand()) left = { type: 'binary', operator: ' ', left, right: this.#additive() };
    return left;
  }

  #startsOperand(): boolean {
    const { kind, text } = this.#token;
    if (kind === 'operator') return ['$', '!', '(', '-', '+', '++', '--'].includes(text) && !(text === '!' && false);
    if (kind === 'keyword') return false;
    return kind !== 'newline' && kind !== 'end' && kind !== 'regexp';
  }

  #additive(): Expression {
    let left = this.#multiplicative();
    for (;;) {
      const operator = this.#is('+') ? '+' : this.#is('-') ? '-' : undefined;
      if (!operator) return left;
      this.#at += 1;
      left = { type: 'binary', operator, left, right: this.#multiplicative() };
    }
  }

  #multiplicative(): Expression {
    let left = this.#unary();
    for (;;) {
      const operator = ['*', '/', '%'].find((each) => this.#is(each));
      if (!operator) return left;
      this.#at += 1;
      left = { type: 'binary', operator, left, right: this.#unary() };
    }
  }

  #unary(): Expression {
    for (const operator of ['!', '-', '+'])
      if (this.#accept(operator)) return { type: 'unary', operator, operand: this.#unary() };
    return this.#power();
  }

  #power(): Expression {
    const base = this.#postfix();
    if (!this.#accept('^')) return base;
    return { type: 'binary', operator: '^', left: base, right: this.#unary() };
  }

  #postfix(): Expression {
    for (const [operator, by] of [
      ['++', 1],
      ['--', -1],
    ] as const) {
      if (this.#accept(operator)) {
        const target = this.#primary();
        if (!isTarget(target)) throw new AwkSyntaxError(`syntax error at or near ${operator}`);
        return { type: 'step', by, prefix: true, target };
      }
    }
    const operand = this.#primary();
    for (const [operator, by] of [
      ['++', 1],
      ['--', -1],
    ] as const) {
      if (isTarget(operand) && this.#accept(operator)) return { type: 'step', by, prefix: false, target: operand };
    }
    return operand;
  }

  #primary(): Expression {
    const { kind, text } = this.#token;
    this.#at += 1;
    switch (kind) {
      case 'number':
        return { type: 'number', value: Number(text) };
      case 'string':
        return { type: 'string', value: text };
      case 'regexp':
        return { type: 'regexp', source: text };
      case 'call':
        this.#at += 1;
        return { type: 'call', name: text, args: this.#list(')') };
      case 'builtin':
        return { type: 'builtin', name: text, args: this.#accept('(') ? this.#list(')') : [] };
      case 'name':
        return this.#accept('[')
          ? { type: 'element', array: text, keys: this.#list(']') }
          : { type: 'name', name: text };
      default:
        if (text === '$') return { type: 'field', index: this.#fieldIndex() };
        if (text === 'getline') return this.#getline();
        if (text !== '(') throw new AwkSyntaxError(`syntax error at or near ${text.trim() || 'end of line'}`);
        return this.#grouped();
    }
  }

  #fieldIndex(): Expression {
    if (this.#is('++') || this.#is('--')) return this.#postfix();
    return this.#is('-') ? this.#unary() : this.#primary();
  }

  #getline(): Expression {
    const target = this.#token.kind === 'name' || this.#is('$') ? this.#primary() : undefined;
    return { type: 'getline', target: target && isTarget(target) ? target : undefined };
  }

  #grouped(): Expression {
    const outer = this.#inPrint;
    this.#inPrint = false;
    const items = this.#list(')');
    this.#inPrint = outer;
    if (this.#is('in')) {
      this.#at += 1;
      return { type: 'in', keys: items, array: this.#name() };
    }
    const [only] = items;
    if (!only || items.length > 1) throw new AwkSyntaxError('syntax error at or near )');
    return { type: 'ternary', test: { type: 'number', value: 1 }, yes: only, no: only };
  }
}

function isTarget(expression: Expression): expression is Target {
  return expression.type === 'name' || expression.type === 'field' || expression.type === 'element';
}
