/**
 * A plan as a person reads it: the steps of all sites side by side, every field that differs, what the clouds cannot, and how long it takes.
 * The rule: no line of the table is wider than the page; on a narrow one the sites stand below each other.
 */
import { kindNoun, RESOURCE_KINDS } from '../graph/kinds.js';
import type { StepKind } from '../graph/types.js';
import type { PlannedAction, PlannedField, PlannedStep, VpnPlan } from '../workflows/protocol.js';
import type { Colours } from './colour.js';
import { findingLines, type Page, VERDICTS } from './findings-text.js';
import { duration } from './render.js';
import { wrap } from './wrap.js';

const PAINT: Readonly<Record<PlannedAction, keyof Colours>> = {
  create: 'green',
  change: 'yellow',
  replace: 'yellow',
  remove: 'red',
  conflict: 'red',
  adopt: 'dim',
  share: 'dim',
  wait: 'dim',
};

/** Order of the counts, and of the worst first. */
const COUNTED: readonly PlannedAction[] = ['conflict', 'remove', 'replace', 'change', 'create', 'share', 'adopt'];

const VERDICT_ORDER = ['problem', 'warning', 'unknown', 'ok'] as const;

/** Narrower cells cut most names. */
const NARROWEST_CELL = 20;

export function planText(plan: VpnPlan, page: Page): string {
  const kept = plan.steps.filter(({ temporary, action }) => !temporary && action !== 'wait');
  const check = plan.steps.filter(({ temporary }) => temporary);
  const sections = [
    [...wrap(headOf(plan.vpn, kept), page.columns, '  ').map(page.colour.bold), ...table(kept, plan, page)],
    check.length === 0 ? [] : ['For the check, and removed again after it:', ...table(check, plan, page)],
    plan.sites.flatMap((site) => [...existingLines(site, page), ...modeLines(site, page)]),
    kept.flatMap((step) => detailLines(step, page)),
    findingsOf(plan, page),
    plan.warnings.flatMap((warning) => wrap(`warning: ${warning}`, page.columns, '  ')).map(page.colour.yellow),
    timeLines(plan, page),
    [verdictOf(plan, page.colour)],
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => line.trimEnd()).join('\n'))
    .join('\n\n');
}

function headOf(vpn: string, steps: readonly PlannedStep[]): string {
  const counts = COUNTED.flatMap((action) => {
    const count = steps.filter((step) => step.action === action).length;
    return count === 0 ? [] : [`${count} ${action === 'conflict' ? 'in conflict' : `to ${action}`}`];
  });
  return `Plan of VPN ${vpn}: ${counts.join(', ') || 'its steps are not known'}`;
}

/** A row a kind, and more where a site has several of it. */
function table(steps: readonly PlannedStep[], { sites }: VpnPlan, page: Page): readonly string[] {
  if (steps.length === 0) return [];
  const kinds = RESOURCE_KINDS.filter((kind) => steps.some((step) => step.kind === kind));
  const label = Math.max(...kinds.map((kind) => kindNoun(kind).length)) + 4;
  const width = Math.floor((page.columns - label) / sites.length);
  const at = (site: string, kind: StepKind) => steps.filter((step) => step.site === site && step.kind === kind);
  const title = ({ key, region }: VpnPlan['sites'][number]) => `${key} (${region})`;
  const rows = (shown: readonly VpnPlan['sites'][number][], cellWidth: number) =>
    kinds.flatMap((kind) => {
      const columns = shown.map(({ key }) => at(key, kind));
      const height = Math.max(...columns.map((own) => own.length));
      return Array.from({ length: height }, (_, row) => {
        const cells = columns.map((own) => cell(own[row], cellWidth, page.colour));
        return `${`  ${row === 0 ? kindNoun(kind) : ''}`.padEnd(label)}${cells.join('')}`;
      });
    });
  if (width < NARROWEST_CELL)
    return sites.flatMap((site) => [page.colour.bold(title(site)), ...rows([site], page.columns - label)]);
  const titles = sites.map((site) => page.colour.bold(cut(title(site), width - 1).padEnd(width)));
  return [`${' '.repeat(label)}${titles.join('')}`, ...rows(sites, width)];
}

