/**
 * The graph of the tutorial, edge by edge, and what other specs make different.
 * The rule: the table is the promise. A change of an edge is a change of this table, with its reason in the commit.
 */
import { describe, expect, test } from 'vitest';
import { buildGraph, inOrder } from '../../src/graph/build-graph.js';
import { placeOf } from '../../src/graph/step-keys.js';
import { isResourceStep, type Step } from '../../src/graph/types.js';
import { parseSpec } from '../../src/spec/index.js';
import { loadSpecFile } from '../../src/spec/load-spec-file.js';
import { keysOf, stepAt, stepsOf } from './graphs.js';

/** What each step of a site needs at its own site, and what at its peer's. */
const SITE: Readonly<Record<string, readonly [own: string, peer: string]>> = {
  network: ['', ''],
  subnet: ['network', ''],
  router: ['', ''],
  externalGateway: ['router', ''],
  routerInterface: ['router subnet externalGateway', ''],
  ikePolicy: ['', ''],
  ipsecPolicy: ['', ''],
  vpnService: ['router externalGateway routerInterface', ''],
  localEndpointGroup: ['subnet', ''],
  securityGroup: ['', ''],
  securityGroupRule: ['securityGroup', ''],
  port: ['subnet securityGroup', ''],
  server: ['port securityGroupRule', 'port'],
};

const CONNECTION_NEEDS = 'routerInterface ikePolicy ipsecPolicy vpnService localEndpointGroup';

/** Every step of the tutorial with all that it needs, written out. */
const TUTORIAL = new Map<string, readonly string[]>([
  ...[
    ['left', 'right'],
    ['right', 'left'],
  ].flatMap(([site, peer]) => {
    const at = (place: string | undefined, kinds: string) =>
      kinds.split(' ').flatMap((kind) => (kind === '' ? [] : [`${place}/${kind}`]));
    const end = `left~right/${site}`;
    return [
      ...Object.entries(SITE).map(
        ([kind, [own, others]]) => [`${site}/${kind}`, [...at(site, own), ...at(peer, others)]] as const,
      ),
      [`${end}/peerEndpointGroup`, []] as const,
      [
        `${end}/siteConnection`,
        [...at(site, CONNECTION_NEEDS), `${end}/peerEndpointGroup`, `${peer}/vpnService`],
      ] as const,
    ];
  }),
  [
    'left~right/ping',
    ['left~right/left/siteConnection', 'left~right/right/siteConnection', 'left/server', 'right/server'],
  ],
  ['left~right/awaitTunnel', ['left~right/left/siteConnection', 'left~right/right/siteConnection', 'left~right/ping']],
]);

