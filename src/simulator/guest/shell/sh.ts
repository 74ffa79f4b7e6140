/**
 * `sh` as a program: `sh -c text`, `sh file`, scripts started by their `#!`, and text on standard input.
 * The one rule: it takes over the process it is given; positional parameters and the environment are all it inherits.
 */
import { absolute } from '../files.js';
import type { Machine } from '../machine.js';
import type { Process } from '../process.js';
import { ShellExit } from './control.js';
import { runText } from './execute.js';
import { Io } from './io.js';
import { Shell } from './shell.js';
import { parseSource } from './source.js';
import { live } from './subshell.js';

const EMPTY = parseSource('');

/** A new shell with a program's environment. */
export function newShell(
  machine: Machine,
  process: Process,
  name: string,
  parameters: readonly string[],
  environment: ReadonlyMap<string, string>,
  cwd: string,
): Shell {
  const shell = new Shell(machine, process, name, parameters, EMPTY);
  shell.cwd = cwd;
  for (const [key, value] of environment) shell.assign(key, value, true);
  shell.assign('IFS', ' \t\n', false);
  shell.assign('PWD', cwd, true);
  return shell;
}

/** Runs `sh` with the arguments given (without its name). @returns its exit status; the process has ended by then */
export async function runShellProgram(
  machine: Machine,
  process: Process,
  name: string,
  args: readonly string[],
  environment: ReadonlyMap<string, string>,
  cwd: string,
): Promise<number> {
  const options: string[] = [];
  let text: string | undefined;
  let rest = [...args];
  while (/^[-+]./.test(rest[0] ?? '')) {
    const flags = rest.shift() ?? '';
    if (flags === '--') break;
    if (flags === '-o') rest.shift();
    else options.push(...flags.slice(1));
  }
  let shellName = name;
  const io = new Io(machine, process);
  if (options.includes('c')) {
    text = rest.shift() ?? '';
    shellName = rest.shift() ?? name;
  } else if (rest.length > 0 && !options.includes('s')) {
    shellName = rest.shift() ?? name;
    const node = machine.files.get(absolute(shellName, cwd));
    if (node?.kind !== 'file') {
      await io.err(
        machine.userSpace === 'busybox'
          ? `${name}: can't open '${shellName}': No such file or directory\n`
          : `${name}: 0: cannot open ${shellName}: No such file\n`,
      );
      return 2;
    }
    text = node.content;
  }
  text ??= await io.all();
  const shell = newShell(machine, process, shellName, rest, environment, cwd);
  shell.numbered = !options.includes('c');
  for (const option of options) if (!'cs'.includes(option)) shell.options.add(option);
  rest = [];
  const script = text;
  return live(shell, async () => {
    const status = await runText(shell, script);
    throw new ShellExit(status);
  });
}
