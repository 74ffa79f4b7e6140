/** A site that is not OpenStack: what may be said of it, what is refused, what is warned of, and what it means. */
import { describe, expect, test } from 'vitest';
import { formatMark, MARK_LIMIT } from '../../src/activities/mark.js';
import { buildGraph } from '../../src/graph/build-graph.js';
import { parseSpec, sitesInWords } from '../../src/spec/index.js';
import { complaints, problemsOf, siteOf, validSpec } from './specs.js';

const EXTERNAL = { address: '203.0.113.10', cidrs: ['192.168.10.0/24'] };

/** The right site is external, with these fields as well. */
function withExternal(fields: Readonly<Record<string, unknown>> = {}, spec: Readonly<Record<string, unknown>> = {}) {
  const sites = { left: siteOf('dbl', '10.1.0.0/24'), right: { external: { ...EXTERNAL, ...fields } } };
  return { ...validSpec(), sites, ...spec };
}

const AT = 'sites.right.external';

describe('refused before any cloud is touched', () => {
  test.each<[string, unknown, readonly string[]]>([
    [
      'nothing said of it',
      withExternal({ address: undefined, cidrs: undefined }),
      ['address', 'cidrs'].map((key) => `${AT}.${key}: is missing`),
    ],
    [
      'no range',
      withExternal({ cidrs: [] }),
      [`${AT}.cidrs: is empty: a tunnel joins at least one range of each site`],
    ],
    ['an address that is none', withExternal({ address: 'gw.example.org' }), [`${AT}.address: is not an IPv4 address`]],
    ['an id of two words', withExternal({ id: 'our gateway' }), [`${AT}.id: cannot be the id of a peer`]],
    [
      'an id that would end a line of a configuration',
      withExternal({ id: 'a\n}' }),
      [`${AT}.id: cannot be the id of a peer`],
    ],
    ['a range with host bits', withExternal({ cidrs: ['192.168.10.1/24'] }), [`${AT}.cidrs[0]: has host bits set`]],
    [
      'a range that a created subnet has',
      withExternal({ cidrs: ['10.0.0.0/8'] }),
      [`${AT}.cidrs[0]: overlaps 10.1.0.0/24 of site left`],
    ],
    [
      'a range twice',
      withExternal({ cidrs: ['192.168.10.0/24', '192.168.10.0/24'] }),
      [`${AT}.cidrs[1]: overlaps 192.168.10.0/24 of site right`],
    ],
    [
      'many faults at once, and none of the other form of a site',
      withExternal({ address: 'x', id: ' ', cidrs: ['y', 3], port: 500 }),
      [
        `${AT}.address: is not an IPv4 address`,
        `${AT}.id: cannot be the id of a peer`,
        `${AT}.cidrs[0]: is not an IPv4 CIDR`,
        `${AT}.cidrs[1]: must be text`,
        `${AT}.port: is not a known key`,
      ],
    ],
    [
      'a region beside it',
      { ...validSpec(), sites: { left: siteOf('dbl', '10.1.0.0/24'), right: { region: 'cbk', external: EXTERNAL } } },
      ['sites.right: says external beside region'],
    ],
    [
      'a site whose one key is known to neither form: it is taken for a region of OpenStack',
      { ...validSpec(), sites: { ...validSpec().sites, right: { regoin: 'cbk' } } },
      ['sites.right.region: is missing', 'sites.right.network: is missing', 'sites.right.regoin: is not a known key'],
    ],
    [
      'a site of which nothing is said',
      { ...validSpec(), sites: { ...validSpec().sites, right: {} } },
      ['sites.right: is empty'],
    ],
    [
      'two of them',
      {
        ...validSpec(),
        sites: { left: { external: { ...EXTERNAL, cidrs: ['10.3.0.0/24'] } }, right: { external: EXTERNAL } },
      },
      ['sites: has external sites only, so there is nothing to build'],
    ],
    ...[['console'], ['ssh'], [{ via: 'console', pairs: 'all' }]].map(
      ([check]): [string, unknown, readonly string[]] => [
        `a check that would need a test VM there: ${JSON.stringify(check)}`,
        withExternal({}, { check }),
        ['check: is not possible: there is no test VM at an external site'],
      ],
    ),
  ])('%s', (_, input, told) => {
    expect(complaints(input)).toEqual(told);
  });

  test('the cure of a check is to leave it out', () => {
    expect(problemsOf(withExternal({}, { check: 'console' }))).toMatchObject([
      { cure: expect.stringContaining('leave it out, and the VPN ends unproven') },
    ]);
  });

  test('a mistyped key of a site is told as one, whichever form was meant', () => {
    const sites = (right: unknown) => ({ ...validSpec(), sites: { left: siteOf('dbl', '10.1.0.0/24'), right } });
    const [, unknown] = problemsOf(sites({ ...siteOf('cbk', '10.2.0.0/24'), region: undefined, regoin: 'cbk' }));
    expect(unknown).toMatchObject({ path: 'sites.right.regoin', cure: 'did you mean "region"?' });
    expect(problemsOf(sites({ extrenal: EXTERNAL }))).toContainEqual(
      expect.objectContaining({ path: 'sites.right.extrenal', cure: 'did you mean "external"?' }),
    );
  });
});

