/**
 * awk's expressions, by precedence, each level one method. The one rule: in a `print` list a bare `>` redirects, so comparison by `>`
 * is switched off there (`inPrint`).
 */
import { AwkSyntaxError, type Token } from './lexer.js';
import { type Expression, isTarget } from './syntax.js';

const ASSIGNMENTS = ['=', '+=', '-=', '*=', '/=', '%=', '^='];

/** Reads tokens and expressions; statements come on top of it (parser.ts). */
export class ExpressionParser {
  protected readonly tokens: readonly Token[];
  protected at = 0;
  protected inPrint = false;
  #noIn = false;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  protected get token(): Token {
    return this.tokens[this.at] ?? { kind: 'end', text: '' };
  }

  protected is(text: string): boolean {
    return (this.token.kind === 'operator' || this.token.kind === 'keyword') && this.token.text === text;
  }

  protected accept(text: string): boolean {
    if (!this.is(text)) return false;
    this.at += 1;
    return true;
  }

  protected expect(text: string): void {
    if (!this.accept(text))
      throw new AwkSyntaxError(`syntax error at or near ${this.token.text.trim() || 'end of line'}`);
  }

  protected newlines(): void {
    while (this.token.kind === 'newline' || this.is(';')) this.at += 1;
  }

  protected lineBreaks(): void {
    while (this.token.kind === 'newline') this.at += 1;
  }

  protected name(): string {
    const { kind, text } = this.token;
    if (kind !== 'name' && kind !== 'call') throw new AwkSyntaxError(`syntax error at or near ${text}`);
    this.at += 1;
    return text;
  }

  protected list(close: string): Expression[] {
    const out: Expression[] = [];
    const outer = this.#noIn;
    this.#noIn = false;
    this.lineBreaks();
    while (!this.accept(close)) {
      out.push(this.expression());
      this.lineBreaks();
      if (!this.is(close)) this.expect(',');
      this.lineBreaks();
    }
    this.#noIn = outer;
    return out;
  }

  protected expression(): Expression {
    const left = this.#ternary();
    if (this.token.kind === 'operator' && ASSIGNMENTS.includes(this.token.text) && isTarget(left)) {
      const operator = this.token.text;
      this.at += 1;
      this.lineBreaks();
      return { type: 'assign', operator, target: left, value: this.expression() };
    }
    return left;
  }

  #ternary(): Expression {
    const test = this.#or();
    if (!this.accept('?')) return test;
    this.lineBreaks();
    const yes = this.expression();
    this.lineBreaks();
    this.expect(':');
    this.lineBreaks();
    return { type: 'ternary', test, yes, no: this.expression() };
  }

  #or(): Expression {
    let left = this.#and();
    while (this.accept('||')) {
      this.lineBreaks();
      left = { type: 'binary', operator: '||', left, right: this.#and() };
    }
    return left;
  }

  #and(): Expression {
    let left = this.#membership();
    while (this.accept('&&')) {
      this.lineBreaks();
      left = { type: 'binary', operator: '&&', left, right: this.#membership() };
    }
    return left;
  }

  #membership(): Expression {
    let left = this.#matching();
    while (!this.#noIn && this.accept('in')) left = { type: 'in', keys: [left], array: this.name() };
    return left;
  }

  #matching(): Expression {
    let left = this.#comparison();
    for (;;) {
      const negated = this.is('!~');
      if (!negated && !this.is('~')) return left;
      this.at += 1;
      left = { type: 'match', negated, left, right: this.#comparison() };
    }
  }

  #comparison(): Expression {
    const left = this.concatenation();
    for (const operator of ['<', '<=', '==', '!=', '>', '>=']) {
      if (operator === '>' && this.inPrint) continue;
      if (this.accept(operator)) return { type: 'binary', operator, left, right: this.concatenation() };
    }
    return left;
  }

  protected concatenation(): Expression {
    let left = this.#additive();
    while (this.#startsOperand()) left = { type: 'binary', operator: ' ', left, right: this.#additive() };
    return left;
  }

  #startsOperand(): boolean {
    const { kind, text } = this.token;
    if (kind === 'operator') return ['$', '!', '(', '-', '+', '++', '--'].includes(text);
    if (kind === 'keyword') return false;
    return kind !== 'newline' && kind !== 'end' && kind !== 'regexp';
  }

  #additive(): Expression {
    let left = this.#multiplicative();
    for (;;) {
      const operator = this.is('+') ? '+' : this.is('-') ? '-' : undefined;
      if (!operator) return left;
      this.at += 1;
      left = { type: 'binary', operator, left, right: this.#multiplicative() };
    }
  }

  #multiplicative(): Expression {
    let left = this.#unary();
    for (;;) {
      const operator = ['*', '/', '%'].find((each) => this.is(each));
      if (!operator) return left;
      this.at += 1;
      left = { type: 'binary', operator, left, right: this.#unary() };
    }
  }

  #unary(): Expression {
    for (const operator of ['!', '-', '+'])
      if (this.accept(operator)) return { type: 'unary', operator, operand: this.#unary() };
    return this.#power();
  }

  #power(): Expression {
    const base = this.#postfix();
    if (!this.accept('^')) return base;
    return { type: 'binary', operator: '^', left: base, right: this.#unary() };
  }

  #postfix(): Expression {
    for (const [operator, by] of [
      ['++', 1],
      ['--', -1],
    ] as const) {
      if (this.accept(operator)) {
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
      if (isTarget(operand) && this.accept(operator)) return { type: 'step', by, prefix: false, target: operand };
    }
    return operand;
  }

  #primary(): Expression {
    const { kind, text } = this.token;
    this.at += 1;
    switch (kind) {
      case 'number':
        return { type: 'number', value: Number(text) };
      case 'string':
        return { type: 'string', value: text };
      case 'regexp':
        return { type: 'regexp', source: text };
      case 'call':
        this.at += 1;
        return { type: 'call', name: text, args: this.list(')') };
      case 'builtin':
        return { type: 'builtin', name: text, args: this.accept('(') ? this.list(')') : [] };
      case 'name':
        return this.accept('[') ? { type: 'element', array: text, keys: this.list(']') } : { type: 'name', name: text };
      default:
        if (text === '$') return { type: 'field', index: this.#fieldIndex() };
        if (text === 'getline') return this.#getline();
        if (text !== '(') throw new AwkSyntaxError(`syntax error at or near ${text.trim() || 'end of line'}`);
        return this.#grouped();
    }
  }

  #fieldIndex(): Expression {
    if (this.is('++') || this.is('--')) return this.#postfix();
    return this.is('-') ? this.#unary() : this.#primary();
  }

  #getline(): Expression {
    const target = this.token.kind === 'name' || this.is('$') ? this.#primary() : undefined;
    return { type: 'getline', target: target && isTarget(target) ? target : undefined };
  }

  #grouped(): Expression {
    const outer = this.inPrint;
    this.inPrint = false;
    const items = this.list(')');
    this.inPrint = outer;
    if (this.is('in')) {
      this.at += 1;
      return { type: 'in', keys: items, array: this.name() };
    }
    const [only] = items;
    if (!only || items.length > 1) throw new AwkSyntaxError('syntax error at or near )');
    return { type: 'ternary', test: { type: 'number', value: 1 }, yes: only, no: only };
  }
}
