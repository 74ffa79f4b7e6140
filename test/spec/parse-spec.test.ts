/**
 * What `parseSpec` promises its callers: all problems at once, no secrets in them, defaults that are told, warnings that were asked for.
 * The rule: rules of single fields are in `validation.test.ts`.
 */
import { describe, expect, test } from 'vitest';
import { formatMark } from '../../src/activities/mark.js';
import { buildGraph } from '../../src/graph/build-graph.js';
import { InvalidSpecError, parseSpec, specJsonSchema } from '../../src/spec/index.js';
import { complaints, siteOf, validSpec, withLeftSubnet } from './specs.js';

describe('problems', () => {
  test('five faults of different kinds are told at once, each with place, value and cure', () => {
    const input = {
      ...withLeftSubnet({ gateway: '10.9.0.1' }),
      ike: { encryption: 'aes256' },
      connection: { dpd: { timeout: 10 } },
      retryfor: '3h',
      psk: 'hunter2',
    };
    const error = errorOf(input);
    expect(error.message.split('\n')).toEqual([
      'spec is not valid:',
      expect.stringMatching(/^ {2}ike\.encryption: "aes256" must be one of .*; did you mean "aes-256"\?$/),
      '  psk: must be generated, { env: NAME } or { file: PATH }: a key itself has no place in a spec, which is recorded',
      '  retryfor: is not a known key; did you mean "retryFor"?',
      '  sites.left.network.subnets[0].gateway: "10.9.0.1" is not inside 10.1.0.0/24; use an address between 10.1.0.1 and 10.1.0.254',
      '  connection.dpd.timeout: 10 must be more than interval, which is 30',
    ]);
    expect(error.problems).toHaveLength(5);
  });

  test.each([
    ['a key itself', 'hunter2'],
    ['a key of digits', 424242],
    ['a key in a list', ['hunter2']],
    ['a key under the wrong word', { value: 'hunter2' }],
    ['a key in place of the word', { hunter2: null }],
    ['a key in place of a variable', { env: 'hunter2 and more' }],
    ['a key beside a file', { file: '/psk', key: 'hunter2' }],
  ])('%s is refused and not repeated', (_, psk) => {
    const error = errorOf({ ...validSpec(), psk });
    const all = JSON.stringify(error.problems) + error.message;
    expect(all).not.toContain('hunter2');
    expect(all).not.toContain('424242');
  });

  test('a secret under an unknown key is not repeated', () => {
    expect(errorOf({ ...validSpec(), preSharedKey: 'hunter2' }).message).not.toContain('hunter2');
  });

  test('a long value is shortened', () => {
    expect(errorOf(withLeftSubnet({ gateway: 'x'.repeat(500) })).message.length).toBeLessThan(300);
  });
});

