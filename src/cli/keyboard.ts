/**
 * The terminal's keyboard: one key as an answer, or silence, so that what is typed does not end up in the midst of a view.
 * The rule: the terminal is given back as it was, and a process in the background never touches it, since that would stop the process.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Whether there is someone who can be asked. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true && inForeground();
}

export interface KeyOptions {
  /** Shown on standard error, and again as the seconds that are left become fewer. */
  readonly prompt: (secondsLeft: number) => string;
  /** How long to wait. @default for ever */
  readonly seconds?: number;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

const CTRL_C = '\u0003';
const CTRL_Z = '\u001a';
const CTRL_BACKSLASH = '\u001c';

/** What was typed before the question is no answer to it; the terminal hands it over at once. */
const TYPED_BEFORE_MS = 100;

/** Waits for a key. Ctrl-C is one, since the terminal sends no signal meanwhile. */
export async function waitForKey({
  prompt,
  seconds = Number.POSITIVE_INFINITY,
  signal,
}: KeyOptions): Promise<'key' | 'ctrl-c' | 'time-out' | 'stopped'> {
  const { stdin, stderr } = process;
  const asked = performance.now();
  const left = () => Math.max(0, Math.ceil(seconds - (performance.now() - asked) / 1000));
  let shown = '';
  const show = () => {
    const text = prompt(left());
    if (text !== shown) stderr.write(`\r\u001b[K${text}`);
    shown = text;
  };
  const over = new AbortController();
  const release = raw();
  show();
  try {
    return await new Promise((resolve) => {
      const answer = (data: Buffer) => {
        if (data.includes(CTRL_C)) resolve('ctrl-c');
        else if (performance.now() - asked > TYPED_BEFORE_MS) resolve('key');
      };
      const stopped = () => resolve('stopped');
      if (signal.aborted) stopped();
      signal.addEventListener('abort', stopped, { signal: over.signal });
      stdin.on('data', answer).once('end', stopped);
      const tick = setInterval(() => (left() > 0 ? show() : resolve('time-out')), 100);
      over.signal.addEventListener('abort', () => {
        clearInterval(tick);
        stdin.off('data', answer).off('end', stopped);
      });
    });
  } finally {
    over.abort();
    release();
    stderr.write('\n');
  }
}

/** Nothing that is typed is shown until the returned function is called; Ctrl-C, Ctrl-Z and Ctrl-\ do what they always do. */
export function silence(): () => void {
  const { stdin } = process;
  if (!stdin.isTTY || !inForeground()) return () => {};
  let release = raw();
  const again = () => {
    release = raw();
  };
  const typed = (data: Buffer) => {
    // To the whole group, as the terminal does it.
    if (data.includes(CTRL_C)) process.kill(0, 'SIGINT');
    if (data.includes(CTRL_BACKSLASH)) process.kill(0, 'SIGQUIT');
    if (data.includes(CTRL_Z)) {
      release();
      process.once('SIGCONT', again);
      process.kill(0, 'SIGTSTP');
    }
  };
  stdin.on('data', typed);
  return () => {
    process.off('SIGCONT', again);
    stdin.off('data', typed);
    release();
  };
}

function raw(): () => void {
  const { stdin } = process;
  stdin.setRawMode(true);
  stdin.resume();
  return () => {
    stdin.setRawMode(false);
    stdin.pause();
  };
}

/** Whether this process group has the terminal. False where that cannot be known. */
function inForeground(): boolean {
  try {
    // After the name in parentheses: state, parent, group, session, terminal, the terminal's group (proc(5)).
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return fields[2] === fields[5];
  } catch {
    const { stdout } = spawnSync('ps', ['-o', 'pgid=,tpgid=', '-p', String(process.pid)], { encoding: 'utf8' });
    const [own, terminals] = (stdout ?? '').trim().split(/\s+/);
    return own !== undefined && own === terminals;
  }
}
