/**
 * Statements, and-or lists, pipelines, background jobs. Reads like the grammar of POSIX 2.9.
 * The one rule: `set -e` looks only at what `checked` returns, and only while nobody tests the result (`shell.tested`).
 */
import type { AndOr, CommandNode, Pipeline, PipelineNode, Statement } from 'unbash';
import { makePipe } from '../streams.js';
import { runCompound } from './compound.js';
import { ShellError, ShellExit } from './control.js';
import { openPath } from './redirect.js';
import type { Shell } from './shell.js';
import { runSimple } from './simple.js';
import { parseSource } from './source.js';
import { startSubshell } from './subshell.js';
import { runPending } from './traps.js';

/** Runs a whole script text in this shell (`eval`, traps, `.`, files). A syntax error ends the shell, as POSIX 2.8.1 has it. */
export async function runText(shell: Shell, text: string): Promise<number> {
  const outer = shell.source;
  const line = shell.line;
  const source = parseSource(text);
  shell.source = source;
  try {
    const status = await runStatements(shell, source.statements);
    if (source.error) {
      shell.line = source.error.line;
      throw new ShellError(`Syntax error: ${source.error.message}`);
    }
    shell.line = line;
    return status;
  } finally {
    shell.source = outer;
  }
}

/** Runs statements one after another; the status of the last. */
export async function runStatements(shell: Shell, statements: readonly Statement[]): Promise<number> {
  let status = 0;
  for (const statement of statements) {
    status = statement.background ? startJob(shell, statement) : await runNode(shell, statement.command);
    shell.status = status;
    shell.process.signal.throwIfAborted();
    await runPending(shell);
  }
  return status;
}

function startJob(shell: Shell, statement: Statement): number {
  const process = startSubshell(
    shell,
    (child) => {
      child.setFd(0, openPath(shell, '/dev/null', 'read'));
      child.dispositions.set('INT', 'ignore');
    },
    (child) => runNode(child, statement.command),
  );
  shell.lastBackground = process.pid;
  shell.jobs.set(process.pid, process);
  return 0;
}

/** Whatever can stand between `;`s. */
async function runNode(shell: Shell, node: PipelineNode | AndOr): Promise<number> {
  if (node.type === 'AndOr') return runAndOr(shell, node);
  if (node.type === 'Pipeline') return runPipeline(shell, node);
  return runCommand(shell, node);
}

async function runAndOr(shell: Shell, node: AndOr): Promise<number> {
  let status = 0;
  for (const [index, command] of node.commands.entries()) {
    const operator = node.operators[index - 1];
    if (operator === '&&' && status !== 0) continue;
    if (operator === '||' && status === 0) continue;
    const last = index === node.commands.length - 1;
    status = last ? await runNode(shell, command) : await tested(shell, () => runNode(shell, command));
    shell.status = status;
  }
  return status;
}

async function runPipeline(shell: Shell, node: Pipeline): Promise<number> {
  const negated = node.prefixes.some((prefix) => prefix.type === 'Negation');
  const run = async (): Promise<number> => {
    const [only, ...more] = node.commands;
    if (only && more.length === 0) return runCommand(shell, only);
    return checked(shell, only ? await runStages(shell, node) : 0);
  };
  if (!negated) return run();
  return (await tested(shell, run)) === 0 ? 1 : 0;
}

async function runStages(shell: Shell, node: Pipeline): Promise<number> {
  const stages: Promise<number>[] = [];
  let from = shell.process.fds.get(0)?.retain();
  for (const [index, command] of node.commands.entries()) {
    const pipe = index < node.commands.length - 1 ? makePipe() : undefined;
    const input = from;
    const process = startSubshell(
      shell,
      (child) => {
        child.setFd(0, input);
        if (!pipe) return;
        child.setFd(1, pipe.input);
        if (node.operators[index] === '|&') child.setFd(2, pipe.input);
      },
      (child) => runCommand(child, command),
    );
    input?.release();
    from = pipe?.output.retain();
    stages.push(process.done);
  }
  const statuses = await shell.process.guard(Promise.all(stages));
  const last = statuses.at(-1) ?? 0;
  return shell.options.has('pipefail') ? (statuses.findLast((status) => status !== 0) ?? 0) : last;
}

async function runCommand(shell: Shell, node: CommandNode): Promise<number> {
  if (node.type === 'Command') return checked(shell, await runSimple(shell, node));
  if (node.type === 'Function') {
    shell.functions.set(node.name.text, { body: node.body, source: shell.source });
    return 0;
  }
  if (node.type === 'Coproc') throw new ShellError('coproc: not found', 127);
  const status = await runCompound(shell, node);
  const kind = node.type === 'Redirected' ? node.command.type : node.type;
  return kind === 'Subshell' || kind === 'TestCommand' || kind === 'ArithmeticCommand'
    ? checked(shell, status)
    : status;
}

/** Runs something whose failure is looked at: `set -e` does not apply within. */
export async function tested<T>(shell: Shell, run: () => Promise<T>): Promise<T> {
  shell.tested += 1;
  try {
    return await run();
  } finally {
    shell.tested -= 1;
  }
}

/** Applies `set -e`. @throws ShellExit */
function checked(shell: Shell, status: number): number {
  shell.status = status;
  if (status !== 0 && shell.tested === 0 && shell.options.has('e')) throw new ShellExit(status);
  return status;
}