describe('defaults', () => {
  test('without a profile crypto is what is sound today', () => {
    const { spec, warnings } = parseSpec(validSpec());
    const sound = { encryption: 'aes-256', auth: 'sha256', pfs: 'group14', lifetimeSeconds: 3600 };
    for (const site of spec.sites) {
      expect(site.ike).toEqual({ version: 'v2', mode: 'main', ...sound });
      expect(site.ipsec).toEqual({ protocol: 'esp', encapsulation: 'tunnel', ...sound });
    }
    expect(warnings).toEqual([]);
  });

  test('what the file says goes before the profile', () => {
    const { spec } = parseSpec({ ...validSpec(), profile: 'tutorial', ike: { version: 'v2', lifetime: 7200 } });
    expect(spec.sites[0]?.ike).toMatchObject({ version: 'v2', auth: 'sha1', lifetimeSeconds: 7200 });
  });

  test('durations, connection options and external network', () => {
    const { spec } = parseSpec(validSpec());
    expect(spec.sites[0]?.connection).toEqual({
      dpd: { action: 'hold', intervalSeconds: 30, timeoutSeconds: 120 },
      mtu: 1500,
      initiator: 'bi-directional',
      adminStateUp: true,
    });
    expect(spec).toMatchObject({
      psk: { from: 'generated' },
      check: { via: 'console' },
      onFailure: 'rollback',
      retryForSeconds: 86_400,
      rollbackForSeconds: 2_592_000,
      tunnelTimeoutSeconds: 600,
      settleTimeSeconds: 300,
    });
    expect(spec.sites.map((site) => site.externalNetwork)).toEqual(['ext-net', 'ext-net']);
  });

  test("the gateway is the range's first host", () => {
    const { spec } = parseSpec(withLeftSubnet({ cidr: '10.1.0.128/25' }));
    expect(spec.sites[0]?.network).toMatchObject({ subnets: [{ gateway: '10.1.0.129', dns: [] }] });
  });

  test('a site may have its own cloud, external network and names', () => {
    const { spec } = parseSpec({
      ...validSpec(),
      sites: {
        ...validSpec().sites,
        left: {
          cloud: 'other',
          region: 'dbl',
          externalNetwork: 'public',
          network: { name: 'net', router: 'r1', subnets: [{ name: 'sub', cidr: '10.1.0.0/24' }] },
        },
      },
    });
    expect(spec.sites[0]).toMatchObject({
      cloud: 'other',
      externalNetwork: 'public',
      network: { kind: 'created', name: 'net', router: 'r1', subnets: [{ name: 'sub' }] },
    });
    expect(spec.sites[1]).not.toHaveProperty('cloud');
  });

  test('templates know VPN, site, peer and number', () => {
    const { spec } = parseSpec({ ...validSpec(), names: { connection: '{vpn}/{site}-{peer}{n}' } });
    expect(spec.links[0]?.ends.map((end) => end.names.connection)).toEqual([
      'left-right/left-right',
      'left-right/right-left2',
    ]);
  });

  test.each([
    ['console', { via: 'console', pairs: 'one' }],
    ['none', { via: 'none' }],
    [{ via: 'none', image: 'cirros' }, { via: 'none' }],
    [
      { via: 'console', image: 'cirros', flavor: 'm1.tiny' },
      { via: 'console', image: 'cirros', flavor: 'm1.tiny', pairs: 'one' },
    ],
    ['ssh', { via: 'ssh', pairs: 'one', user: 'root', site: 'left' }],
    [
      { via: 'ssh', image: 'cirros', user: 'cirros', site: 'right', pairs: 'all' },
      { via: 'ssh', image: 'cirros', user: 'cirros', site: 'right', pairs: 'all' },
    ],
  ])('check: %j', (check, meant) => {
    expect(parseSpec({ ...validSpec(), check }).spec.check).toEqual(meant);
  });

  test.each([
    ['generated', { from: 'generated' }],
    [{ env: 'VPN_PSK' }, { from: 'env', name: 'VPN_PSK' }],
    [{ file: '/run/secrets/psk' }, { from: 'file', path: '/run/secrets/psk' }],
  ])('psk: %j', (psk, meant) => {
    expect(parseSpec({ ...validSpec(), psk }).spec.psk).toEqual(meant);
  });
});

describe('warnings', () => {
  test.each([
    [{ ike: { version: 'v1', auth: 'sha1' } }, ['ike.version', 'ike.auth']],
    [{ ike: { mode: 'aggressive' } }, ['ike.mode']],
    [{ ipsec: { encryption: '3des', pfs: 'group2' } }, ['ipsec.encryption', 'ipsec.pfs']],
    [{ ipsec: { pfs: 'group5', encapsulation: 'transport' } }, ['ipsec.pfs', 'ipsec.encapsulation']],
    [{ profile: 'tutorial', ipsec: { encryption: '3des' } }, ['ipsec.encryption']],
    [{ check: 'none', connection: { adminStateUp: false } }, ['connection.adminStateUp', 'check']],
    [{ sites: { ...validSpec().sites, left: siteOf('cbk', '10.1.0.0/24') } }, ['names.ikePolicy', 'names.ipsecPolicy']],
    [{ sites: { left: { ...siteOf('cbk', '10.1.0.0/24'), cloud: 'other' }, right: validSpec().sites.right } }, []],
    [
      { names: { localEndpointGroup: '{site}', peerEndpointGroup: '{site}' } },
      ['names.peerEndpointGroup', 'names.peerEndpointGroup'],
    ],
    [{ check: 'none' }, ['check']],
    [
      { retryFor: '5m' },
      ['retryFor (5m) is shorter than tunnelTimeout (10m), for which the tunnel is waited for all the same'],
    ],
    [{ profile: 'tutorial', ike: { auth: 'sha1' } }, []],
    [
      { profile: 'tutorial', sites: { ...validSpec().sites, left: siteOf('dbl', '10.1.0.0/24', '10.3.0.0/24') } },
      ['ike.version'],
    ],
  ])('%j', (fields, places) => {
    const { warnings } = parseSpec({ ...validSpec(), ...fields });
    expect(warnings.map((warning) => warning.split(': ')[0])).toEqual(places);
  });
});

