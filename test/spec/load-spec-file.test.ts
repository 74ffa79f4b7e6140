/**
 * Spec files as people and programs write them, read from a real disk, and the examples.
 * The rule: no message quotes the file, since its wrong line may hold a secret.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InvalidSpecError, parseSpec } from '../../src/spec/index.js';
import { loadSpecFile, specDigest } from '../../src/spec/load-spec-file.js';
import { validSpec } from './specs.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'regionlink-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the tutorial example', () => {
  const load = () => parseSpec(loadSpecFile('examples/tutorial.yaml'));

  test("has the tutorial's names and addresses to the letter", () => {
    const { spec, warnings } = load();
    expect(warnings).toEqual([]);
    expect(spec.name).toBe('left-right');
    expect(spec.sites).toMatchObject([
      {
        key: 'left',
        region: 'dbl',
        externalNetwork: 'ext-net',
        network: {
          kind: 'created',
          name: 'left-network',
          router: 'left-router',
          subnets: [
            {
              name: 'left-subnet',
              network: 'left-network',
              cidr: '10.1.0.0/24',
              gateway: '10.1.0.1',
              dns: ['8.8.8.8'],
            },
          ],
        },
        mode: 'automatic',
        names: {
          ikePolicy: 'ikepolicy',
          ipsecPolicy: 'ipsecpolicy',
          vpnService: 'vpn',
          localEndpointGroup: 'left-local-epg',
          securityGroup: 'left-right-check-left',
          ports: ['left-right-check-left'],
          servers: ['left-right-check-left'],
        },
      },
      {
        key: 'right',
        region: 'cbk',
        externalNetwork: 'ext-net',
        network: {
          kind: 'created',
          name: 'right-network',
          router: 'right-router',
          subnets: [
            { name: 'right-subnet', network: 'right-network', cidr: '10.2.0.0/24', gateway: '10.2.0.1', dns: [] },
          ],
        },
        mode: 'automatic',
        names: {
          ikePolicy: 'ikepolicy',
          ipsecPolicy: 'ipsecpolicy',
          vpnService: 'vpn2',
          localEndpointGroup: 'right-local-epg',
          securityGroup: 'left-right-check-right',
          ports: ['left-right-check-right'],
          servers: ['left-right-check-right'],
        },
      },
    ]);
    expect(spec.links).toEqual([
      {
        key: 'left~right',
        ends: [
          { site: 'left', peer: 'right', names: { peerEndpointGroup: 'left-peer-epg', connection: 'conn' } },
          { site: 'right', peer: 'left', names: { peerEndpointGroup: 'right-peer-epg', connection: 'conn2' } },
        ],
      },
    ]);
  });

  test("has the tutorial's crypto and connection options", () => {
    const { spec } = load();
    const common = { encryption: 'aes-128', auth: 'sha1', pfs: 'group5', lifetimeSeconds: 3600 };
    const [left, right] = spec.sites;
    expect(left?.ike).toEqual({ version: 'v1', mode: 'main', ...common });
    expect(left?.ipsec).toEqual({ protocol: 'esp', encapsulation: 'tunnel', ...common });
    expect(left?.connection).toEqual({
      dpd: { action: 'hold', intervalSeconds: 30, timeoutSeconds: 120 },
      mtu: 1500,
      initiator: 'bi-directional',
      adminStateUp: true,
    });
    for (const part of ['ike', 'ipsec', 'connection'] as const) expect(right?.[part]).toEqual(left?.[part]);
  });
});

test('the example of existing networks creates one side only', () => {
  const { spec, warnings } = parseSpec(loadSpecFile('examples/existing-networks.yaml'));
  expect(warnings).toEqual([]);
  expect(spec.sites.map((site) => site.network)).toMatchObject([
    { kind: 'created', subnets: [{ cidr: '10.1.0.0/24', gateway: '10.1.0.1' }] },
    { kind: 'existing', router: 'right-router', subnets: ['right-subnet'] },
  ]);
});

test('the example of several subnets has two networks on the left, and what exists on the right', () => {
  const { spec, warnings } = parseSpec(loadSpecFile('examples/several-subnets.yaml'));
  expect(warnings).toEqual([]);
  expect(spec.sites.map((site) => site.network)).toMatchObject([
    {
      name: 'left-network',
      router: 'left-router',
      subnets: [
        { name: 'left-subnet', network: 'left-network', cidr: '10.1.0.0/24' },
        { name: 'left-subnet2', network: 'left-network', cidr: '10.1.1.0/24' },
        { name: 'left-subnet3', network: 'left-db', cidr: '10.1.2.0/24' },
      ],
    },
    { kind: 'existing', router: 'right-router', subnets: ['right-subnet', 'right-db-subnet'] },
  ]);
  expect(spec.check).toEqual({ via: 'console', pairs: 'all' });
});

describe('files', () => {
  test('JSON is taken as well, indented with tabs', () => {
    expect(loadSpecFile(file(JSON.stringify(validSpec(), null, '\t')))).toEqual(validSpec());
  });

  test('problems come with their lines, in the order of the file', () => {
    const path = file(`name: Left
sites:
  left:
    regoin: dbl
    network:
      subnets:
        - cidr: 10.1.0.0/24
          gateway: 10.9.0.1
  right:
    region: cbk
    network:
      subnets: [{ cidr: 10.1.0.0/16 }]
ike:
  auth: md5
`);
    const error = errorOf(path);
    expect(error.problems.map((problem) => [problem.line, problem.path])).toEqual([
      [1, 'name'],
      [3, 'sites.left.region'],
      [4, 'sites.left.regoin'],
      [8, 'sites.left.network.subnets[0].gateway'],
      [12, 'sites.right.network.subnets[0].cidr'],
      [14, 'ike.auth'],
    ]);
    expect(error.message).toContain(`${path} is not valid:\n  line 1: name: "Left" is not a VPN name`);
  });

  test.each([
    ['an open quote', 'name: x\npsk: "hunter2', 2],
    ['a key twice', 'name: x\npsk: generated\npsk: hunter2', 3],
    ['a stray word', 'name: x\npsk: {hunter2} hunter2', 2],
    ['a tag of another language', 'name: x\npsk: !hunter2 x', 2],
    ['a template without quotes', 'names:\n  network: {site}-network', 2],
    ['a colon without quotes', 'name: x\npsk: hunter2: 1', 2],
  ])('%s is told with line and column, and not quoted', (_, text, line) => {
    const error = errorOf(file(text));
    expect(error.problems[0]).toMatchObject({ line, message: expect.stringMatching(/^column \d+: /) });
    expect(JSON.stringify(error.problems) + error.message).not.toContain('hunter2');
  });

  test.each([
    ['an alias without its anchor', 'name: x\npsk: *hunter2'],
    ['a bomb of aliases', bomb()],
  ])('%s is refused', (_, text) => {
    const error = errorOf(file(text));
    expect(error.message).toContain('aliases');
    expect(error.message).not.toContain('hunter2');
  });

  test('a line that is repeated by an alias is fine', () => {
    const text = `name: x
sites:
  left: { region: dbl, network: { subnets: [{ cidr: 10.1.0.0/24, dns: &dns [9.9.9.9] }] } }
  right: { region: cbk, network: { subnets: [{ cidr: 10.2.0.0/24, dns: *dns }] } }
`;
    expect(() => loadSpecFile(file(text))).not.toThrow();
  });

  test.each([
    ['an empty file', () => file(''), 'is empty; it must be a mapping'],
    ['a file that is not there', () => join(folder, 'none.yaml'), 'there is no such file'],
    ['a folder', () => folder, 'cannot be read (EISDIR)'],
    ['a file that is no spec by its size', () => file('#'.repeat(300_000)), 'has 300000 characters'],
  ])('%s', (_, path, told) => {
    expect(errorOf(path()).message).toContain(told);
  });
});

describe('digest', () => {
  const digest = (input: unknown) => specDigest(parseSpec(input).spec);

  test('says the same of a spec however it is written', () => {
    const reversed = Object.fromEntries(Object.entries({ ...validSpec(), retryFor: '1440m' }).reverse());
    expect(digest(reversed)).toBe(digest(validSpec()));
    expect(digest(validSpec())).toMatch(/^[0-9a-f]{64}$/);
    const { spec } = parseSpec(validSpec());
    const { name, ...rest } = spec;
    expect(specDigest({ ...rest, name })).toBe(specDigest(spec));
  });

  test('differs when the meaning does', () => {
    expect(digest({ ...validSpec(), retryFor: '23h' })).not.toBe(digest(validSpec()));
    const { left, right } = validSpec().sites;
    expect(digest({ ...validSpec(), sites: { right, left } })).not.toBe(digest(validSpec()));
  });
});

let files = 0;
function file(text: string): string {
  files += 1;
  const path = join(folder, `${files}.yaml`);
  writeFileSync(path, text);
  return path;
}

function bomb(): string {
  const levels = Array.from({ length: 9 }, (_, level) => {
    const below = level === 0 ? '["x"]' : `[${`*l${level - 1}, `.repeat(9)}*l${level - 1}]`;
    return `l${level}: &l${level} ${below}`;
  });
  return levels.join('\n');
}

function errorOf(path: string): InvalidSpecError {
  try {
    loadSpecFile(path);
  } catch (error) {
    if (error instanceof InvalidSpecError) return error;
    throw error;
  }
  throw new Error('the file was taken for valid');
}