function cell(step: PlannedStep | undefined, width: number, colour: Colours): string {
  if (step === undefined) return ' '.repeat(width);
  // A test VM's are always made anew.
  const text = step.temporary ? step.name : `${step.action} ${step.name}`;
  // A tunnel that is down differs from its spec in no field.
  const down = step.kind === 'siteConnection' && (step.status ?? 'ACTIVE') !== 'ACTIVE';
  const paint = colour[down && PAINT[step.action] === 'dim' ? 'yellow' : PAINT[step.action]];
  return paint(cut(down ? `${text}: ${step.status}` : text, width - 1).padEnd(width));
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

function existingLines({ key, region, existing }: VpnPlan['sites'][number], { columns }: Page): readonly string[] {
  if (existing.length === 0) return [];
  // A gateway goes by its router's id.
  const parts = existing.filter(({ id }, index) => existing.findIndex((other) => other.id === id) === index);
  const said = parts.map(({ part, name, cidr }) => `${part} ${name}${cidr === undefined ? '' : ` (${cidr})`}`);
  return wrap(`${key} (${region}) has, and nothing of it is changed: ${said.join(', ')}`, columns, '  ');
}

/** Endpoint groups have rows of their own; the older way shows by their absence alone. */
function modeLines({ key, region, mode }: VpnPlan['sites'][number], { columns }: Page): readonly string[] {
  if (mode !== 'legacy') return [];
  const said = 'in mode legacy: the one subnet of its VPN service with one range of the peer, without endpoint groups';
  return wrap(`${key} (${region}) is joined ${said}`, columns, '  ');
}

function detailLines(step: PlannedStep, { columns, colour }: Page): readonly string[] {
  if (step.fields.length === 0 && step.reason === undefined) return [];
  const id = step.id === undefined ? '' : ` (${step.id})`;
  return [
    ...wrap(`${step.action} ${step.key} ${step.name}${id}`, columns, '  ').map(colour[PAINT[step.action]]),
    ...step.fields.flatMap((field) => wrap(fieldText(field), columns - 4, '  ').map((line) => `    ${line}`)),
    ...(step.reason === undefined ? [] : wrap(step.reason, columns - 4).map((line) => `    ${line}`)),
    ...(step.fields.some(({ inPlace }) => !inPlace)
      ? wrap('→ destroy the VPN first, or keep these fields as they are', columns - 4, '  ').map(
          (line) => `    ${line}`,
        )
      : []),
  ];
}

function fieldText({ field, have, want, inPlace }: PlannedField): string {
  const values = want === undefined ? 'differs' : `${shown(have)} → ${shown(want)}`;
  return `${field}: ${values}${inPlace ? '' : ', cannot be changed'}`;
}

function shown(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value : JSON.stringify(value);
}

/** The worst first; of what is well only what was chosen. */
function findingsOf({ findings }: VpnPlan, page: Page): readonly string[] {
  const told = findings.filter(({ verdict, about }) => verdict !== 'ok' || about === 'test VMs');
  if (told.length === 0) return [];
  const sorted = VERDICT_ORDER.flatMap((verdict) => told.filter((finding) => finding.verdict === verdict));
  return [
    'What the clouds can:',
    ...sorted.flatMap((finding) => findingLines(finding, page, finding.sites.join(', '))),
    ...wrap(VERDICTS, page.columns).map(page.colour.dim),
  ];
}

function timeLines({ time, possible }: VpnPlan, { columns, colour }: Page): readonly string[] {
  if (!possible) return [];
  const about = `About ${duration(time.seconds * 1000)} on a usual cloud, which is typical and not promised. The longest path:`;
  return [
    ...wrap(about, columns),
    ...wrap(time.path.join(' → '), columns - 2, '  ').map((line) => colour.dim(`  ${line}`)),
  ];
}

function verdictOf({ possible, changes }: VpnPlan, colour: Colours): string {
  if (!possible) return colour.red('It cannot be applied as it is.');
  return changes === 0
    ? 'Nothing to change: what stands is as the spec says.'
    : `Resources to make or change: ${changes}.`;
}
