/**
 * Built-ins that change variables, options, parameters and the working directory.
 * The one rule: every assignment goes through Shell.assign, which knows of read-only variables.
 */
import { absolute } from '../files.js';
import type { Builtin } from './builtin.js';
import { getopts, read } from './builtins-read.js';
import { ShellError } from './control.js';
import type { Shell } from './shell.js';

const OPTION_NAMES: Readonly<Record<string, string>> = {
  allexport: 'a',
  errexit: 'e',
  noglob: 'f',
  noexec: 'n',
  nounset: 'u',
  verbose: 'v',
  xtrace: 'x',
  noclobber: 'C',
  pipefail: 'pipefail',
};

const set: Builtin = async (shell, args, io) => {
  if (args.length === 0) {
    for (const [name, { value }] of [...shell.variables].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (value !== undefined) await io.out(`${name}=${quote(value)}\n`);
    }
    return 0;
  }
  const rest = [...args];
  while (/^[-+]./.test(rest[0] ?? '')) {
    const word = rest.shift() ?? '';
    if (word === '--') {
      shell.parameters = rest;
      return 0;
    }
    for (const flag of word.slice(1)) {
      const option = flag === 'o' ? OPTION_NAMES[rest.shift() ?? ''] : flag;
      if (option === undefined || (option.length === 1 && !'aefnuvxCbhm'.includes(option))) {
        throw new ShellError(`set: Illegal option ${word}`);
      }
      if (word.startsWith('-')) shell.options.add(option);
      else shell.options.delete(option);
    }
  }
  if (rest.length > 0) shell.parameters = rest;
  return 0;
};

function quote(value: string): string {
  return `'${value.replaceAll("'", `'"'"'`)}'`;
}

function marking(mark: 'exported' | 'readOnly', word: string): Builtin {
  return async (shell, args, io) => {
    if (args.length === 0 || args[0] === '-p') {
      for (const [name, variable] of shell.variables) {
        if (variable[mark])
          await io.out(`${word} ${name}${variable.value === undefined ? '' : `=${quote(variable.value)}`}\n`);
      }
      return 0;
    }
    const remove = args[0] === '-n';
    for (const arg of remove ? args.slice(1) : args) {
      const [name, value] = splitAssignment(arg, word);
      if (value !== undefined) shell.assign(name, value);
      const variable = shell.variables.get(name) ?? { value: undefined, exported: false, readOnly: false };
      shell.variables.set(name, { ...variable, [mark]: !remove });
    }
    return 0;
  };
}

function splitAssignment(arg: string, command: string): [string, string | undefined] {
  const at = arg.indexOf('=');
  const name = at < 0 ? arg : arg.slice(0, at);
  if (!/^[A-Za-z_]\w*$/.test(name)) throw new ShellError(`${command}: ${name}: bad variable name`);
  return [name, at < 0 ? undefined : arg.slice(at + 1)];
}

const local: Builtin = (shell, args) => {
  const hidden = shell.locals.at(-1);
  if (!hidden) throw new ShellError('local: not in a function');
  for (const arg of args) {
    const [name, value] = splitAssignment(arg, 'local');
    if (!hidden.has(name)) hidden.set(name, shell.variables.get(name));
    if (value !== undefined) shell.assign(name, value);
  }
  return 0;
};

const unset: Builtin = (shell, args) => {
  const functions = args[0] === '-f';
  for (const name of args) {
    if (name === '-f' || name === '-v') continue;
    if (functions) shell.functions.delete(name);
    else if (shell.variables.get(name)?.readOnly) throw new ShellError(`unset: ${name}: is read only`);
    else shell.variables.delete(name);
  }
  return 0;
};

const cd: Builtin = async (shell, args, io) => {
  const [first] = args.filter((arg) => arg !== '--' && arg !== '-P' && arg !== '-L');
  const wanted = first === '-' ? (shell.get('OLDPWD') ?? shell.cwd) : (first ?? shell.get('HOME') ?? '/');
  const path = absolute(wanted, shell.cwd);
  if (shell.machine.files.get(path)?.kind !== 'directory') {
    await io.err(
      `${shell.prefix()}cd: can't cd to ${wanted}${shell.machine.userSpace === 'busybox' ? ': No such file or directory' : ''}\n`,
    );
    return shell.machine.userSpace === 'busybox' ? 1 : 2;
  }
  moveTo(shell, path);
  if (first === '-') await io.out(`${path}\n`);
  return 0;
};

function moveTo(shell: Shell, path: string): void {
  shell.assign('OLDPWD', shell.cwd);
  shell.cwd = path;
  shell.assign('PWD', path);
}

export const STATE: Readonly<Record<string, Builtin>> = {
  set,
  export: marking('exported', 'export'),
  readonly: marking('readOnly', 'readonly'),
  local,
  unset,
  cd,
  read,
  getopts,
  shift: (shell, args) => {
    const count = Number(args[0] ?? 1);
    if (!(count <= shell.parameters.length)) throw new ShellError("shift: can't shift that many");
    shell.parameters = shell.parameters.slice(count);
    return 0;
  },
  pwd: async (shell, _args, io) => {
    await io.out(`${shell.cwd}\n`);
    return 0;
  },
  umask: async (_shell, args, io) => {
    if (args.length === 0) await io.out('0022\n');
    return 0;
  },
  ulimit: async (_shell, _args, io) => {
    await io.out('unlimited\n');
    return 0;
  },
  alias: () => 0,
  unalias: () => 0,
  hash: () => 0,
};
