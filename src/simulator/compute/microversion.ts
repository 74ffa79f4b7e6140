/**
 * Nova's microversions: what a caller asked for, and what it gets. The one rule: a feature asks `at(version, n)`, never compares texts.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { novaError } from '../errors.js';
import { badRequest } from './errors.js';

export const MINIMUM = 1;
export const MAXIMUM = 93;

/**
 * The minor version of `2.x` that a request asks for; 2.1 without a header.
 * @throws ApiError 400 for a text that is no version, 406 for one that is not served
 */
export function requestedVersion(headers: IncomingHttpHeaders): number {
  const modern = String(headers['openstack-api-version'] ?? '')
    .split(',')
    .map((part) => part.trim().split(/\s+/))
    .find(([service]) => service === 'compute' || service === 'nova')?.[1];
  const legacy = headers['x-openstack-nova-api-version'];
  const text = modern ?? (typeof legacy === 'string' ? legacy : undefined);
  if (text === undefined) return MINIMUM;
  if (text === 'latest') return MAXIMUM;
  const found = /^([1-9]\d*)\.([1-9]\d*|0)$/.exec(text);
  if (!found) {
    throw badRequest(`API Version String ${text} is of invalid format. Must be of format MajorNum.MinorNum.`);
  }
  const minor = Number(found[2]);
  if (found[1] === '2' && minor >= MINIMUM && minor <= MAXIMUM) return minor;
  throw novaError(
    406,
    'computeFault',
    `Version ${text} is not supported by the API. Minimum is 2.${MINIMUM} and maximum is 2.${MAXIMUM}.`,
  );
}

/** Headers that every answer of v2.1 carries. */
export function versionHeaders(minor: number): Record<string, string> {
  return {
    'Openstack-Api-Version': `compute 2.${minor}`,
    'X-Openstack-Nova-Api-Version': `2.${minor}`,
    Vary: 'OpenStack-API-Version, X-OpenStack-Nova-API-Version',
  };
}
