/** A plan as it is read: on pages of several widths, of made-up steps. */
import { describe, expect, test } from 'vitest';
import { colours } from '../../src/cli/colour.js';
import { planText } from '../../src/cli/plan-text.js';
import type { PlannedStep, VpnPlan } from '../../src/workflows/protocol.js';

const ID = '9f1c2d1e-5a7b-4c3d-8e9f-0a1b2c3d4e5f';

function step(site: string, kind: PlannedStep['kind'], name: string, more: Partial<PlannedStep> = {}): PlannedStep {
  return {
    key: `${site}/${kind}`,
    kind,
    title: name,
    name,
    site,
    temporary: false,
    action: 'adopt',
    fields: [],
    ...more,
  };
}

const PLAN: VpnPlan = {
  vpn: 'left-right',
  sites: [
    { key: 'left', region: 'dbl', existing: [] },
    {
      key: 'right',
      region: 'cbk',
      existing: [
        { part: 'router', name: 'own-router', id: 'r' },
        { part: 'externalGateway', name: 'own-router', id: 'r' },
        { part: 'subnet', name: 'own-subnet', id: 's', cidr: '10.7.0.0/24' },
      ],
    },
  ],
  steps: [
    step('left', 'vpnService', 'vpn', { action: 'create' }),
    step('right', 'vpnService', 'theirs', { action: 'share', id: ID }),
    step('left', 'ikePolicy', 'ikepolicy', {
      action: 'conflict',
      id: ID,
      fields: [{ field: 'ike_version', have: 'v1', want: 'v2', inPlace: false }],
    }),
    step('right', 'ikePolicy', 'a-name-that-is-far-too-long-for-its-column'),
    step('left', 'siteConnection', 'conn', { action: 'change', id: ID, fields: [{ field: 'psk', inPlace: true }] }),
    step('left', 'server', 'left-right-check-left', { action: 'create', temporary: true }),
  ],
  findings: [
    { about: 'test VMs', verdict: 'ok', said: 'image cirros', sites: ['left', 'right'] },
    { about: 'VPNaaS', verdict: 'ok', said: 'is there', sites: ['left'] },
    { about: 'router', verdict: 'problem', said: '1 needed, 0 left', cure: 'remove some', sites: ['left'] },
  ],
  warnings: ['sha1 is weak'],
  possible: false,
  changes: 2,
  time: { seconds: 64, path: ['left/vpnService', 'left/siteConnection'] },
};

const text = (columns: number, plan = PLAN) => planText(plan, { columns, colour: colours(false) });

describe('a plan', () => {
  test.each([160, 100, 80, 50])('fits %s columns', (columns) => {
    for (const line of text(columns).split('\n')) expect([line, line.length <= columns]).toEqual([line, true]);
  });

  test('counts what is to do, and has both regions side by side, below each other where they do not fit', () => {
    expect(text(100)).toMatch(
      /^Plan of VPN left-right: 1 in conflict, 1 to change, 1 to create, 1 to share, 1 to adopt\n/,
    );
    expect(text(80)).toMatch(/left \(dbl\) +right \(cbk\)\n/);
    expect(text(80)).toMatch(/VPN service +create vpn +share theirs\n/);
    expect(text(80)).toMatch(/IKE policy +conflict ikepolicy +adopt a-name-that-is.*…\n/);
    expect(text(50)).toMatch(/left \(dbl\)\n[\s\S]*right \(cbk\)\n/);
  });

  test('tells each field that differs, whether it can be changed, and never a secret', () => {
    expect(text(80)).toContain('    ike_version: v1 → v2, cannot be changed\n');
    expect(text(80)).toContain('    psk: differs\n');
    expect(text(80)).toContain('destroy the VPN first, or keep these fields as they are');
  });

  test('tells what is used as it is, what was chosen, and the problem before it', () => {
    expect(text(100)).toContain(
      'right (cbk) has, and nothing of it is changed: router own-router, subnet own-subnet (10.7.0.0/24)',
    );
    expect(text(100)).toMatch(
      /✖ router \(left\): 1 needed, 0 left\n +→ remove some\n✔ test VMs \(left, right\): image cirros\n/,
    );
    expect(text(100)).not.toContain('is there');
  });

  test('tells a connection that stands and is not up', () => {
    const connected = (status: string) =>
      text(100, { ...PLAN, steps: [step('left', 'siteConnection', 'conn', { id: ID, status })] });
    expect(connected('DOWN')).toMatch(/IPsec site connection +adopt conn: DOWN\n/);
    expect(connected('ACTIVE')).toMatch(/IPsec site connection +adopt conn\n/);
  });

  test('tells where a site is joined the older way, and nothing of endpoint groups', () => {
    const [left, right] = PLAN.sites;
    const sites = [left, right].flatMap((site, index) =>
      site === undefined ? [] : [{ ...site, mode: index === 0 ? 'endpoint-groups' : 'legacy' } as const],
    );
    expect(text(160, { ...PLAN, sites })).toMatch(/\nright \(cbk\) is joined in mode legacy: /);
    expect(text(160, { ...PLAN, sites })).not.toContain('left (dbl) is joined');
  });

  test('says in its last line whether it can be applied, and how long that takes only then', () => {
    expect(text(100)).toMatch(/It cannot be applied as it is\.$/);
    expect(text(100)).not.toContain('About');
    expect(text(100, { ...PLAN, possible: true })).toMatch(
      /About 1m04s .* typical and not promised[\s\S]*Resources to make or change: 2\.$/,
    );
    expect(text(100, { ...PLAN, possible: true, changes: 0 })).toMatch(
      /Nothing to change: what stands is as the spec says\.$/,
    );
  });
});
