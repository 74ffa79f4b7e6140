/**
 * Progress as lines of text: the live view of a terminal, and one plain line per change elsewhere. Pure: status, size and time in, lines out.
 * The rule: no line of a live view is wider than the terminal, and no view higher.
 */
import type { RunStatus } from '../client/index.js';
import { STEP_MARKS } from '../graph/step-marks.js';
import { phaseRemark } from '../workflows/phase-remark.js';
import { operationWord, type Progress, type StepProgress } from '../workflows/protocol.js';
import type { Colours } from './colour.js';

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  readonly colour: Colours;
}

/** `0.4s`, `12s`, `3m05s`, `2h10m`. */
export function duration(ms: number): string {
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${String(seconds % 60).padStart(2, '0')}s`;
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`;
}

/** `2026-11-27T04:30:00Z`, of epoch milliseconds. */
export function moment(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

/** The whole view: head, a block a site, the links' steps, what is being retried, warnings. Falls back to what runs when the terminal is too low. */
export function view(status: RunStatus, screen: Screen, time: number): readonly string[] {
  // The steps of a run that was terminated never end.
  const now = status.endedAt ?? time;
  const { progress } = status;
  const head = [headLine(status, screen, now), ...silence(status, screen)];
  if (progress === undefined) return head;
  const tail = [...retries(status, screen, now), ...warningLines(progress, screen)];
  const full = [...blocks(progress, screen, now), ...tail];
  const room = screen.rows - 1 - head.length;
  if (full.length <= room) return [...head, ...full];
  const active = progress.steps.filter(
    (step) => step.state === 'running' || step.state === 'undoing' || step.state === 'failed',
  );
  const done = progress.steps.filter((step) => step.state === 'done').length;
  const short = active.map((step) => stepLine(step, screen, now, screen.columns, `${step.site ?? ''} `));
  return [...head, `  ${done} of ${progress.steps.length} steps done`, ...short, ...tail].slice(
    0,
    Math.max(1, screen.rows - 1),
  );
}

function headLine(
  { vpn, operation, progress, state, startedAt, worker }: RunStatus,
  screen: Screen,
  now: number,
): string {
  const { colour, columns } = screen;
  const running = state === 'RUNNING';
  const phase = running ? (progress?.phase ?? 'waiting for a worker') : state.toLowerCase();
  const remark = running && worker === 'answers' ? phaseRemark(progress ?? {}) : '';
  const text = `${vpn} · ${operationWord(operation)} · ${phase} · ${duration(now - startedAt)}${remark}`;
  // Not where nothing moves.
  return colour.bold(screen.rows === Number.POSITIVE_INFINITY ? text : cut(text, columns));
}

/** Short, so that its cure is seen on a narrow terminal. */
const SILENT = 'no worker answers: start one with: regionlink worker';

function silence({ state, worker, progress }: RunStatus, { columns, colour }: Screen): readonly string[] {
  if (state !== 'RUNNING' || worker === 'answers') return [];
  const known = progress === undefined ? '' : '; below is what was last known';
  return [colour.yellow(`  ${cut(`${SILENT}${known}`, columns - 2)}`)];
}

/** Sites side by side where the terminal is wide enough, else below each other; steps over links at the end. */
function blocks(progress: Progress, screen: Screen, now: number): readonly string[] {
  const columns = sitesInOrder(progress).map(({ key, region }) => {
    const own = progress.steps.filter((step) => step.site === key);
    return { title: `${key} (${region})`, steps: own };
  });
  const width = Math.floor(screen.columns / Math.max(1, columns.length)) - 1;
  const links = progress.steps
    .filter((step) => step.site === undefined)
    .map((step) => stepLine(step, screen, now, screen.columns));
  if (width < 38) {
    return [
      ...columns.flatMap(({ title, steps }) => [
        screen.colour.bold(title),
        ...steps.map((step) => stepLine(step, screen, now, screen.columns)),
      ]),
      ...links,
    ];
  }
  const height = Math.max(0, ...columns.map(({ steps }) => steps.length));
  const titles = columns.map(({ title }) => screen.colour.bold(title.padEnd(width))).join(' ');
  const rows = Array.from({ length: height }, (_, row) =>
    columns
      .map(({ steps }) => (steps[row] === undefined ? ' '.repeat(width) : stepLine(steps[row], screen, now, width)))
      .join(' '),
  );
  return [titles, ...rows, ...links];
}

/** The sites as the spec has them: a link's key, `left~right`, names its first site first. A removal finds them in the clouds' order. */
export function sitesInOrder({ sites, steps }: Progress): Progress['sites'] {
  const named = steps.flatMap(({ key }) => (key.includes('~') ? (key.split('/')[0]?.split('~') ?? []) : []));
  const place = (key: string) => (named.includes(key) ? named.indexOf(key) : named.length);
  return [...sites].sort((a, b) => place(a.key) - place(b.key));
}

function stepLine(step: StepProgress, { colour }: Screen, now: number, width: number, prefix = ''): string {
  const took = step.startedAt === undefined ? '' : duration((step.endedAt ?? now) - step.startedAt);
  const note = step.note === undefined ? '' : ` ${step.note}`;
  const text = cut(`${prefix}${step.title}${note}`, width - took.length - 4).padEnd(
    Math.max(0, width - took.length - 4),
  );
  const line = `${STEP_MARKS[step.state]} ${text} ${took} `;
  if (step.state === 'failed' || step.state === 'left') return colour.red(line);
  if (step.state === 'waiting' || step.state === 'undone') return colour.dim(line);
  if (step.state === 'done') return colour.green(STEP_MARKS.done) + line.slice(1);
  return colour.yellow(line);
}

/** What is tried again: which step, since when it fails, when the next try comes, and which call failed with what. */
function retries({ pending }: RunStatus, { columns, rows, colour }: Screen, now: number): readonly string[] {
  return pending.filter(isRetried).map((one) => {
    const next = one.nextTryAt === undefined ? 'trying now' : `next try in ${duration(one.nextTryAt - now)}`;
    const since = one.failingSince === undefined ? '' : `failing for ${duration(now - one.failingSince)}, `;
    const line = `  ${one.step ?? one.activity}: try ${one.attempt}, ${since}${next}: ${reasonOf(one)}`;
    return colour.yellow(rows === Number.POSITIVE_INFINITY ? line : cut(line, columns));
  });
}

/** Its last failure without the name of the step, which the line begins with: what the cloud said is at its end. */
function reasonOf({ step, lastFailure = '' }: RunStatus['pending'][number]): string {
  const name = `(${step}): `;
  const at = lastFailure.indexOf(name);
  return at < 0 ? lastFailure : lastFailure.slice(at + name.length);
}

/** The latest, as far as a line goes; on a page without an end all of them, whole. */
function warningLines({ warnings }: Progress, { columns, rows, colour }: Screen): readonly string[] {
  if (rows === Number.POSITIVE_INFINITY) return warnings.map((warning) => colour.yellow(`\nwarning: ${warning}`));
  return warnings.slice(-1).map((warning) => colour.yellow(cut(` warning: ${warning}`, columns)));
}

function isRetried(one: RunStatus['pending'][number]): boolean {
  return one.attempt > 1 && one.lastFailure !== undefined;
}

function cut(text: string, width: number): string {
  const one = text.replace(/\s+/g, ' ');
  return one.length <= width ? one : `${one.slice(0, Math.max(0, width - 1))}…`;
}

/** What changed between two statuses, a line each, for logs and pipes. */
export function changes(before: RunStatus | undefined, after: RunStatus): readonly string[] {
  const old = new Map(before?.progress?.steps.map((step) => [step.key, step.state]));
  const lines: string[] = [];
  if (after.state === 'RUNNING' && after.worker === 'silent' && before?.worker !== 'silent')
    lines.push(`${after.vpn}: ${SILENT}`);
  if (before?.progress?.phase !== after.progress?.phase && after.progress !== undefined)
    lines.push(`${after.vpn}: ${after.progress.phase}${phaseRemark(after.progress)}`);
  for (const step of after.progress?.steps ?? []) {
    if (step.state === 'waiting' || old.get(step.key) === step.state) continue;
    const took =
      step.startedAt !== undefined && step.endedAt !== undefined ? ` (${duration(step.endedAt - step.startedAt)})` : '';
    lines.push(
      `${STEP_MARKS[step.state]} ${step.key} ${step.state}${took}${step.note === undefined ? '' : `: ${step.note}`}`,
    );
  }
  const nameOf = (one: RunStatus['pending'][number]) => `${one.step ?? one.activity}: try ${one.attempt}`;
  const known = new Set(before?.pending.map(nameOf));
  for (const one of after.pending.filter(isRetried))
    if (!known.has(nameOf(one))) lines.push(`… ${nameOf(one)}: ${one.lastFailure}`);
  // Those that it began with were told before it.
  const told = before?.progress?.warnings ?? after.progress?.warnings ?? [];
  for (const warning of after.progress?.warnings ?? []) if (!told.includes(warning)) lines.push(`warning: ${warning}`);
  return lines;
}
