/**
 * What is wrong with the networks of the sites, between places of the spec: subnets that do not go together, ranges that overlap, names that clash.
 * The rule: as in `validate.ts`, silent on values that the schema refuses anyway.
 */
import { gatewayFault, overlap, rangeOf } from './ipv4.js';
import { NAME_TEMPLATES, ordinal, renderName } from './naming.js';
import { type Finding, mappingAt, type Path, valueAt } from './problems.js';
import { MOST_SUBNETS } from './schema.js';
import { externalRanges } from './validate-external.js';

/** Every finding in the networks of these sites. */
export function networkFindings(input: unknown, sites: readonly string[]): readonly Finding[] {
  return [
    ...sites.flatMap((site) => [...setFaults(input, site), ...nameFaults(input, site)]),
    ...sites.flatMap((site) => subnetFaults(input, site)),
    ...overlaps(input, sites),
  ];
}

function listOf(input: unknown, site: string): { readonly at: Path; readonly subnets: readonly unknown[] } | undefined {
  const at: Path = ['sites', site, 'network'];
  const subnets = valueAt(input, [...at, 'subnets']);
  return Array.isArray(subnets) ? { at, subnets } : undefined;
}

/** Faults of the list as a whole. */
function setFaults(input: unknown, site: string): readonly Finding[] {
  const list = listOf(input, site);
  if (list === undefined) return [];
  const { at, subnets } = list;
  const found: Finding[] = [];
  if (subnets.length === 0)
    found.push([[...at, 'subnets'], { message: 'is empty', cure: 'a tunnel joins at least one subnet of each site' }]);
  if (subnets.length > MOST_SUBNETS)
    found.push([
      [...at, 'subnets'],
      { message: `has ${subnets.length} subnets`, cure: `at most ${MOST_SUBNETS} are possible` },
    ]);
  const existing = subnets.filter((subnet) => typeof subnet === 'string');
  if (existing.length === 0) return [...found, ...unusedName(input, at, subnets)];
  if (existing.length < subnets.length)
    found.push([
      [...at, 'subnets'],
      {
        message: 'mixes existing subnets (names or ids) with new ones (mappings)',
        cure: 'make the new ones first and name them all: an existing router is never changed',
      },
    ]);
  for (const [index, subnet] of subnets.entries()) {
    if (typeof subnet === 'string' && subnets.indexOf(subnet) < index)
      found.push([[...at, 'subnets', index], { message: 'is listed twice', cure: 'leave one out' }]);
  }
  if (valueAt(input, [...at, 'router']) === undefined)
    found.push([
      [...at, 'router'],
      { message: 'is missing', cure: 'an existing subnet needs the name or id of its existing router' },
    ]);
  if (valueAt(input, [...at, 'name']) !== undefined)
    found.push([
      [...at, 'name'],
      { message: 'names a network to create, but the subnet is an existing one', cure: 'leave it out' },
    ]);
  return found;
}

/** A site's own network is made for the subnets that name no other. */
function unusedName(input: unknown, at: Path, subnets: readonly unknown[]): readonly Finding[] {
  const name = valueAt(input, [...at, 'name']);
  const networks = subnets.map((_, index) => valueAt(input, [...at, 'subnets', index, 'network']));
  if (name === undefined || networks.length === 0 || networks.includes(undefined) || networks.includes(name)) return [];
  return [[[...at, 'name'], { message: 'names a network that no subnet is on', cure: 'leave it out' }]];
}

/** Neutron takes equal names; people who read them do not. */
function nameFaults(input: unknown, site: string): readonly Finding[] {
  const { vpn, template } = namesIn(input);
  const sites = Object.keys(mappingAt(input, ['sites']));
  const n = ordinal(sites.indexOf(site));
  const named = subnetsOf(input, site).map(({ at, index }) => {
    const own = valueAt(input, [...at, 'name']);
    return { at, own, name: own ?? renderName(template, { vpn, site, n, i: ordinal(index) }) };
  });
  return named.flatMap(({ at, own, name }, index): readonly Finding[] => {
    if (!named.slice(0, index).some((earlier) => earlier.name === name)) return [];
    if (own !== undefined)
      return [[[...at, 'name'], { message: 'is the name of another subnet of this site', cure: 'use another one' }]];
    const message = `gives several subnets of site ${site} the name ${name}`;
    return [[['names', 'subnet'], { message, cure: 'put {i} into it, which counts them' }]];
  });
}

function namesIn(input: unknown): { readonly vpn: string; readonly template: string } {
  const template = valueAt(input, ['names', 'subnet']);
  return {
    vpn: String(valueAt(input, ['name'])),
    template: typeof template === 'string' ? template : NAME_TEMPLATES.subnet.template,
  };
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
  const all = sites.flatMap((site) => {
    const created = subnetsOf(input, site).map(({ at, cidr }) => ({ at: [...at, 'cidr'], cidr }));
    return [...created, ...externalRanges(input, site)].map((one) => ({ site, ...one, range: rangeOf(one.cidr) }));
  });
  return all.flatMap((one, index) =>
    all
      .slice(0, index)
      .filter((earlier) => overlap(earlier.range, one.range))
      .map((earlier) => [
        one.at,
        {
          message: `overlaps ${earlier.cidr} of site ${earlier.site}`,
          cure: 'a tunnel can only join ranges that have no address in common',
        },
      ]),
  );
}

/** Subnets that are to be created, as far as they have a range. */
function subnetsOf(
  input: unknown,
  site: string,
): readonly { readonly at: Path; readonly index: number; readonly cidr: string }[] {
  const { at, subnets } = listOf(input, site) ?? { at: [], subnets: [] };
  return subnets.flatMap((_, index) => {
    const place: Path = [...at, 'subnets', index];
    const cidr = valueAt(input, [...place, 'cidr']);
    return typeof cidr === 'string' ? [{ at: place, index, cidr }] : [];
  });
}
