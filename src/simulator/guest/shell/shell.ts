/**
 * The state of one shell process: variables, functions, parameters, options, traps. A subshell is a copy of it.
 * The one rule: what `fork` does not copy is shared between a shell and its subshells, so only the machine and immutable trees are.
 */
import type { Function as FunctionNode } from 'unbash';
import type { Machine } from '../machine.js';
import type { Process } from '../process.js';
import { ShellError } from './control.js';
import type { Source } from './source.js';

export interface Variable {
  readonly value: string | undefined;
  readonly exported: boolean;
  readonly readOnly: boolean;
}

export interface ShellFunction {
  readonly body: FunctionNode['body'];
  readonly source: Source;
}

const MAX_VALUE = 4 * 1024 * 1024;

export class Shell {
  readonly machine: Machine;
  readonly process: Process;
  /** `$$`: the pid of the outermost shell, also in subshells. */
  readonly mainPid: number;
  name: string;
  parameters: readonly string[];
  cwd = '/';
  source: Source;
  line = 1;
  /** Whether errors name the line: `sh -c` of busybox does not. */
  numbered = true;
  status = 0;
  /** Status of the last command substitution of the command at hand. */
  substituted: number | undefined;
  lastBackground: number | undefined;
  readonly variables = new Map<string, Variable>();
  readonly functions = new Map<string, ShellFunction>();
  readonly options = new Set<string>();
  readonly traps = new Map<string, string>();
  readonly pending: string[] = [];
  readonly jobs = new Map<number, Process>();
  /** One map a running function: what `local` has hidden. */
  readonly locals: Map<string, Variable | undefined>[] = [];
  loops = 0;
  /** Above zero, a failure is looked at (`if`, `&&`, `!`) and `set -e` keeps still. */
  tested = 0;
  depth = 0;
  onPending: () => void = () => {};

  constructor(machine: Machine, process: Process, name: string, parameters: readonly string[], source: Source) {
    this.machine = machine;
    this.process = process;
    this.mainPid = process.pid;
    this.name = name;
    this.parameters = parameters;
    this.source = source;
  }

  /** A subshell on another process: the same state, but no traps and no jobs of its own. */
  fork(process: Process): Shell {
    const child = new Shell(this.machine, process, this.name, this.parameters, this.source);
    Object.defineProperty(child, 'mainPid', { value: this.mainPid });
    child.cwd = this.cwd;
    child.line = this.line;
    child.numbered = this.numbered;
    child.status = this.status;
    child.lastBackground = this.lastBackground;
    child.loops = this.loops;
    child.tested = this.tested;
    child.depth = this.depth;
    for (const [name, variable] of this.variables) child.variables.set(name, variable);
    for (const [name, fn] of this.functions) child.functions.set(name, fn);
    for (const option of this.options) child.options.add(option);
    for (const _ of this.locals) child.locals.push(new Map());
    for (const [signal, action] of this.traps) {
      if (action === '' && signal !== 'EXIT') {
        child.traps.set(signal, '');
        process.dispositions.set(signal, 'ignore');
      }
    }
    return child;
  }

  get(name: string): string | undefined {
    return this.variables.get(name)?.value;
  }

  /** Assigns, keeping the export mark. @throws ShellError if it is read-only */
  assign(name: string, value: string | undefined, exported?: boolean): void {
    const old = this.variables.get(name);
    if (old?.readOnly) throw new ShellError(`${name}: is read only`);
    if (value !== undefined && value.length > MAX_VALUE) throw new ShellError('out of memory');
    const mark = exported ?? (old?.exported === true || this.options.has('a'));
    this.variables.set(name, { value, exported: mark, readOnly: false });
  }

  /** Exported variables, as a program sees them. */
  environment(): Map<string, string> {
    const out = new Map<string, string>();
    for (const [name, { value, exported }] of this.variables) if (exported && value !== undefined) out.set(name, value);
    return out;
  }

  /** Start of an error message, as the image's shell writes it. */
  prefix(): string {
    if (this.machine.userSpace === 'iputils') return `${this.name}: ${this.line}: `;
    return this.numbered ? `${this.name}: line ${this.line}: ` : `${this.name}: `;
  }
}
