/**
 * Runs awk programs. Evaluation is synchronous and counted, for awk has no waiting but for its input; output is collected and written
 * after each line. The one rule: a loop that goes on for ever ends with an error after MAX_STEPS.
 */
import { callBuiltin } from './functions.js';
import { type AwkArray, AwkError, AwkState } from './state.js';
import type { Action, Expression } from './syntax.js';
import { compareValues, inputValue, isTrue, toNumber, toText, type Value } from './values.js';

const MAX_STEPS = 5_000_000;

export class AwkExit extends Error {
  constructor(readonly status: number) {
    super('exit');
  }
}
export class Jump extends Error {
  constructor(readonly kind: 'break' | 'continue' | 'next') {
    super(kind);
  }
}
class Return extends Error {
  constructor(readonly value: Value) {
    super('return');
  }
}

/** One running program. */
export class AwkMachine extends AwkState {
  #steps = 0;

  /** The value; undefined for what was never set. */
  evaluate(node: Expression): Value | undefined {
    this.#steps += 1;
    if (this.#steps > MAX_STEPS) throw new AwkError('program limit exceeded');
    switch (node.type) {
      case 'number':
      case 'string':
        return node.value;
      case 'regexp':
        return this.toRegExp(node.source).test(this.text(this.fields[0])) ? 1 : 0;
      case 'name':
      case 'field':
      case 'element':
        return this.get(node);
      case 'assign': {
        const value = this.evaluate(node.value) ?? '';
        if (node.operator === '=') return this.assign(node.target, value);
        const before = toNumber(this.get(node.target) ?? 0);
        return this.assign(node.target, arithmetic(node.operator.slice(0, -1), before, toNumber(value)));
      }
      case 'step': {
        const before = toNumber(this.get(node.target) ?? 0);
        this.assign(node.target, before + node.by);
        return node.prefix ? before + node.by : before;
      }
      case 'unary': {
        const value = this.evaluate(node.operand) ?? '';
        if (node.operator === '!') return isTrue(value) ? 0 : 1;
        return node.operator === '-' ? -toNumber(value) : toNumber(value);
      }
      case 'ternary':
        return isTrue(this.evaluate(node.test) ?? '') ? this.evaluate(node.yes) : this.evaluate(node.no);
      case 'match':
        return this.regexpOf(node.right).test(this.text(this.evaluate(node.left))) !== node.negated ? 1 : 0;
      case 'in':
        return this.array(node.array).has(this.key(node.keys)) ? 1 : 0;
      case 'call':
        return this.#call(node.name, node.args);
      case 'builtin':
        return callBuiltin(this, node.name, node.args);
      case 'getline': {
        const line = this.nextLine();
        if (line === undefined) return 0;
        if (node.target) this.assign(node.target, inputValue(line));
        else this.setRecord(line);
        return 1;
      }
      case 'binary':
        return this.#binary(node);
    }
  }

  #binary(node: Extract<Expression, { type: 'binary' }>): Value {
    const left = this.evaluate(node.left);
    if (node.operator === '&&') return isTrue(left ?? '') && isTrue(this.evaluate(node.right) ?? '') ? 1 : 0;
    if (node.operator === '||') return isTrue(left ?? '') || isTrue(this.evaluate(node.right) ?? '') ? 1 : 0;
    const right = this.evaluate(node.right);
    if (node.operator === ' ') return this.text(left) + this.text(right);
    if (/^[<>=!]/.test(node.operator)) {
      const order = compareValues(left, right, (value) => this.format('CONVFMT', value));
      const holds = {
        '<': order < 0,
        '<=': order <= 0,
        '==': order === 0,
        '!=': order !== 0,
        '>': order > 0,
        '>=': order >= 0,
      }[node.operator];
      return holds ? 1 : 0;
    }
    return arithmetic(node.operator, toNumber(left ?? 0), toNumber(right ?? 0));
  }

