/**
 * The spec for everyone else: from whatever was sent to a spec that can be worked on, or to all that is wrong with it.
 * The rule: no Node imports and no files here, so that any part may use it; those are in `load-spec-file.ts`.
 */
import { z } from 'zod';
import { weakCrypto } from './crypto.js';
import { equalNames } from './equal-names.js';
import { externalWarnings } from './external-warnings.js';
import { linkSites } from './naming.js';
import { normaliseSpec } from './normalise.js';
import { InvalidSpecError, type Problem } from './problems.js';
import { problemsOf } from './read-issues.js';
import { type SpecFile, specFile } from './schema.js';
import type { VpnSpec } from './types.js';
import { crossProblems } from './validate.js';

export { InvalidSpecError, type Problem } from './problems.js';

export interface ParsedSpec {
  readonly spec: VpnSpec;
  /** What is allowed and should still be known, a sentence each. */
  readonly warnings: readonly string[];
}

/**
 * A spec as its file has it (parsed YAML or JSON) with every default applied.
 * Throws `InvalidSpecError` with all problems at once.
 */
export function parseSpec(input: unknown): ParsedSpec {
  const result = specFile.safeParse(input);
  const problems = [
    ...(result.success ? [] : problemsOf(specFile, input, result.error.issues)),
    ...crossProblems(input),
  ];
  if (!result.success || problems.length > 0) throw new InvalidSpecError(oneEach(problems));
  const spec = normaliseSpec(result.data);
  return { spec, warnings: warningsOf(result.data, spec) };
}

/** The sites of a spec as a person reads them, in the order of its file: `left (dbl)`, `right (external, 203.0.113.10)`. */
export function sitesInWords({ sites, links }: VpnSpec): readonly string[] {
  const external = links.flatMap(({ ends }) => ends.flatMap((end) => end.external ?? []));
  const words = new Map([
    ...sites.map(({ key, region }) => [key, `${key} (${region})`] as const),
    ...external.map(({ site, address }) => [site, `${site} (external, ${address})`] as const),
  ]);
  return [...new Set(links.flatMap(({ key }) => linkSites(key)))].flatMap((key) => words.get(key) ?? []);
}

/** JSON Schema of the spec file, for editors and for callers in other languages. */
export function specJsonSchema(): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(specFile, { io: 'input' });
}

function oneEach(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Map(problems.map((problem) => [`${problem.path}\n${problem.message}`, problem]));
  return [...seen.values()];
}

function warningsOf(file: SpecFile, spec: VpnSpec): readonly string[] {
  const external = externalWarnings(spec);
  return [
    // The same at every site, but for a mode that IKEv2 does not have.
    ...new Set(spec.sites.flatMap((site) => weakCrypto(site, file.profile))),
    ...(spec.sites.some(({ connection }) => !connection.adminStateUp)
      ? [
          'connection.adminStateUp: the tunnel is set down and stays so, and no run waits for it; apply without it to set it up',
        ]
      : []),
    ...(spec.sites.some(({ ike }) => ike.version === 'v1') &&
    external.length === 0 &&
    spec.sites.some(({ network }) => network.subnets.length > 1)
      ? [
          'ike.version: an IKEv1 tunnel of strongSwan, which most clouds run, carries one pair of subnets and no other; use v2, or see with check.pairs: all',
        ]
      : []),
    ...(spec.sites.some(({ ipsec }) => ipsec.encapsulation === 'transport')
      ? ['ipsec.encapsulation: transport joins two hosts; to join two subnets it takes tunnel']
      : []),
    ...(spec.retryForSeconds < spec.tunnelTimeoutSeconds
      ? [
          `retryFor (${file.retryFor}) is shorter than tunnelTimeout (${file.tunnelTimeout}), for which the tunnel is waited for all the same`,
        ]
      : []),
    ...(spec.check.via === 'none' && external.length === 0 ? ['check: none leaves the VPN unproven'] : []),
    ...external,
    ...equalNames(spec),
  ];
}
