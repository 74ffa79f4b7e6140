/**
 * What does not go together with a site that is not OpenStack.
 * The rule: as in `validate.ts`, silent on values that the schema refuses anyway.
 */
import { type Finding, mappingAt, type Path, valueAt } from './problems.js';

/** Keys of the sites that are external. */
export function externalSites(input: unknown, sites: readonly string[]): readonly string[] {
  return sites.filter((site) => valueAt(input, ['sites', site, 'external']) !== undefined);
}

/** Every finding about external sites. */
export function externalFindings(input: unknown, sites: readonly string[]): readonly Finding[] {
  const external = externalSites(input, sites);
  if (external.length === 0) return [];
  return [...noneOurs(sites, external), ...checkSaid(input)];
}

/** Ranges of an external site, each with its place. */
export function externalRanges(input: unknown, site: string): readonly { readonly at: Path; readonly cidr: string }[] {
  const at: Path = ['sites', site, 'external', 'cidrs'];
  const cidrs = valueAt(input, at);
  if (!Array.isArray(cidrs)) return [];
  return cidrs.flatMap((cidr, index) => (typeof cidr === 'string' ? [{ at: [...at, index], cidr }] : []));
}

function noneOurs(sites: readonly string[], external: readonly string[]): readonly Finding[] {
  if (external.length < sites.length) return [];
  const cure = 'at least one must be a region of OpenStack, with region and network';
  return [[['sites'], { message: 'has external sites only, so there is nothing to build', cure }]];
}

function checkSaid(input: unknown): readonly Finding[] {
  const check = valueAt(input, ['check']);
  const via = check === undefined ? 'none' : (mappingAt(input, ['check']).via ?? check);
  if (via !== 'console' && via !== 'ssh') return [];
  const message = 'is not possible: there is no test VM at an external site';
  return [[['check'], { message, cure: 'leave it out, and the VPN ends unproven; ping it from a host of that site' }]];
}
