/** `mode`: for all sites or for one, and what the older way cannot. */
import { describe, expect, test } from 'vitest';
import { parseSpec } from '../../src/spec/index.js';
import { complaints, problemsOf, siteOf, validSpec } from './specs.js';

const TWO = { left: siteOf('dbl', '10.1.0.0/24', '10.1.1.0/24'), right: siteOf('cbk', '10.2.0.0/24') };
const TOLD = 'joins one subnet with one, and site left has 2 subnets';

const modesOf = (input: unknown) => parseSpec(input).spec.sites.map(({ mode }) => mode);

test('a site has its own, else that of all, else its router decides', () => {
  const { left, right } = validSpec().sites;
  expect(modesOf(validSpec())).toEqual(['automatic', 'automatic']);
  expect(modesOf({ ...validSpec(), mode: 'legacy' })).toEqual(['legacy', 'legacy']);
  const sites = { left: { ...left, mode: 'endpoint-groups' }, right };
  expect(modesOf({ ...validSpec(), sites, mode: 'legacy' })).toEqual(['endpoint-groups', 'legacy']);
});

describe('legacy with several subnets is refused', () => {
  test.each([
    ['for all sites, once', { mode: 'legacy', sites: TWO }, [`mode: ${TOLD}`]],
    ['at the site itself', { sites: { ...TWO, left: { ...TWO.left, mode: 'legacy' } } }, [`sites.left.mode: ${TOLD}`]],
    ['at its peer', { sites: { ...TWO, right: { ...TWO.right, mode: 'legacy' } } }, [`sites.right.mode: ${TOLD}`]],
  ])('%s', (_, changes, told) => {
    expect(complaints({ ...validSpec(), ...changes })).toEqual(told);
  });

  test('with its value and the cure', () => {
    expect(problemsOf({ ...validSpec(), mode: 'legacy', sites: TWO })).toMatchObject([
      { value: '"legacy"', cure: 'leave mode out, or say endpoint-groups, which join any number' },
    ]);
  });

  test('and only where it is said', () => {
    expect(complaints({ ...validSpec(), mode: 'endpoint-groups', sites: TWO })).toEqual([]);
  });
});