describe('the tutorial', () => {
  const steps = stepsOf('tutorial');

  test('has these steps and no others', () => {
    expect([...keysOf(steps)].sort()).toEqual([...TUTORIAL.keys()].sort());
  });

  test.each([...TUTORIAL])('%s needs just what it says', (key, needs) => {
    expect([...stepAt(steps, key).needs].sort()).toEqual([...needs].sort());
  });

  test('every step stands after all that it needs', () => {
    const keys = keysOf(steps);
    for (const step of steps) {
      for (const need of step.needs)
        expect(keys.indexOf(need), `${need} of ${step.key}`).toBeLessThan(keys.indexOf(step.key));
    }
  });

  test('policies, routers and networks of both sites need nothing', () => {
    const first = steps.filter((step) => step.needs.length === 0).map((step) => step.key);
    for (const site of ['left', 'right'])
      expect(first).toEqual(
        expect.arrayContaining([`${site}/network`, `${site}/router`, `${site}/ikePolicy`, `${site}/ipsecPolicy`]),
      );
  });

  test('writes on one router form a chain, so that none of them runs beside another', () => {
    const chain = ['router', 'externalGateway', 'routerInterface', 'vpnService'];
    for (const site of ['left', 'right']) {
      for (const [index, kind] of chain.slice(1).entries())
        expect(stepAt(steps, `${site}/${kind}`).needs).toContain(`${site}/${chain[index]}`);
    }
  });

  test("resources have the tutorial's names", () => {
    const names = new Map(steps.filter(isResourceStep).map((step) => [step.key, step.name]));
    expect(Object.fromEntries(names)).toMatchObject({
      'left/network': 'left-network',
      'left/subnet': 'left-subnet',
      'left/router': 'left-router',
      'left/externalGateway': 'ext-net',
      'left/ikePolicy': 'ikepolicy',
      'left/ipsecPolicy': 'ipsecpolicy',
      'left/vpnService': 'vpn',
      'right/vpnService': 'vpn2',
      'left/localEndpointGroup': 'left-local-epg',
      'left~right/left/peerEndpointGroup': 'left-peer-epg',
      'left~right/left/siteConnection': 'conn',
      'left~right/right/siteConnection': 'conn2',
      'left/server': 'left-right-check-left',
    });
  });

  test("each side's peer group holds the other side's range", () => {
    expect(stepAt(steps, 'left~right/left/peerEndpointGroup')).toMatchObject({ want: { cidrs: ['10.2.0.0/24'] } });
    expect(stepAt(steps, 'left~right/right/peerEndpointGroup')).toMatchObject({ want: { cidrs: ['10.1.0.0/24'] } });
  });

  test('what belongs to the test VMs is temporary, and nothing else is', () => {
    const temporary = new Set(
      steps.filter((step) => isResourceStep(step) && step.temporary).map((step) => step.key.replace(/^\w+\//, '')),
    );
    expect([...temporary].sort()).toEqual(['port', 'securityGroup', 'securityGroupRule', 'server']);
  });

  test('nothing that stays needs what is temporary', () => {
    const temporary = new Set(steps.filter((step) => isResourceStep(step) && step.temporary).map((step) => step.key));
    for (const step of steps.filter(isResourceStep).filter((one) => !one.temporary))
      expect(
        step.needs.filter((need) => temporary.has(need)),
        step.key,
      ).toEqual([]);
  });
});

describe('existing networks', () => {
  const steps = stepsOf('existing-networks');
  const ofStepsOneAndTwo = ['network', 'subnet', 'router', 'externalGateway', 'routerInterface'];

  test("lack the tutorial's steps one and two on their side only", () => {
    const keys = keysOf(steps);
    expect(
      keys.filter((key) => ofStepsOneAndTwo.includes(key.slice('right/'.length)) && key.startsWith('right/')),
    ).toEqual([]);
    expect(keys).toEqual(expect.arrayContaining(ofStepsOneAndTwo.map((kind) => `left/${kind}`)));
  });

  test('leave the other steps with the needs that are made', () => {
    expect(stepAt(steps, 'right/vpnService').needs).toEqual([]);
    expect(stepAt(steps, 'right/localEndpointGroup').needs).toEqual([]);
    expect(stepAt(steps, 'right/port').needs).toEqual(['right/securityGroup']);
  });

  test('no step needs one that is not in the graph', () => {
    const keys = new Set(keysOf(steps));
    expect(steps.flatMap((step) => step.needs).filter((need) => !keys.has(need))).toEqual([]);
  });

  test("their range is the one that was looked up, for the other side's peer group", () => {
    const subnet = { id: 's', name: 'right-subnet', action: 'existing', cidr: '10.7.0.0/24' } as const;
    const known = stepsOf('existing-networks', {}, { given: { 'right/subnet': subnet }, images: {} });
    expect(stepAt(known, 'left~right/left/peerEndpointGroup')).toMatchObject({ want: { cidrs: ['10.7.0.0/24'] } });
    expect(keysOf(known)).toEqual(keysOf(steps));
  });
});

describe('several subnets', () => {
  const steps = stepsOf('several-subnets');
  const [SECOND, THIRD] = ['10.1.1.0-24', '10.1.2.0-24'];

  test('are steps of their own: of the first with the keys of the only one, of the others with their ranges', () => {
    const keys = keysOf(steps).filter((key) => /^left\/(network|subnet|routerInterface|port|server)/.test(key));
    const further = ['subnet', 'routerInterface', 'port', 'server'].flatMap((kind) =>
      [SECOND, THIRD].map((part) => `left/${kind}:${part}`),
    );
    const first = ['network', 'subnet', 'routerInterface', 'port', 'server'].map((kind) => `left/${kind}`);
    expect([...keys].sort()).toEqual([...first, ...further, 'left/network:left-db'].sort());
  });

  test('each needs its own network, and its leg its own subnet and the leg before it', () => {
    expect(stepAt(steps, 'left/subnet').needs).toEqual(['left/network']);
    expect(stepAt(steps, `left/subnet:${SECOND}`).needs).toEqual(['left/network']);
    expect(stepAt(steps, `left/subnet:${THIRD}`).needs).toEqual(['left/network:left-db']);
    expect([...stepAt(steps, `left/routerInterface:${THIRD}`).needs].sort()).toEqual(
      ['left/externalGateway', 'left/router', `left/routerInterface:${SECOND}`, `left/subnet:${THIRD}`].sort(),
    );
    expect(stepAt(steps, 'left/vpnService').needs).toEqual(
      expect.arrayContaining(['', `:${SECOND}`, `:${THIRD}`].map((part) => `left/routerInterface${part}`)),
    );
  });

  test('are all in one local endpoint group, and in one peer endpoint group beyond', () => {
    expect(stepAt(steps, 'left/localEndpointGroup').needs).toHaveLength(3);
    expect(stepAt(steps, 'left~right/right/peerEndpointGroup')).toMatchObject({
      want: { cidrs: ['10.1.0.0/24', '10.1.1.0/24', '10.1.2.0/24'] },
    });
  });

  test('each test VM needs its own port and all ports beyond, and the ping all test VMs', () => {
    expect([...stepAt(steps, `left/server:${SECOND}`).needs].sort()).toEqual(
      [`left/port:${SECOND}`, 'left/securityGroupRule', 'right/port', 'right/port:2'].sort(),
    );
    const ping = stepAt(steps, 'left~right/ping');
    expect(ping.needs.filter((key) => key.includes('/server'))).toHaveLength(5);
    expect(ping).toMatchObject({
      title: 'ping left ↔ right, 6 pairs of subnets',
      subnets: [
        ['', SECOND, THIRD],
        ['', '2'],
      ],
    });
  });

  test('without pairs: all, the first subnet of each site has the only test VM', () => {
    const one = stepsOf('several-subnets', { check: 'console' });
    expect(keysOf(one).filter((key) => key.includes('/server'))).toEqual(['left/server', 'right/server']);
    expect(stepAt(one, 'left~right/ping')).toMatchObject({ title: 'ping left ↔ right', subnets: [[''], ['']] });
  });

  test('in another order have the same keys, but for the first and the one that was', () => {
    const network = (...cidrs: readonly string[]) => ({
      region: 'dbl',
      network: { subnets: cidrs.map((cidr) => ({ cidr })) },
    });
    const keys = (...cidrs: readonly string[]) =>
      keysOf(stepsOf('tutorial', { sites: { left: network(...cidrs), right: network('10.2.0.0/24') } })).filter((key) =>
        key.startsWith('left/subnet'),
      );
    expect(keys('10.1.0.0/24', '10.1.1.0/24', '10.1.2.0/24').slice().sort()).toEqual(
      keys('10.1.0.0/24', '10.1.2.0/24', '10.1.1.0/24').slice().sort(),
    );
  });

  test("bear keys that are read again from marks, and nobody else's are", () => {
    for (const { key, kind, site, part } of steps.filter(isResourceStep).filter((step) => step.link === undefined))
      expect(placeOf(key, kind)).toEqual({ kind, site, ...(part === undefined ? {} : { part }) });
    expect(placeOf('left~right/left/siteConnection', 'siteConnection')).toEqual({
      kind: 'siteConnection',
      site: 'left',
      link: 'left~right',
    });
    for (const key of ['left/subnets', 'subnet:left', 'router:1234', 'a/b/c/subnet'])
      expect(placeOf(key, 'subnet')).toBeUndefined();
  });
});

describe('check: ssh', () => {
  const steps = stepsOf('tutorial', { check: 'ssh' });
  const added = keysOf(steps).filter((key) => !TUTORIAL.has(key));

  test('adds a rule at each site and one floating IP, at the first of the link', () => {
    expect(added).toEqual(['left/sshRule', 'right/sshRule', 'left/floatingIp']);
    for (const key of added) expect(stepAt(steps, key)).toMatchObject({ temporary: true });
    const other = stepsOf('tutorial', { check: { via: 'ssh', site: 'right' } });
    expect(keysOf(other)).toContain('right/floatingIp');
    expect(keysOf(other)).not.toContain('left/floatingIp');
  });

  test('the floating IP needs the way that it leads, the test VM its rule, and the ping both', () => {
    const way = ['port', 'externalGateway', 'routerInterface', 'vpnService'].map((kind) => `left/${kind}`);
    expect([...stepAt(steps, 'left/floatingIp').needs].sort()).toEqual(way.sort());
    expect(stepAt(steps, 'right/server').needs).toContain('right/sshRule');
    const ping = stepAt(steps, 'left~right/ping');
    expect(ping.needs).toEqual([...(TUTORIAL.get('left~right/ping') ?? []), 'left/floatingIp']);
    expect(ping.title).toBe('ping left ↔ right over SSH');
  });

  test('at an existing network it needs what is made', () => {
    const existing = stepsOf('existing-networks', { check: { via: 'ssh', site: 'right' } });
    expect([...stepAt(existing, 'right/floatingIp').needs].sort()).toEqual(['right/port', 'right/vpnService']);
  });
});

describe('check: none', () => {
  const steps = stepsOf('tutorial', { check: 'none' });

  test('has no test VMs, nothing that belongs to them, and no ping', () => {
    expect(steps.filter((step) => isResourceStep(step) && step.temporary)).toEqual([]);
    expect(steps.filter((step) => !isResourceStep(step)).map((step) => step.key)).toEqual(['left~right/awaitTunnel']);
  });

  test('waits for the tunnel once both connections stand', () => {
    expect(stepAt(steps, 'left~right/awaitTunnel').needs).toEqual([
      'left~right/left/siteConnection',
      'left~right/right/siteConnection',
    ]);
  });
});

describe('what a site says of its own', () => {
  const site = (region: string, cidr: string, own: object = {}) => ({
    region,
    network: { subnets: [{ cidr }] },
    ...own,
  });
  const sitesOf = (left: object, right: object) => ({
    left: site('dbl', '10.1.0.0/24', left),
    right: site('cbk', '10.2.0.0/24', right),
  });

  test("is in its own steps, and its id in its peer's", () => {
    const connection = { localId: 'left.example', mtu: 1400 };
    const sites = sitesOf({ ike: { lifetime: 7200 }, connection }, { connection: { localId: '192.0.2.1' } });
    const steps = stepsOf('tutorial', { sites });
    expect(stepAt(steps, 'left/ikePolicy')).toMatchObject({ want: { lifetimeSeconds: 7200 } });
    expect(stepAt(steps, 'right/ikePolicy')).toMatchObject({ want: { lifetimeSeconds: 3600 } });
    expect(stepAt(steps, 'left~right/left/siteConnection')).toMatchObject({
      want: { options: { localId: 'left.example', mtu: 1400 }, peerId: '192.0.2.1' },
    });
    expect(stepAt(steps, 'left~right/right/siteConnection')).toMatchObject({
      want: { options: { localId: '192.0.2.1', mtu: 1500 }, peerId: 'left.example' },
    });
    expect(stepAt(stepsOf('tutorial'), 'left~right/left/siteConnection')).not.toHaveProperty('want.peerId');
  });

  test('an end that is set down leaves nothing to wait for', () => {
    const steps = stepsOf('tutorial', { check: 'none', sites: sitesOf({}, { connection: { adminStateUp: false } }) });
    expect(steps.filter((step) => !isResourceStep(step))).toEqual([]);
    expect(stepAt(steps, 'left~right/left/siteConnection')).toMatchObject({
      want: { options: { adminStateUp: true } },
    });
  });
});

describe('an external site', () => {
  const steps = stepsOf('external-peer');

  test('has no steps: the other has its own, one end, and the wait for the tunnel', () => {
    expect(new Set(steps.flatMap((step) => (isResourceStep(step) ? [step.site] : [])))).toEqual(new Set(['cloud']));
    expect(steps.filter((step) => step.link !== undefined).map(({ key }) => key)).toEqual([
      'cloud~office/cloud/peerEndpointGroup',
      'cloud~office/cloud/siteConnection',
      'cloud~office/awaitTunnel',
    ]);
  });

  test('is known to the end that points at it', () => {
    const external = { site: 'office', address: '203.0.113.10', id: '203.0.113.10', cidrs: ['192.168.10.0/24'] };
    expect(stepAt(steps, 'cloud~office/cloud/peerEndpointGroup')).toMatchObject({ want: { cidrs: external.cidrs } });
    const connection = stepAt(steps, 'cloud~office/cloud/siteConnection');
    expect(connection).toMatchObject({ peer: 'office', want: { external } });
    expect(connection.needs.filter((key) => !key.startsWith('cloud'))).toEqual([]);
    expect(stepAt(steps, 'cloud~office/awaitTunnel')).toMatchObject({
      sites: ['cloud'],
      external,
      title: 'tunnel cloud ↔ office',
      needs: [connection.key],
    });
  });
});

test('test VMs, their ports and security groups have the names that the templates give', () => {
  const names = { securityGroup: '{site}-sg', port: '{vpn}-{site}-port{i}', server: '{site}-vm{n}{i}' };
  const steps = stepsOf('several-subnets', { names, check: { via: 'ssh', pairs: 'all' } }).filter(isResourceStep);
  const namesOf = (kind: string) => steps.filter((step) => step.kind === kind).map(({ name }) => name);
  expect([...namesOf('server')].sort()).toEqual(['left-vm', 'left-vm2', 'left-vm3', 'right-vm2', 'right-vm22']);
  expect(
    namesOf('port')
      .filter((name) => name.includes('-left-'))
      .sort(),
  ).toEqual(['several-subnets-left-port', 'several-subnets-left-port2', 'several-subnets-left-port3']);
  for (const kind of ['securityGroup', 'securityGroupRule', 'sshRule'])
    expect(namesOf(kind)).toEqual(['left-sg', 'right-sg']);
  expect(namesOf('floatingIp')).toEqual(['left-vm']);
});

test('the same spec gives the same graph, as plain data', () => {
  const { spec } = parseSpec(loadSpecFile('examples/tutorial.yaml'));
  expect(buildGraph(spec)).toEqual(buildGraph(spec));
  expect(JSON.parse(JSON.stringify(buildGraph(spec)))).toEqual(buildGraph(spec));
});

test('steps that need each other in a circle are a programming error, and named', () => {
  const act = (key: string, ...needs: readonly string[]): Step => ({
    key,
    needs,
    kind: 'ping',
    link: 'l~r',
    sites: ['l', 'r'],
    title: key,
  });
  expect(() => inOrder([act('a'), act('b', 'c'), act('c', 'b')])).toThrow('in a circle: b, c');
});
