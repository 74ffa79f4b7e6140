/**
 * What no single value can be blamed for: places of a spec that do not go together. It reads the input itself, taking what can be read, so that
 * its problems are reported beside the schema's, all at once.
 * The rule: a check here is silent on values that the schema refuses anyway.
 */
import { didYouMean } from './closest.js';
import { SITE_KEY, SITE_KEY_LIMIT } from './naming.js';
import { type Finding, mappingAt, type Problem, problemAt, valueAt } from './problems.js';
import { endFindings } from './validate-ends.js';
import { externalFindings } from './validate-external.js';
import { markFindings } from './validate-marks.js';
import { modeFaults } from './validate-mode.js';
import { networkFindings } from './validate-networks.js';

const RELEASE_SITES = 2;

/** Every problem between places of the input. */
export function crossProblems(input: unknown): readonly Problem[] {
  const sites = Object.keys(mappingAt(input, ['sites']));
  return [
    ...siteCount(input, sites),
    ...sites.flatMap(siteKeyFaults),
    ...markFindings(input, sites),
    ...networkFindings(input, sites),
    ...externalFindings(input, sites),
    ...modeFaults(input, sites),
    ...endFindings(input, sites),
    ...checkFaults(input, sites),
  ].map(([at, fault]) => problemAt(input, at, fault));
}

function siteCount(input: unknown, sites: readonly string[]): readonly Finding[] {
  if (sites.length === RELEASE_SITES || valueAt(input, ['sites']) === undefined) return [];
  return [[['sites'], { message: `are ${sites.length} in number; this release links exactly two` }]];
}

function siteKeyFaults(site: string): readonly Finding[] {
  const cure = `use 1 to ${SITE_KEY_LIMIT} lower-case letters, digits and hyphens, a letter or digit first`;
  // Keys of sites are keys of plain objects all over, where this word has a meaning of its own.
  if (site === 'constructor') return [[['sites', site], { message: 'is a reserved word', cure: 'use another name' }]];
  return SITE_KEY.test(site) ? [] : [[['sites', site], { message: 'is not a site name', cure }]];
}

function checkFaults(input: unknown, sites: readonly string[]): readonly Finding[] {
  const { via, user, site, pairs } = mappingAt(input, ['check']);
  if (via !== 'ssh') {
    if (via !== 'console' && via !== 'none') return [];
    return [
      ...without({ user, site }, 'has a meaning only with via: ssh'),
      ...(via === 'none' ? without({ pairs }, 'has no meaning with via: none, which pings nothing') : []),
    ];
  }
  if (typeof site !== 'string' || sites.includes(site)) return [];
  const cure = didYouMean(site, sites) ?? `there are ${sites.join(' and ')}`;
  return [[['check', 'site'], { message: 'is not a site of this spec', cure }]];
}

/** Fields of the check that are said and should not be. */
function without(fields: Readonly<Record<string, unknown>>, message: string): readonly Finding[] {
  return Object.entries(fields).flatMap(([key, value]) =>
    value === undefined ? [] : [[['check', key], { message, cure: 'leave it out' }] as const],
  );
}
