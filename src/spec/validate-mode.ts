/**
 * What `mode: legacy` cannot: a tunnel made the older way joins one subnet with one.
 * The rule: as in `validate.ts`, silent on values that the schema refuses anyway.
 */
import { type Finding, type Path, valueAt } from './problems.js';
import { externalRanges } from './validate-external.js';

/** A finding for each place that says legacy, where a site has several subnets: all sites are linked with each other in this release. */
export function modeFaults(input: unknown, sites: readonly string[]): readonly Finding[] {
  const large = sites.flatMap((site) => {
    const subnets = valueAt(input, ['sites', site, 'network', 'subnets']);
    const ranges = Array.isArray(subnets) ? subnets : externalRanges(input, site);
    return ranges.length > 1 ? [`site ${site} has ${ranges.length} subnets`] : [];
  });
  if (large.length === 0) return [];
  const places = sites.map((site) => placeOfMode(input, site)).filter((at) => valueAt(input, at) === 'legacy');
  const message = `joins one subnet with one, and ${large.join(' and ')}`;
  const cure = 'leave mode out, or say endpoint-groups, which join any number';
  return places.map((at) => [at, { message, cure }]);
}

/** Where the mode of a site stands: its own, or the one for all. */
function placeOfMode(input: unknown, site: string): Path {
  const own: Path = ['sites', site, 'mode'];
  return valueAt(input, own) === undefined ? ['mode'] : own;
}
