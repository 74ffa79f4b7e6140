/**
 * What no single value can be blamed for: places of a spec that do not go together. It reads the input itself, taking what can be read, so that
 * its problems are reported beside the schema's, all at once.
 * The rule: a check here is silent on values that the schema refuses anyway.
 */
import { endStepKey } from '../graph/build-graph.js';
import { didYouMean } from './closest.js';
import { gatewayFault, overlap, rangeOf } from './ipv4.js';
import { linkKey, SITE_KEY, SITE_KEY_LIMIT } from './naming.js';
import { DPD } from './policy-schema.js';
import { type Fault, type Problem, problemAt, valueAt } from './problems.js';

const RELEASE_SITES = 2;

/**
 * Characters that a connection's owner mark has for the VPN's name and the step's key: 255 less its other words, the run's id, an owner of
 * 40, a nonce of 16 and a key id of 8.
 */
const MARK_ROOM = 110;

type Path = readonly (string | number)[];
type Finding = readonly [at: Path, fault: Fault];

/** Every problem between places of the input. */
export function crossProblems(input: unknown): readonly Problem[] {
  const sites = Object.keys(mappingAt(input, ['sites']));
  return [
    ...siteCount(input, sites),
    ...sites.flatMap(siteKeyFaults),
    ...markLength(input, sites),
    ...sites.flatMap((site) => networkFaults(input, site)),
    ...sites.flatMap((site) => subnetFaults(input, site)),
    ...overlaps(input, sites),
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
  const excess = name.length + Math.max(0, ...keys.map((key) => key.length)) - MARK_ROOM;
  if (excess <= 0) return [];
  const message = 'is, together with the names of the sites, too long for the mark that says whose a resource is';
  return [[['name'], { message, cure: `shorten it, or the sites' names, by ${excess} characters` }]];
}

function networkFaults(input: unknown, site: string): readonly Finding[] {
  const at: Path = ['sites', site, 'network'];
  const subnets = valueAt(input, [...at, 'subnets']);
  if (!Array.isArray(subnets)) return [];
  const found: Finding[] = [];
  if (subnets.length !== 1)
    found.push([
      [...at, 'subnets'],
      { message: `has ${subnets.length} subnets; this release takes exactly one per site` },
    ]);
  const existing = subnets.filter((subnet) => typeof subnet === 'string').length;
  if (existing > 0 && existing < subnets.length)
    found.push([[...at, 'subnets'], { message: 'mixes existing subnets (names or ids) with new ones (mappings)' }]);
  if (existing > 0 && valueAt(input, [...at, 'router']) === undefined)
    found.push([
      [...at, 'router'],
      { message: 'is missing', cure: 'an existing subnet needs the name or id of its existing router' },
    ]);
  if (existing > 0 && valueAt(input, [...at, 'name']) !== undefined)
    found.push([
      [...at, 'name'],
      { message: 'names a network to create, but the subnet is an existing one', cure: 'leave it out' },
    ]);
  return found;
}

function subnetFaults(input: unknown, site: string): readonly Finding[] {
  return subnetsOf(input, site).flatMap(({ at, cidr }) => {
    const gateway = valueAt(input, [...at, 'gateway']);
    const gatewayProblem = typeof gateway === 'string' ? gatewayFault(gateway, cidr) : undefined;
    const dns = valueAt(input, [...at, 'dns']);
    const doubles = Array.isArray(dns)
      ? dns.flatMap((server, index) => (dns.indexOf(server) < index ? [index] : []))
      : [];
    return [
      ...(gatewayProblem === undefined ? [] : [[[...at, 'gateway'], gatewayProblem] as const]),
      ...doubles.map(
        (index) => [[...at, 'dns', index], { message: 'is listed twice', cure: 'leave one out' }] as const,
      ),
    ];
  });
}

function overlaps(input: unknown, sites: readonly string[]): readonly Finding[] {
  const all = sites.flatMap((site) =>
    subnetsOf(input, site).map((subnet) => ({ site, ...subnet, range: rangeOf(subnet.cidr) })),
  );
  return all.flatMap((subnet, index) =>
    all
      .slice(0, index)
      .filter((earlier) => overlap(earlier.range, subnet.range))
      .map((earlier) => [
        [...subnet.at, 'cidr'],
        {
          message: `overlaps ${earlier.cidr} of site ${earlier.site}`,
          cure: 'a tunnel can only join ranges that have no address in common',
        },
      ]),
  );
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
  const { via, user, site } = mappingAt(input, ['check']);
  if (via !== 'ssh') {
    if (via !== 'console' && via !== 'none') return [];
    const message = `has a meaning only with via: ssh`;
    return Object.entries({ user, site }).flatMap(([key, value]) =>
      value === undefined ? [] : [[['check', key], { message, cure: 'leave it out' }] as const],
    );
  }
  if (typeof site !== 'string' || sites.includes(site)) return [];
  const cure = didYouMean(site, sites) ?? `there are ${sites.join(' and ')}`;
  return [[['check', 'site'], { message: 'is not a site of this spec', cure }]];
}

function subnetsOf(input: unknown, site: string): readonly { readonly at: Path; readonly cidr: string }[] {
  const at: Path = ['sites', site, 'network', 'subnets'];
  const subnets = valueAt(input, at);
  return (Array.isArray(subnets) ? subnets : []).flatMap((_, index) => {
    const cidr = valueAt(input, [...at, index, 'cidr']);
    return typeof cidr === 'string' ? [{ at: [...at, index], cidr }] : [];
  });
}

function mappingAt(input: unknown, at: Path): Readonly<Record<string, unknown>> {
  const value = valueAt(input, at);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
