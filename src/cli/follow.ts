/**
 * Follows a run on standard output: in place on a terminal, a line a change elsewhere, JSON lines with `--json`. Ctrl-C ends the watch and not the run.
 */
import type { RunStatus, VpnRun } from '../client/index.js';
import { colours, wantsColour } from './colour.js';
import { changes, view } from './render.js';

export type FollowStyle = 'live' | 'plain' | 'json';

export function styleOf(options: { readonly json?: boolean | undefined }): FollowStyle {
  if (options.json) return 'json';
  return process.stdout.isTTY ? 'live' : 'plain';
}

/** Shows statuses until the run ends (resolves true) or Ctrl-C comes (resolves false). */
export async function follow(run: VpnRun<unknown>, style: FollowStyle): Promise<boolean> {
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  process.once('SIGINT', interrupt);
  const show = style === 'live' ? liveView() : style === 'json' ? jsonLines() : plainLines();
  try {
    for await (const status of run.watch(stop.signal)) show(status);
  } finally {
    process.off('SIGINT', interrupt);
  }
  return !stop.signal.aborted;
}

function liveView(): (status: RunStatus) => void {
  const colour = colours(wantsColour(process.stdout));
  let height = 0;
  return (status) => {
    const lines = view(
      status,
      { columns: process.stdout.columns || 80, rows: process.stdout.rows || 24, colour },
      Date.now(),
    );
    // Up to the view's first line, then each line over its old self: no blank moment between.
    const up = height > 0 ? `\u001b[${height}A` : '';
    process.stdout.write(`${up}${lines.map((line) => `\u001b[2K${line}`).join('\n')}\n\u001b[J`);
    height = lines.length;
  };
}

function plainLines(): (status: RunStatus) => void {
  let before: RunStatus | undefined;
  return (status) => {
    for (const line of changes(before, status)) console.log(line);
    before = status;
  };
}

function jsonLines(): (status: RunStatus) => void {
  let before = '';
  return (status) => {
    const text = JSON.stringify(status);
    if (text !== before) console.log(text);
    before = text;
  };
}