describe('what it means', () => {
  test('one end, whose peer is what was said, and no check', () => {
    const { spec } = parseSpec(withExternal({ cidrs: ['192.168.10.0/24', '192.168.20.1/32'] }));
    expect(spec.sites.map(({ key }) => key)).toEqual(['left']);
    expect(spec.check).toEqual({ via: 'none' });
    expect(spec.links).toMatchObject([
      {
        key: 'left~right',
        ends: [
          {
            site: 'left',
            peer: 'right',
            // Its id is its address, unless another is said.
            external: {
              site: 'right',
              address: '203.0.113.10',
              id: '203.0.113.10',
              cidrs: ['192.168.10.0/24', '192.168.20.1/32'],
            },
            names: { connection: 'conn' },
          },
        ],
      },
    ]);
    expect(spec.links[0]?.ends).toHaveLength(1);
    expect(sitesInWords(spec)).toEqual(['left (dbl)', 'right (external, 203.0.113.10)']);
  });

  test('it may be the first, and have an id', () => {
    const sites = { right: { external: { ...EXTERNAL, id: 'gw.example.org' } }, left: siteOf('dbl', '10.1.0.0/24') };
    const { spec } = parseSpec({ ...validSpec(), sites, check: 'none' });
    expect(spec.links).toMatchObject([
      {
        key: 'right~left',
        ends: [{ site: 'left', external: { id: 'gw.example.org' }, names: { connection: 'conn2' } }],
      },
    ]);
    expect(sitesInWords(spec)).toEqual(['right (external, 203.0.113.10)', 'left (dbl)']);
  });

  test('the longest names leave its connection’s mark within its limit', () => {
    const sites = { ['l'.repeat(24)]: siteOf('dbl', '10.1.0.0/24'), ['r'.repeat(24)]: { external: EXTERNAL } };
    const name = Array.from({ length: 48 }, (_, index) => 'x'.repeat(48 - index)).find(
      (one) => complaints({ name: one, sites }).length === 0,
    );
    const { spec } = parseSpec({ name, sites });
    const { key = '' } = buildGraph(spec).steps.find(({ kind }) => kind === 'siteConnection') ?? {};
    const mark = { owner: 'o'.repeat(40), vpn: spec.name, step: key, run: crypto.randomUUID() };
    const text = formatMark({ ...mark, nonce: 'n'.repeat(16), key: 'k'.repeat(8), peer: 'external' });
    expect(text.length).toBeLessThanOrEqual(MARK_LIMIT);
  });
});

describe('warnings, where they apply', () => {
  const ALWAYS = [/^sites\.right\.external: nothing can be pinged there/, /peer-config left-right tells/, /let ICMP/];

  test.each<[string, unknown, readonly RegExp[]]>([
    ['of every external site', withExternal(), []],
    ['nor of a check that is none anyway', withExternal({}, { check: 'none' }), []],
    ['nor of an end that only answers', withExternal({}, { connection: { initiator: 'response-only' } }), []],
    [
      'of several ranges',
      withExternal({ cidrs: ['192.168.10.0/24', '192.168.20.0/24'] }),
      [/security association per pair/],
    ],
    [
      'of several ranges with IKEv1',
      withExternal({ cidrs: ['192.168.10.0/24', '192.168.20.0/24'] }, { profile: 'tutorial' }),
      [/makes the first only; use ike\.version v2/],
    ],
    ['of a PSK of one’s own', withExternal({}, { psk: { env: 'PSK' } }), [/^psk: some products take no other/]],
  ])('%s', (_, input, more) => {
    const { warnings } = parseSpec(input);
    expect(warnings).toEqual([...ALWAYS, ...more].map((one) => expect.stringMatching(one)));
  });
});
