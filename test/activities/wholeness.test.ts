/** When a set of marked resources is a working VPN, and when that cannot be told. */
import { describe, expect, test } from 'vitest';
import { wholenessOf } from '../../src/activities/wholeness.js';

const found = (status: string) => ({ found: { status } });
const policy = (site: string) => ({ kind: 'ikePolicy', site, ...found('') }) as const;
const end = (link: string, site: string, status = 'DOWN') =>
  ({ kind: 'siteConnection', site, link, ...found(status) }) as const;
const towardsExternal = { found: { status: 'DOWN', mark: { peer: 'external' } } } as const;
const group = (link: string, site: string) => ({ kind: 'peerEndpointGroup', site, link, ...found('') }) as const;

const SITES = [policy('left'), policy('right')];

describe('whole', () => {
  test.each([
    ['both ends of the one link', [...SITES, end('left~right', 'left'), end('left~right', 'right')]],
    [
      'the one end of a link to an external site',
      [policy('left'), { ...end('left~right', 'left'), ...towardsExternal }],
    ],
    ['doubled connections', [end('left~right', 'left'), end('left~right', 'left'), end('left~right', 'right')]],
    [
      'three sites, two links',
      [policy('c'), ...['a', 'b'].map((site) => end('a~b', site)), ...['b', 'c'].map((site) => end('b~c', site))],
    ],
  ])('%s', (_, items) => {
    expect(wholenessOf(items)).toBe('whole');
  });
});

describe('incomplete', () => {
  test.each([
    ['one site', [policy('left')]],
    ['no connection', [...SITES, group('left~right', 'left')]],
    ['one end only, the other site having begun', [...SITES, end('left~right', 'left')]],
    [
      'a link that another one does not make up for',
      [policy('c'), end('a~b', 'a'), end('a~b', 'b'), group('b~c', 'b')],
    ],
    ['a site without a connection', [...SITES, policy('c'), end('left~right', 'left'), end('left~right', 'right')]],
  ])('%s', (_, items) => {
    expect(wholenessOf(items)).toBe('incomplete');
  });
});

describe('not to be told', () => {
  test.each([
    ['a connection whose other site bears no mark here', [policy('left'), end('left~right', 'left')], 'right'],
    ['a tunnel that is up', [...SITES, end('left~right', 'left', 'ACTIVE')], 'right'],
    [
      'a further link into the unseen, beside one that is incomplete',
      [policy('a'), policy('b'), end('a~b', 'a'), end('a~c', 'a')],
      'c',
    ],
  ])('%s', (_, items, unseen) => {
    expect(wholenessOf(items)).toEqual({ unseen });
  });
});
