/** awk's syntax tree: what parser.ts makes and run.ts walks. */

export type Expression =
  | { readonly type: 'number'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'regexp'; readonly source: string }
  | Target
  | { readonly type: 'assign'; readonly operator: string; readonly target: Target; readonly value: Expression }
  | { readonly type: 'step'; readonly by: 1 | -1; readonly prefix: boolean; readonly target: Target }
  | { readonly type: 'unary'; readonly operator: string; readonly operand: Expression }
  | { readonly type: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'ternary'; readonly test: Expression; readonly yes: Expression; readonly no: Expression }
  | { readonly type: 'match'; readonly negated: boolean; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'in'; readonly keys: readonly Expression[]; readonly array: string }
  | { readonly type: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly type: 'builtin'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly type: 'getline'; readonly target: Target | undefined };

/** What can be assigned to. */
export type Target =
  | { readonly type: 'name'; readonly name: string }
  | { readonly type: 'field'; readonly index: Expression }
  | { readonly type: 'element'; readonly array: string; readonly keys: readonly Expression[] };

export type Action =
  | { readonly type: 'block'; readonly body: readonly Action[] }
  | { readonly type: 'expression'; readonly value: Expression }
  | {
      readonly type: 'print';
      readonly args: readonly Expression[];
      readonly formatted: boolean;
      readonly to?: { readonly operator: string; readonly target: Expression };
    }
  | { readonly type: 'if'; readonly test: Expression; readonly then: Action; readonly else: Action | undefined }
  | { readonly type: 'while'; readonly test: Expression; readonly body: Action; readonly atLeastOnce: boolean }
  | {
      readonly type: 'for';
      readonly start: Action | undefined;
      readonly test: Expression | undefined;
      readonly step: Action | undefined;
      readonly body: Action;
    }
  | { readonly type: 'each'; readonly name: string; readonly array: string; readonly body: Action }
  | { readonly type: 'jump'; readonly kind: 'break' | 'continue' | 'next' }
  | { readonly type: 'exit' | 'return'; readonly value: Expression | undefined }
  | { readonly type: 'delete'; readonly array: string; readonly keys: readonly Expression[] | undefined };

export interface Rule {
  readonly kind: 'BEGIN' | 'END' | 'line';
  readonly pattern: Expression | undefined;
  readonly until: Expression | undefined;
  /** Without an action, the line is printed. */
  readonly action: Action | undefined;
}

export interface AwkFunction {
  readonly parameters: readonly string[];
  readonly body: Action;
}

export interface AwkProgram {
  readonly rules: readonly Rule[];
  readonly functions: ReadonlyMap<string, AwkFunction>;
}

export function isTarget(expression: Expression): expression is Target {
  return expression.type === 'name' || expression.type === 'field' || expression.type === 'element';
}
