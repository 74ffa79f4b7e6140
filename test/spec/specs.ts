/**
 * Specs for the tests: a small valid one, and what `parseSpec` says of a changed copy.
 * The rule: `validSpec` stays without problems and warnings, so that a test's own change is all it hears of.
 */
import { InvalidSpecError, type Problem, parseSpec } from '../../src/spec/index.js';

/** A spec that says only what it must; every call gives a fresh copy to change. */
export function validSpec() {
  return {
    name: 'left-right',
    sites: {
      left: siteOf('dbl', '10.1.0.0/24'),
      right: siteOf('cbk', '10.2.0.0/24'),
    },
  };
}

export function siteOf(region: string, ...cidrs: readonly string[]) {
  return { region, network: { subnets: cidrs.map((cidr) => ({ cidr })) } };
}

/** A spec whose left subnet has these fields as well. */
export function withLeftSubnet(fields: Readonly<Record<string, unknown>>) {
  const spec = validSpec();
  return {
    ...spec,
    sites: { ...spec.sites, left: { region: 'dbl', network: { subnets: [{ cidr: '10.1.0.0/24', ...fields }] } } },
  };
}

/** All that is wrong with an input; none when it is valid. */
export function problemsOf(input: unknown): readonly Problem[] {
  try {
    parseSpec(input);
    return [];
  } catch (error) {
    if (error instanceof InvalidSpecError) return error.problems;
    throw error;
  }
}

/** The same as text to compare: `path: message`. */
export function complaints(input: unknown): readonly string[] {
  return problemsOf(input).map(({ path, message }) => `${path}: ${message}`);
}
