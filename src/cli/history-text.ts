/**
 * A run's record as a page, as text or as Markdown. Pure.
 * The rule: one description of the page, two ways to draw it, so that neither tells what the other does not.
 */
import type { RunRecord, StepRecord } from '../client/index.js';
import { resourcesOf } from '../client/index.js';
import { kindNoun } from '../graph/kinds.js';
import { operationWord } from '../workflows/protocol.js';
import { duration, moment } from './render.js';
import { table } from './result-text.js';

interface Section {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function historyText(record: RunRecord, now: number): string {
  return [
    titleOf(record),
    ...table(factsOf(record, now)),
    ...sectionsOf(record, now).flatMap(({ title, head, rows }) => ['', `${title}:`, ...table([head, ...rows])]),
    ...endingOf(record).map((line) => `\n${line}`),
  ].join('\n');
}

export function historyMarkdown(record: RunRecord, now: number): string {
  return [
    `# ${titleOf(record)}`,
    '',
    ...factsOf(record, now).map(([name, value]) => `* ${name}: ${escaped(value ?? '')}`),
    ...sectionsOf(record, now).flatMap(({ title, head, rows }) => [
      '',
      `## ${title}`,
      '',
      row(head),
      row(head.map(() => '---')),
      ...rows.map((cells) => row(cells.map(escaped))),
    ]),
    ...endingOf(record).map((line) => `\n${escaped(line).replaceAll('\n', '  \n')}`),
  ].join('\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** A cloud's words are no Markdown. */
function escaped(text: string): string {
  return text.replaceAll(/[\\|<>*_`[\]]/g, '\\$&');
}

function titleOf({ vpn, operation, state }: RunRecord): string {
  return `${vpn}: ${operationWord(operation)}, ${state.toLowerCase()}`;
}

function factsOf(record: RunRecord, now: number): readonly (readonly string[])[] {
  const { requestedBy, client, summary, runId, startedAt, endedAt, keptUntil } = record;
  return [
    ['asked for by', `${requestedBy || 'someone unnamed'}, with client ${client}`],
    ['asked for', summary || 'without a summary'],
    ['started', moment(startedAt)],
    endedAt === undefined
      ? ['open for', duration(now - startedAt)]
      : ['ended', `${moment(endedAt)}, after ${duration(endedAt - startedAt)}`],
    ['run', runId],
    ...(keptUntil === undefined ? [] : [['kept', `by Temporal until ${moment(keptUntil)}`]]),
  ];
}

function sectionsOf(record: RunRecord, now: number): readonly Section[] {
  const { stops, phases, steps } = record;
  const failed = steps.flatMap((step) => step.failures.map((failure) => ({ step, failure })));
  const sections: readonly Section[] = [
    {
      title: 'Asked to stop',
      head: ['AT', 'HOW', 'CLIENT', 'REASON'],
      rows: stops.map(({ at, what, by, reason }) => [moment(at), what, by, reason]),
    },
    { title: 'Phases', head: ['FROM', 'PHASE'], rows: phases.map(({ at, phase }) => [moment(at), phase]) },
    {
      title: 'Steps',
      head: ['STARTED', 'STEP', 'OUTCOME', 'TRIES', 'TOOK', 'WHAT'],
      rows: steps.map((step) => [
        moment(step.requestedAt),
        nameOf(step),
        step.outcome,
        String(step.attempts),
        duration((step.endedAt ?? now) - step.requestedAt),
        step.summary,
      ]),
    },
    {
      title: 'Tries that failed',
      head: ['STEP', 'TIMES', 'FIRST', 'LAST', 'WITH'],
      rows: failed.map(({ step, failure: { times, first, last, said } }) => [
        nameOf(step),
        String(times),
        first === undefined ? '' : moment(first),
        last === undefined ? '' : moment(last),
        said.replaceAll(/\s+/g, ' '),
      ]),
    },
    {
      title: 'Resources',
      head: ['AT', 'WAS', 'KIND', 'NAME', 'ID', 'REGION'],
      rows: resourcesOf(record).map(({ at, effect, kind, name, id, region }) => [
        moment(at),
        effect,
        kindNoun(kind),
        name,
        id,
        region,
      ]),
    },
  ];
  return sections.filter(({ rows }) => rows.length > 0);
}

/** A step is made by one activity and undone by another. */
function nameOf({ step, activity }: StepRecord): string {
  if (step === undefined) return activity;
  return activity.startsWith('remove') ? `undo ${step}` : step;
}

function endingOf({ failure, warnings }: RunRecord): readonly string[] {
  return [
    ...(failure === undefined ? [] : [`${failure.type}: ${failure.message}`]),
    ...warnings.map((warning) => `warning: ${warning}`),
  ];
}
