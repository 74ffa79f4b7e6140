/**
 * Follows a run on standard output: in place on a terminal, a line a change elsewhere, JSON lines with `--json`. Ctrl-C ends the watch and not the run.
 */
import type { RunStatus, VpnRun } from '../client/index.js';
import { colours, wantsColour } from './colour.js';
import { silence } from './keyboard.js';
import { LiveView } from './live-view.js';
import { changes, view } from './render.js';

export type FollowStyle = 'live' | 'plain' | 'json';

export function styleOf(options: { readonly json?: boolean | undefined }): FollowStyle {
  if (options.json) return 'json';
  return process.stdout.isTTY && process.env.TERM !== 'dumb' ? 'live' : 'plain';
}

/** Shows statuses until the run ends, and resolves to the last one; or until `signal` fires, and resolves to undefined. */
export async function follow(
  run: VpnRun<unknown>,
  style: FollowStyle,
  signal: AbortSignal,
): Promise<RunStatus | undefined> {
  const shown = style === 'live' ? liveView() : style === 'json' ? jsonLines() : plainLines();
  let last: RunStatus | undefined;
  try {
    for await (const status of run.watch(signal)) {
      last = status;
      shown.show(status);
    }
  } finally {
    shown.close?.();
  }
  return last?.state === 'RUNNING' ? undefined : last;
}

/** Does the work with a signal that the first Ctrl-C fires; a second one ends the process, as it does everywhere. */
export async function untilCtrlC<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  process.once('SIGINT', interrupt);
  try {
    return await work(stop.signal);
  } finally {
    process.off('SIGINT', interrupt);
  }
}

interface Shown {
  show(status: RunStatus): void;
  close?(): void;
}

function liveView(): Shown {
  const colour = colours(wantsColour(process.stdout));
  const { stdout } = process;
  const speak = silence();
  let now: RunStatus | undefined;
  const block = new LiveView(stdout, () =>
    now === undefined ? [] : view(now, { columns: stdout.columns || 80, rows: stdout.rows || 24, colour }, Date.now()),
  );
  return {
    show(status) {
      now = status;
      block.draw();
    },
    close() {
      block.close();
      speak();
    },
  };
}

function plainLines(): Shown {
  let before: RunStatus | undefined;
  return {
    show(status) {
      for (const line of changes(before, status)) console.log(line);
      before = status;
    },
  };
}

function jsonLines(): Shown {
  let before = '';
  return {
    show(status) {
      const text = JSON.stringify(status);
      if (text !== before) console.log(text);
      before = text;
    },
  };
}
