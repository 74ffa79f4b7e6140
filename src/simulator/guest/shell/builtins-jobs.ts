/**
 * Built-ins about processes: wait, kill, trap, times.
 * The one rule: `wait` returns at once when a trapped signal comes (POSIX 2.11), with 128 plus its number.
 */
import { SIGNALS, signalName } from '../process.js';
import type { Builtin } from './builtin.js';
import { ShellError } from './control.js';
import type { Shell } from './shell.js';
import { announceDeath } from './subshell.js';
import { setTrap } from './traps.js';

const wait: Builtin = async (shell, args) => {
  const pids = args.map((arg) => Number(arg.replace(/^%/, '')));
  let status = 0;
  for (const pid of args.length > 0 ? pids : [...shell.jobs.keys()]) {
    const job = shell.jobs.get(pid);
    if (!job) {
      status = 127;
      continue;
    }
    const interrupted = await waitFor(shell, job.done);
    if (interrupted !== undefined) return interrupted;
    shell.jobs.delete(pid);
    if (args.length > 0) await announceDeath(shell, job);
    status = job.status ?? 0;
  }
  return args.length > 0 ? status : 0;
};

async function waitFor(shell: Shell, done: Promise<number>): Promise<number | undefined> {
  const signal = new Promise<void>((resolve) => {
    shell.onPending = resolve;
  });
  try {
    shell.machine.budget.slept();
    await shell.process.guard(Promise.race([done, signal]));
  } finally {
    shell.onPending = () => {};
  }
  const first = shell.pending[0];
  return first === undefined ? undefined : 128 + (SIGNALS[first] ?? 0);
}

const kill: Builtin = async (shell, args, io) => {
  const rest = [...args];
  let signal: string | undefined = 'TERM';
  let probe = false;
  if (rest[0] === '-l') {
    await io.out(`${Object.keys(SIGNALS).join('\n')}\n`);
    return 0;
  }
  if (rest[0] === '-s') {
    rest.shift();
    signal = signalName(rest.shift() ?? '');
  } else if (rest[0] === '-0') {
    rest.shift();
    probe = true;
  } else if (/^-./.test(rest[0] ?? '')) signal = signalName(rest.shift()?.slice(1) ?? '');
  if (signal === undefined) throw new ShellError('kill: invalid signal number or name');
  let status = 0;
  for (const word of rest) {
    const pid = Number(word.replace(/^%/, ''));
    const target =
      pid === shell.mainPid && pid !== shell.process.pid ? shell.machine.processes.get(pid) : shell.jobs.get(pid);
    const process = target ?? shell.machine.processes.get(pid);
    if (!process || process.status !== undefined) {
      await io.err(`${shell.prefix()}kill: No such process\n`);
      status = 1;
    } else if (!probe) process.kill(signal);
  }
  return status;
};

const trap: Builtin = async (shell, args, io) => {
  const rest = args[0] === '--' ? args.slice(1) : [...args];
  if (rest.length === 0) {
    for (const [signal, action] of shell.traps)
      await io.out(`trap -- '${action.replaceAll("'", `'"'"'`)}' ${signal}\n`);
    return 0;
  }
  const resets = rest.length === 1 || /^\d+$/.test(rest[0] ?? '');
  const action = resets ? undefined : rest.shift();
  for (const word of rest) {
    const signal = word === '0' || word.toUpperCase() === 'EXIT' ? 'EXIT' : signalName(word);
    if (signal === undefined) {
      if (action === undefined && word === '-') continue;
      await io.err(`${shell.prefix()}trap: ${word}: bad trap\n`);
      return 1;
    }
    setTrap(shell, signal, action === '-' ? undefined : action);
  }
  return 0;
};

export const JOBS: Readonly<Record<string, Builtin>> = {
  wait,
  kill,
  trap,
  jobs: () => 0,
  bg: () => 0,
  fg: () => 0,
  times: async (_shell, _args, io) => {
    await io.out('0m0.000000s 0m0.000000s\n0m0.000000s 0m0.000000s\n');
    return 0;
  },
};