test('a site says only what it has otherwise, and the same values at both sites count as said for all', () => {
  const { sites } = validSpec();
  const { spec, warnings } = parseSpec({
    ...validSpec(),
    ike: { lifetime: 7200, description: 'of both' },
    connection: { dpd: { action: 'restart' }, mtu: 1400, initiator: 'response-only' },
    sites: {
      left: {
        ...sites.left,
        ike: { encryption: 'aes-128' },
        connection: { localId: 'left.example', dpd: { interval: 15 }, initiator: 'bi-directional' },
      },
      right: {
        ...sites.right,
        ike: { encryption: 'aes-128', lifetime: 3600, description: 'of the right' },
        ipsec: { lifetime: 1800 },
        connection: { localId: 'right.example', description: 'to the left' },
      },
    },
  });
  expect(warnings).toEqual([]);
  const [left, right] = spec.sites;
  expect(left?.ike).toMatchObject({ encryption: 'aes-128', lifetimeSeconds: 7200, description: 'of both' });
  expect(right?.ike).toMatchObject({ encryption: 'aes-128', lifetimeSeconds: 3600, description: 'of the right' });
  expect([left?.ipsec.lifetimeSeconds, right?.ipsec.lifetimeSeconds]).toEqual([3600, 1800]);
  expect(left?.connection).toEqual({
    dpd: { action: 'restart', intervalSeconds: 15, timeoutSeconds: 120 },
    mtu: 1400,
    initiator: 'bi-directional',
    adminStateUp: true,
    localId: 'left.example',
  });
  expect(right?.connection).toEqual({
    dpd: { action: 'restart', intervalSeconds: 30, timeoutSeconds: 120 },
    mtu: 1400,
    initiator: 'response-only',
    adminStateUp: true,
    localId: 'right.example',
    description: 'to the left',
  });
});

test('the longest description that is taken leaves every owner mark within its limit', () => {
  const longest = (part: string) =>
    Array.from({ length: 255 }, (_, index) => 'x'.repeat(255 - index)).find(
      (description) => complaints({ ...validSpec(), [part]: { description } }).length === 0,
    ) ?? '';
  const keys = { nonce: 'n'.repeat(16), key: 'k'.repeat(8) };
  const lengths = [
    ['ike', 'right/ikePolicy', {}],
    ['ipsec', 'right/ipsecPolicy', {}],
    ['connection', 'left~right/right/siteConnection', keys],
  ] as const;
  for (const [part, step, more] of lengths) {
    const mark = { owner: 'o'.repeat(40), vpn: 'left-right', step, run: crypto.randomUUID(), ...more };
    expect(formatMark({ ...mark, note: longest(part) })).toHaveLength(255);
  }
});

test('the longest names that are taken leave every owner mark within its limit', () => {
  const [left, right] = ['l'.repeat(24), 'r'.repeat(24)];
  const further = { cidr: '172.31.255.248/29', network: 'n'.repeat(63) };
  const sites = {
    [left]: { region: 'dbl', network: { subnets: [{ cidr: '10.1.0.0/24' }, further] } },
    [right]: siteOf('cbk', '10.2.0.0/24'),
  };
  const longest = Array.from({ length: 48 }, (_, index) => 'x'.repeat(48 - index)).find(
    (name) => complaints({ name, sites }).length === 0,
  );
  const { spec } = parseSpec({ name: longest, sites, check: { via: 'ssh', pairs: 'all' } });
  for (const { key, kind } of buildGraph(spec).steps) {
    const keys = kind === 'siteConnection' ? { nonce: 'n'.repeat(16), key: 'k'.repeat(8) } : {};
    const mark = { owner: 'o'.repeat(40), vpn: spec.name, step: key, run: crypto.randomUUID(), ...keys };
    expect(() => formatMark(mark)).not.toThrow();
  }
});

test('docs/spec.schema.json is the schema of this release', async () => {
  const text = `${JSON.stringify(specJsonSchema(), null, 2)}\n`;
  await expect(text).toMatchFileSnapshot('../../docs/spec.schema.json');
});

function errorOf(input: unknown): InvalidSpecError {
  try {
    parseSpec(input);
  } catch (error) {
    if (error instanceof InvalidSpecError) return error;
    throw error;
  }
  throw new Error('the spec was taken for valid');
}
