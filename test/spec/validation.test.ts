/**
 * Every rule of the spec, each with an input that only that rule refuses.
 * The rule: an input breaks one thing, and the list says all that is told of it: nothing more, nothing less.
 */
import { describe, expect, test } from 'vitest';
import { complaints, problemsOf, siteOf, validSpec, withLeftSubnet } from './specs.js';

const SUBNET = 'sites.left.network.subnets[0]';

function withSites(sites: Readonly<Record<string, unknown>>) {
  return { ...validSpec(), sites };
}

function withLeft(site: Readonly<Record<string, unknown>>) {
  return withSites({ ...validSpec().sites, left: site });
}

/** What each end of the tunnel says of its own, and what else each site does. */
function withEnds(left: object, right: object, more: { readonly left?: object; readonly right?: object } = {}) {
  const { sites } = validSpec();
  return withSites({
    left: { ...sites.left, ...more.left, connection: left },
    right: { ...sites.right, ...more.right, connection: right },
  });
}

function withLeftSubnets(...subnets: readonly Readonly<Record<string, unknown>>[]) {
  return withLeft({ region: 'dbl', network: { subnets } });
}

const REFUSED: readonly (readonly [promise: string, input: unknown, told: readonly string[]])[] = [
  ['a range with host bits set', withLeftSubnet({ cidr: '10.1.0.7/24' }), [`${SUBNET}.cidr: has host bits set`]],
  [
    'a range without room for a test VM',
    withLeftSubnet({ cidr: '10.1.0.0/30' }),
    [`${SUBNET}.cidr: is too small for a gateway, a DHCP port and a test VM`],
  ],
  ['an address in place of a range', withLeftSubnet({ cidr: '10.1.0.0' }), [`${SUBNET}.cidr: has no prefix length`]],
  ['a prefix beyond 32', withLeftSubnet({ cidr: '10.1.0.0/33' }), [`${SUBNET}.cidr: is not an IPv4 CIDR`]],
  [
    'octal numbers, which libraries read differently',
    withLeftSubnet({ cidr: '010.1.0.0/24' }),
    [`${SUBNET}.cidr: is not an IPv4 CIDR`],
  ],
  [
    'an IPv6 range',
    withLeftSubnet({ cidr: 'fd00::/64' }),
    [`${SUBNET}.cidr: is IPv6, which this release does not do: peer addresses and test VMs are IPv4`],
  ],
  ...(
    [
      ['0.1.0.0/24', '0.0.0.0/8 ("this network")'],
      ['127.1.0.0/24', '127.0.0.0/8 (loopback)'],
      ['169.254.0.0/16', '169.254.0.0/16 (link-local, with the metadata service in it)'],
      ['224.0.1.0/24', '224.0.0.0/4 (multicast)'],
      ['250.0.0.0/8', '240.0.0.0/4 (reserved)'],
    ] as const
  ).map(
    ([cidr, range]) =>
      [`the reserved range ${cidr}`, withLeftSubnet({ cidr }), [`${SUBNET}.cidr: lies in ${range}`]] as const,
  ),
  [
    'a gateway outside its subnet',
    withLeftSubnet({ gateway: '10.3.0.1' }),
    [`${SUBNET}.gateway: is not inside 10.1.0.0/24`],
  ],
  [
    'the network address as a gateway',
    withLeftSubnet({ gateway: '10.1.0.0' }),
    [`${SUBNET}.gateway: is the network address of 10.1.0.0/24`],
  ],
  [
    'the broadcast address as a gateway',
    withLeftSubnet({ gateway: '10.1.0.255' }),
    [`${SUBNET}.gateway: is the broadcast address of 10.1.0.0/24`],
  ],
  ['a gateway that is no address', withLeftSubnet({ gateway: 'first' }), [`${SUBNET}.gateway: is not an IPv4 address`]],
  ['a DNS server by name', withLeftSubnet({ dns: ['dns.example'] }), [`${SUBNET}.dns[0]: is not an IPv4 address`]],
  ['a DNS server twice', withLeftSubnet({ dns: ['9.9.9.9', '9.9.9.9'] }), [`${SUBNET}.dns[1]: is listed twice`]],
  [
    'the same range at both sites',
    withLeftSubnet({ cidr: '10.2.0.0/24' }),
    ['sites.right.network.subnets[0].cidr: overlaps 10.2.0.0/24 of site left'],
  ],
  [
    'a range that contains the other one',
    withLeftSubnet({ cidr: '10.0.0.0/8' }),
    ['sites.right.network.subnets[0].cidr: overlaps 10.0.0.0/8 of site left'],
  ],
  [
    'a range that overlaps in IPv4-mapped form',
    withLeftSubnet({ cidr: '::ffff:10.2.0.0/112' }),
    [
      `${SUBNET}.cidr: is IPv6, which this release does not do: peer addresses and test VMs are IPv4`,
      'sites.right.network.subnets[0].cidr: overlaps ::ffff:10.2.0.0/112 of site left',
    ],
  ],
  ['one site', withSites({ left: validSpec().sites.left }), ['sites: are 1 in number; this release links exactly two']],
  [
    'three sites',
    withSites({ ...validSpec().sites, middle: siteOf('fes', '10.3.0.0/24') }),
    ['sites: are 3 in number; this release links exactly two'],
  ],
  [
    'a site name that cannot stand in a key',
    withSites({ 'le~ft': siteOf('dbl', '10.1.0.0/24'), right: siteOf('cbk', '10.2.0.0/24') }),
    ['sites.le~ft: is not a site name'],
  ],
  [
    'a site name that every JavaScript object has',
    withSites({ constructor: siteOf('dbl', '10.1.0.0/24'), right: siteOf('cbk', '10.2.0.0/24') }),
    ['sites.constructor: is a reserved word'],
  ],
  [
    'more subnets at a site than a run can make',
    withLeft(siteOf('dbl', ...Array.from({ length: 17 }, (_, index) => `10.3.${index}.0/24`))),
    ['sites.left.network.subnets: has 17 subnets'],
  ],
  ['no subnet at a site', withLeft(siteOf('dbl')), ['sites.left.network.subnets: is empty']],
  [
    'two subnets of one site that overlap',
    withLeft(siteOf('dbl', '10.1.0.0/24', '10.1.0.128/25')),
    ['sites.left.network.subnets[1].cidr: overlaps 10.1.0.0/24 of site left'],
  ],
  [
    'two subnets of one site with one name',
    withLeftSubnets({ name: 'a', cidr: '10.1.0.0/24' }, { name: 'a', cidr: '10.3.0.0/24' }),
    ['sites.left.network.subnets[1].name: is the name of another subnet of this site'],
  ],
  [
    'a template that gives all subnets of a site one name',
    { ...withLeft(siteOf('dbl', '10.1.0.0/24', '10.3.0.0/24')), names: { subnet: '{vpn}-{site}{n}' } },
    ['names.subnet: gives several subnets of site left the name left-right-left'],
  ],
  [
    'a name for a network of the site that no subnet is on',
    withLeft({ region: 'dbl', network: { name: 'net', subnets: [{ cidr: '10.1.0.0/24', network: 'other' }] } }),
    ['sites.left.network.name: names a network that no subnet is on'],
  ],
  [
    'a name of a further network that cannot stand in a mark',
    withLeftSubnets({ cidr: '10.1.0.0/24' }, { cidr: '10.3.0.0/24', network: 'my net' }),
    ['sites.left.network.subnets[1].network: cannot be the name of a further network'],
  ],
  [
    'an existing subnet twice',
    withLeft({ region: 'dbl', network: { router: 'old', subnets: ['a', 'b', 'a'] } }),
    ['sites.left.network.subnets[2]: is listed twice'],
  ],
  [
    'an existing subnet without its router',
    withLeft({ region: 'dbl', network: { subnets: ['old'] } }),
    ['sites.left.network.router: is missing'],
  ],
  [
    'a new name for an existing network',
    withLeft({ region: 'dbl', network: { name: 'new', router: 'old', subnets: ['old'] } }),
    ['sites.left.network.name: names a network to create, but the subnet is an existing one'],
  ],
  [
    'an existing subnet beside a new one',
    withLeft({ region: 'dbl', network: { router: 'old', subnets: ['old', { cidr: '10.1.0.0/24' }] } }),
    ['sites.left.network.subnets: mixes existing subnets (names or ids) with new ones (mappings)'],
  ],
  ['a VPN name with capitals', { ...validSpec(), name: 'Left' }, ['name: is not a VPN name']],
  ['a VPN name of 49 characters', { ...validSpec(), name: 'x'.repeat(49) }, ['name: is not a VPN name']],
  [
    'names that leave no room in the owner mark',
    {
      name: 'x'.repeat(48),
      sites: { ['l'.repeat(24)]: siteOf('dbl', '10.1.0.0/24'), ['r'.repeat(24)]: siteOf('cbk', '10.2.0.0/24') },
    },
    ['name: is, together with the names of the sites, too long for the mark that says whose a resource is'],
  ],
  ['an empty name', withLeftSubnet({ name: ' ' }), [`${SUBNET}.name: is empty`]],
  [
    'a name with an emoji',
    withLeftSubnet({ name: 'net 🚇' }),
    [`${SUBNET}.name: has characters that Neutron does not take`],
  ],
  [
    'a name with a line break',
    withLeftSubnet({ name: 'a\nb' }),
    [`${SUBNET}.name: has characters that Neutron does not take`],
  ],
  ['a name with a space at its end', withLeftSubnet({ name: 'net ' }), [`${SUBNET}.name: begins or ends with a space`]],
  ['a name of 256 characters', withLeftSubnet({ name: 'x'.repeat(256) }), [`${SUBNET}.name: has 256 characters`]],
  [
    'a template with an unknown placeholder',
    { ...validSpec(), names: { router: '{region}-router' } },
    ['names.router: has the unknown placeholder {region}'],
  ],
  [
    'the peer in the name of what has no peer',
    { ...validSpec(), names: { router: '{peer}-router' } },
    ['names.router: has the unknown placeholder {peer}'],
  ],
  [
    'a template whose names may grow too long',
    { ...validSpec(), names: { router: `{vpn}${'x'.repeat(210)}` } },
    ['names.router: may become 258 characters long'],
  ],
  [
    'a DPD timeout that is not more than its interval',
    { ...validSpec(), connection: { dpd: { interval: 60, timeout: 60 } } },
    ['connection.dpd.timeout: must be more than interval, which is 60'],
  ],
  [
    'a DPD interval that reaches the default timeout',
    { ...validSpec(), connection: { dpd: { interval: 120 } } },
    ['connection.dpd.interval: must be less than timeout, which is 120'],
  ],
  ['an MTU below 68', { ...validSpec(), connection: { mtu: 67 } }, ['connection.mtu: must be at least 68']],
  ['an IKE lifetime below 60', { ...validSpec(), ike: { lifetime: 59 } }, ['ike.lifetime: must be at least 60']],
  ['an IPsec lifetime below 60', { ...validSpec(), ipsec: { lifetime: 59 } }, ['ipsec.lifetime: must be at least 60']],
  ...(
    [
      ['ike', 'version', 'v1', 'v2'],
      ['ike', 'encryption', 'aes-128', 'aes-256'],
      ['ike', 'auth', 'sha512', 'sha256'],
      ['ike', 'pfs', 'group19', 'group14'],
      ['ipsec', 'protocol', 'ah', 'esp'],
      ['ipsec', 'encapsulation', 'transport', 'tunnel'],
      ['ipsec', 'encryption', 'aes-192', 'aes-256'],
      ['ipsec', 'auth', 'sha384', 'sha256'],
      ['ipsec', 'pfs', 'group15', 'group14'],
    ] as const
  ).map(
    ([policy, field, value, other]) =>
      [
        `${policy}.${field} that only one end has`,
        withLeft({ ...validSpec().sites.left, [policy]: { [field]: value } }),
        [`sites.left.${policy}.${field}: differs from ${other} at right`],
      ] as const,
  ),
  [
    'a phase 1 mode that only one end of IKEv1 has',
    { ...withEnds({}, {}, { right: { ike: { mode: 'aggressive' } } }), ike: { version: 'v1' } },
    ['sites.right.ike.mode: differs from main at left'],
  ],
  [
    'two ends that both only answer, as said for both',
    { ...validSpec(), connection: { initiator: 'response-only' } },
    ['connection.initiator: leaves both ends only answering, so that neither starts the tunnel'],
  ],
  [
    'two ends that both only answer, as each says',
    withEnds({ initiator: 'response-only' }, { initiator: 'response-only' }),
    ['sites.right.connection.initiator: leaves both ends only answering, so that neither starts the tunnel'],
  ],
  [
    'a name for an id at one end only',
    withEnds({ localId: 'left.example' }, {}),
    [
      'sites.left.connection.localId: is a name, so that its cloud expects a name of right as well, which has none and presents its address',
    ],
  ],
  ...(
    [
      ['@left', 'begins with @'],
      ['10.1', 'is not an IPv4 address'],
      ['a b', 'cannot be the id of an end'],
      ['%any', 'cannot be the id of an end'],
    ] as const
  ).map(
    ([localId, told]) =>
      [`the id ${localId}`, withEnds({ localId }, {}), [`sites.left.connection.localId: ${told}`]] as const,
  ),
  [
    'an id for both ends',
    { ...validSpec(), connection: { localId: 'vpn.example' } },
    ['connection.localId: is not a known key'],
  ],
  [
    "a site's DPD timeout below the interval for both",
    { ...withEnds({ dpd: { timeout: 20 } }, {}), connection: { dpd: { interval: 25 } } },
    ['sites.left.connection.dpd.timeout: must be more than interval, which is 25'],
  ],
  [
    "a site's DPD interval above the timeout for both",
    { ...withEnds({}, { dpd: { interval: 90 } }), connection: { dpd: { timeout: 60 } } },
    ['sites.right.connection.dpd.interval: must be less than timeout, which is 60'],
  ],
  [
    'a proof of a tunnel that is set down',
    withEnds({ adminStateUp: false }, {}),
    ['sites.left.connection.adminStateUp: keeps the tunnel down, so that no check could prove it'],
  ],
  [
    'a description that does not fit beside the mark',
    { ...validSpec(), connection: { description: 'x'.repeat(100) } },
    ['connection.description: has 100 characters, and 65 fit behind the mark that says whose a resource is'],
  ],
  [
    'an emoji in a description',
    { ...validSpec(), ike: { description: 'for 🐧' } },
    ['ike.description: has characters that Neutron does not take'],
  ],
  [
    'a dot in the name of a test VM',
    { ...validSpec(), names: { server: '{vpn}.{site}' } },
    ["names.server: has a dot, behind which the network takes the rest of a VM's host name for a domain"],
  ],
  [
    'a number in place of a duration',
    { ...validSpec(), retryFor: 24 },
    ['retryFor: must be a duration such as 90s, 10m, 24h or 2d'],
  ],
  ['a duration without a unit', { ...validSpec(), settleTime: '5' }, ['settleTime: is not a duration']],
  ['a duration beyond a year', { ...validSpec(), rollbackFor: '366d' }, ['rollbackFor: is more than 365 days']],
  [
    'a proof by something else',
    { ...validSpec(), check: 'telnet' },
    ['check: must be console, ssh or none, or a mapping with via'],
  ],
  [
    'a login for a proof that has none',
    { ...validSpec(), check: { via: 'console', user: 'root', site: 'left' } },
    ['check.user: has a meaning only with via: ssh', 'check.site: has a meaning only with via: ssh'],
  ],
  [
    'pairs for a check that pings nothing',
    { ...validSpec(), check: { via: 'none', pairs: 'all' } },
    ['check.pairs: has no meaning with via: none, which pings nothing'],
  ],
  [
    'a user and a site that are none, all at once',
    { ...validSpec(), check: { via: 'ssh', user: 'root; reboot', site: 'middle' } },
    ['check.user: is not the name of a user', 'check.site: is not a site of this spec'],
  ],
  ['a missing region', withLeft({ network: siteOf('', '10.1.0.0/24').network }), ['sites.left.region: is missing']],
  ['nothing at all', undefined, [': is missing']],
  ['a list in place of a spec', [], [': must be a mapping']],
];

