/**
 * What no single value can be blamed for: places of a spec that do not go together. It reads the input itself, taking what can be read, so that
 * its problems are reported beside the schema's, all at once.
 * The rule: a check here is silent on values that the schema refuses anyway.
 */
import { endStepKey } from '../graph/step-keys.js';
import { didYouMean } from './closest.js';
import { linkKey, SITE_KEY, SITE_KEY_LIMIT } from './naming.js';
import { DPD } from './policy-schema.js';
import { type Finding, mappingAt, type Problem, problemAt, valueAt } from './problems.js';
import { externalFindings, externalSites } from './validate-external.js';
import { networkFindings } from './validate-networks.js';

const RELEASE_SITES = 2;

/**
 * Characters that a connection's owner mark has for the VPN's name and the step's key: 255 less its other words, the run's id, an owner of
 * 40, a nonce of 16 and a key id of 8.
 */
const MARK_ROOM = 110;
/** A connection to an external site says so. */
const EXTERNAL_IN_MARK = ' peer=external';

/** Every problem between places of the input. */
export function crossProblems(input: unknown): readonly Problem[] {
  const sites = Object.keys(mappingAt(input, ['sites']));
  return [
    ...siteCount(input, sites),
    ...sites.flatMap(siteKeyFaults),
    ...markLength(input, sites),
    ...networkFindings(input, sites),
    ...externalFindings(input, sites),
    ...dpdFaults(input),
    ...checkFaults(input, sites),
  ].map(([at, fault]) => problemAt(input, at, fault));
}

function siteCount(input: unknown, sites: readonly string[]): readonly Finding[] {
  if (sites.length === RELEASE_SITES || valueAt(input, ['sites']) === undefined) return [];
  return [[['sites'], { message: `has ${sites.length} sites; this release links exactly two` }]];
}

function siteKeyFaults(site: string): readonly Finding[] {
  const cure = `use 1 to ${SITE_KEY_LIMIT} lower-case letters, digits and hyphens, a letter or digit first`;
  // Keys of sites are keys of plain objects all over, where this word has a meaning of its own.
  if (site === 'constructor') return [[['sites', site], { message: 'is a reserved word', cure: 'use another name' }]];
  return SITE_KEY.test(site) ? [] : [[['sites', site], { message: 'is not a site name', cure }]];
}

function markLength(input: unknown, sites: readonly string[]): readonly Finding[] {
  const name = valueAt(input, ['name']);
  if (typeof name !== 'string') return [];
  const keys = sites.flatMap((left, index) =>
    sites
      .slice(index + 1)
      .flatMap((right) => [left, right].map((site) => endStepKey(linkKey(left, right), site, 'siteConnection'))),
  );
  const said = externalSites(input, sites).length > 0 ? EXTERNAL_IN_MARK.length : 0;
  const excess = name.length + Math.max(0, ...keys.map((key) => key.length)) + said - MARK_ROOM;
  if (excess <= 0) return [];
  const message = 'is, together with the names of the sites, too long for the mark that says whose a resource is';
  return [[['name'], { message, cure: `shorten it, or the sites' names, by ${excess} characters` }]];
}

function dpdFaults(input: unknown): readonly Finding[] {
  const dpd = mappingAt(input, ['connection', 'dpd']);
  const { interval = DPD.interval, timeout = DPD.timeout } = dpd;
  if (typeof interval !== 'number' || typeof timeout !== 'number' || timeout > interval) return [];
  const where = dpd.timeout === undefined ? 'interval' : 'timeout';
  const message =
    where === 'timeout'
      ? `must be more than interval, which is ${interval}`
      : `must be less than timeout, which is ${timeout}`;
  return [[['connection', 'dpd', where], { message }]];
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