  /** A regular expression given as one, or as a string. */
  regexpOf(node: Expression): RegExp {
    return this.toRegExp(node.type === 'regexp' ? node.source : this.text(this.evaluate(node)));
  }

  #call(name: string, args: readonly Expression[]): Value {
    const fn = this.program.functions.get(name);
    if (!fn) throw new AwkError(`function ${name} not defined`);
    if (this.locals.length > 200) throw new AwkError('function call nesting too deep');
    const frame = new Map<string, Value | AwkArray>();
    for (const [index, parameter] of fn.parameters.entries()) {
      const arg = args[index];
      const array =
        arg?.type === 'name' && !this.scalars.has(arg.name)
          ? (this.locals.at(-1)?.get(arg.name) ?? this.arrays.get(arg.name))
          : undefined;
      frame.set(parameter, array instanceof Map ? array : arg ? (this.evaluate(arg) ?? '') : '');
    }
    this.locals.push(frame);
    try {
      this.run(fn.body);
    } catch (error) {
      if (error instanceof Return) return error.value;
      throw error;
    } finally {
      this.locals.pop();
    }
    return '';
  }

  run(action: Action): void {
    switch (action.type) {
      case 'block':
        for (const each of action.body) this.run(each);
        return;
      case 'expression':
        this.evaluate(action.value);
        return;
      case 'print':
        this.#print(action);
        return;
      case 'if':
        if (isTrue(this.evaluate(action.test) ?? '')) this.run(action.then);
        else if (action.else) this.run(action.else);
        return;
      case 'while':
        this.#loop(action.atLeastOnce, () => isTrue(this.evaluate(action.test) ?? ''), action.body, undefined);
        return;
      case 'for': {
        const { test } = action;
        if (action.start) this.run(action.start);
        this.#loop(false, () => !test || isTrue(this.evaluate(test) ?? ''), action.body, action.step);
        return;
      }
      case 'each': {
        const keys = [...this.array(action.array).keys()];
        this.#loop(
          false,
          () => {
            const key = keys.shift();
            if (key !== undefined) this.assign({ type: 'name', name: action.name }, inputValue(key));
            return key !== undefined;
          },
          action.body,
          undefined,
        );
        return;
      }
      case 'jump':
        throw new Jump(action.kind);
      case 'exit':
        throw new AwkExit(action.value ? toNumber(this.evaluate(action.value) ?? 0) & 255 : -1);
      case 'return':
        throw new Return(action.value ? (this.evaluate(action.value) ?? '') : '');
      case 'delete':
        if (action.keys) this.array(action.array).delete(this.key(action.keys));
        else this.array(action.array).clear();
    }
  }

  #loop(first: boolean, test: () => boolean, body: Action, step: Action | undefined): void {
    for (let free = first; free || test(); free = false) {
      try {
        this.#steps += 1;
        this.run(body);
      } catch (error) {
        if (!(error instanceof Jump) || error.kind === 'next') throw error;
        if (error.kind === 'break') return;
      }
      if (step) this.run(step);
    }
  }

  #print(action: Extract<Action, { type: 'print' }>): void {
    const values = action.args.map((arg) => this.evaluate(arg) ?? '');
    const shown = (value: Value): string => toText(value, (number) => this.format('OFMT', number));
    let text: string;
    if (action.formatted) text = callBuiltin(this, 'sprintf', action.args) as string;
    else if (values.length === 0) text = this.text(this.fields[0]) + this.text(this.scalars.get('ORS'));
    else text = values.map(shown).join(this.text(this.scalars.get('OFS'))) + this.text(this.scalars.get('ORS'));
    if (action.to?.operator === '|') throw new AwkError('output pipes are not available');
    const to = action.to ? this.text(this.evaluate(action.to.target)) : '';
    this.output.push({ to, append: action.to?.operator === '>>', text });
  }
}

function arithmetic(operator: string, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '^':
      return left ** right;
    default:
      if (right === 0) throw new AwkError('division by zero');
      return operator === '/' ? left / right : left % right;
  }
}