describe('refused before any cloud is touched', () => {
  test.each(REFUSED)('%s', (_, input, told) => {
    expect(complaints(input)).toEqual(told);
  });
});

describe('did you mean', () => {
  test.each([
    ['an unknown key', { ...validSpec(), external_network: 'x' }, 'external_network', 'externalNetwork'],
    ['a key of a site', withLeft({ ...siteOf('dbl', '10.1.0.0/24'), clowd: 'x' }), 'sites.left.clowd', 'cloud'],
    ['a key of a subnet', withLeftSubnet({ gatway: '10.1.0.1' }), `${SUBNET}.gatway`, 'gateway'],
    ['a cipher', { ...validSpec(), ike: { encryption: 'aes256' } }, 'ike.encryption', 'aes-256'],
    ['a hash', { ...validSpec(), ipsec: { auth: 'SHA-512' } }, 'ipsec.auth', 'sha512'],
    ['a group by its number', { ...validSpec(), ipsec: { pfs: 19 } }, 'ipsec.pfs', 'group19'],
    ['a site', { ...validSpec(), check: { via: 'ssh', site: 'rigt' } }, 'check.site', 'right'],
    ['a placeholder', { ...validSpec(), names: { router: '{sites}-router' } }, 'names.router', 'site'],
  ])('%s', (_, input, path, meant) => {
    expect(problemsOf(input)).toMatchObject([{ path, cure: `did you mean "${meant}"?` }]);
  });

  test('a word like no other is answered with all that are known', () => {
    expect(problemsOf(withLeftSubnet({ zzz: 1 }))).toMatchObject([
      { cure: 'known here: name, network, cidr, gateway, dns' },
    ]);
  });
});

