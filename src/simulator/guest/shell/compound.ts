/**
 * Compound commands: groups, subshells, conditions, loops, `case`.
 * The one rule: a loop catches jumps meant for it and hands on the others with one level less.
 */
import type { Case, CompoundCommand, CompoundList, For, If, Redirected, While } from 'unbash';
import { LoopJump, ShellError } from './control.js';
import { runStatements, tested } from './execute.js';
import { arithmetic, expandPattern, expandText, expandWords } from './expand.js';
import { matches } from './pattern.js';
import { withRedirections } from './redirect.js';
import type { Shell } from './shell.js';
import { startSubshell, waitFor } from './subshell.js';
import { evaluateTestExpression } from './test-command.js';

type LoopStep = (body: () => Promise<void>) => Promise<void>;

/** Runs a compound command. Subshells are new processes, all others run in this one. */
export async function runCompound(shell: Shell, node: CompoundCommand | Redirected): Promise<number> {
  switch (node.type) {
    case 'Redirected':
      return withRedirections(shell, node.redirects, () => runCompound(shell, node.command));
    case 'BraceGroup':
      return runStatements(shell, node.body.commands);
    case 'Subshell': {
      const process = startSubshell(
        shell,
        () => {},
        (child) => runStatements(child, node.body.commands),
      );
      return waitFor(shell, process);
    }
    case 'If':
      return runIf(shell, node);
    case 'While':
      return runWhile(shell, node);
    case 'For':
      return runFor(shell, node);
    case 'Case':
      return runCase(shell, node);
    case 'TestCommand':
      return (await evaluateTestExpression(shell, node.expression)) ? 0 : 1;
    case 'ArithmeticCommand':
      return (await arithmetic(shell, node.body)) === '0' ? 1 : 0;
    case 'ArithmeticFor':
    case 'Select':
      throw new ShellError('Syntax error: Bad for loop variable');
  }
}

async function holds(shell: Shell, clause: CompoundList): Promise<boolean> {
  return (await tested(shell, () => runStatements(shell, clause.commands))) === 0;
}

async function runIf(shell: Shell, node: If): Promise<number> {
  if (await holds(shell, node.clause)) return runStatements(shell, node.then.commands);
  for (const { clause, then } of node.elif) {
    if (await holds(shell, clause)) return runStatements(shell, then.commands);
  }
  return node.else ? runStatements(shell, node.else.commands) : 0;
}

async function loop(
  shell: Shell,
  body: CompoundList,
  drive: (step: () => Promise<void>) => Promise<void>,
): Promise<number> {
  let status = 0;
  shell.loops += 1;
  const left: LoopStep = async (step) => {
    try {
      await step();
    } catch (error) {
      if (!(error instanceof LoopJump)) throw error;
      if (error.depth > 1 && shell.loops > 1) {
        error.depth -= 1;
        throw error;
      }
      status = 0;
      if (error.kind === 'break') throw new LoopEnd();
    }
  };
  try {
    await drive(() =>
      left(async () => {
        await shell.machine.budget.step();
        status = await runStatements(shell, body.commands);
      }),
    );
  } catch (error) {
    if (!(error instanceof LoopEnd)) throw error;
  } finally {
    shell.loops -= 1;
  }
  return status;
}

/** Leaves the innermost loop, once it is clear that the jump was meant for it. */
class LoopEnd extends Error {}

async function runWhile(shell: Shell, node: While): Promise<number> {
  const wanted = node.kind === 'while';
  return loop(shell, node.body, async (step) => {
    for (;;) {
      let go = false;
      try {
        go = (await holds(shell, node.clause)) === wanted;
      } catch (error) {
        // `break` in the condition ends this loop as well.
        if (!(error instanceof LoopJump)) throw error;
        if (error.depth > 1 && shell.loops > 1) {
          error.depth -= 1;
          throw error;
        }
        if (error.kind === 'break') return;
        continue;
      }
      if (!go) return;
      await step();
    }
  });
}

async function runFor(shell: Shell, node: For): Promise<number> {
  const values = node.wordlist ? await expandWords(shell, node.wordlist) : shell.parameters;
  return loop(shell, node.body, async (step) => {
    for (const value of values) {
      shell.assign(node.name.text, value);
      await step();
    }
  });
}

async function runCase(shell: Shell, node: Case): Promise<number> {
  const text = await expandText(shell, node.word);
  let fallThrough = false;
  for (const item of node.items) {
    let hit = fallThrough;
    for (const pattern of hit ? [] : item.pattern) {
      if (!matches(await expandPattern(shell, pattern), text)) continue;
      hit = true;
      break;
    }
    if (!hit) continue;
    const status = await runStatements(shell, item.body.commands);
    if (item.terminator !== ';&') return status;
    fallThrough = true;
  }
  return 0;
}
