/** What was found out about clouds, a mark and a sentence each, with what to do about it below. */
import type { Finding } from '../workflows/protocol.js';
import type { Colours } from './colour.js';
import { wrap } from './wrap.js';

export interface Page {
  readonly columns: number;
  readonly colour: Colours;
}

type Verdict = Finding['verdict'];

const MARKS: Readonly<Record<Verdict, string>> = { problem: '✖', warning: '!', unknown: '?', ok: '✔' };

const PAINT: Readonly<Record<Verdict, keyof Colours>> = {
  problem: 'red',
  warning: 'yellow',
  unknown: 'yellow',
  ok: 'green',
};

/** Explains the marks; shown where they are. */
export const VERDICTS = `${MARKS.ok} well  ${MARKS.unknown} not known without a write or an administrator  ${MARKS.warning} warning  ${MARKS.problem} problem`;

/** `where`: the sites it was found at, in a plan. */
export function findingLines(
  { about, verdict, said, cure }: Finding,
  { columns, colour }: Page,
  where = '',
): readonly string[] {
  const at = where === '' ? '' : ` (${where})`;
  const [first = '', ...rest] = wrap(`${about}${at}: ${said}`, columns - 4, '  ');
  const lines = [
    first,
    ...rest,
    ...(cure === undefined ? [] : wrap(`→ ${cure}`, columns - 4, '    ').map((line) => `  ${line}`)),
  ];
  return lines.map((line, index) => `${index === 0 ? colour[PAINT[verdict]](MARKS[verdict]) : ' '} ${line}`);
}