describe('allowed', () => {
  test.each([
    ['an address for an id at one end only', withEnds({ localId: '192.0.2.1' }, {})],
    [
      'a name for an id at one end and an address at the other',
      withEnds({ localId: 'a@b.example' }, { localId: '192.0.2.1' }),
    ],
    ['one end that only answers', withEnds({ initiator: 'response-only' }, {})],
    [
      'a phase 1 mode at one end, which IKEv2 does not have',
      withEnds({}, {}, { left: { ike: { mode: 'aggressive' } } }),
    ],
    ['a tunnel that is set down and not proven', { ...withEnds({ adminStateUp: false }, {}), check: 'none' }],
    ['two sites in one region of one cloud', withLeft(siteOf('cbk', '10.1.0.0/24'))],
    ['neighbouring ranges', withLeftSubnet({ cidr: '10.2.1.0/24' })],
    ['the smallest range', withLeftSubnet({ cidr: '10.1.0.8/29' })],
    ['the last host as a gateway', withLeftSubnet({ gateway: '10.1.0.254' })],
    [
      'several subnets on several networks',
      withLeftSubnets({ cidr: '10.1.0.0/24' }, { cidr: '10.3.0.0/24', network: 'db' }),
    ],
    ['several existing subnets', withLeft({ region: 'dbl', network: { router: 'r', subnets: ['a', 'b'] } })],
    ['letters of other scripts', withLeftSubnet({ name: 'Büro-東京' })],
    [
      'longest site names with a short VPN name',
      {
        name: 'vpn',
        sites: { ['l'.repeat(24)]: siteOf('dbl', '10.1.0.0/24'), ['r'.repeat(24)]: siteOf('cbk', '10.2.0.0/24') },
      },
    ],
  ])('%s', (_, input) => {
    expect(complaints(input)).toEqual([]);
  });
});
