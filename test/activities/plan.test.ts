/** What a plan says, and that ensure then does just that: the real activities on the simulator, without a server between. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createActivities } from '../../src/activities/index.js';
import { WorkerContext } from '../../src/activities/worker-context.js';
import { activityName } from '../../src/graph/kinds.js';
import { isResourceStep, type StepOutput } from '../../src/graph/types.js';
import { FAST_DELAYS, isWrite, type Simulator, startSimulator } from '../../src/simulator/index.js';
import type { ExamineOutput, PlannedStep, ResolvedVpn, VpnPlan } from '../../src/workflows/protocol.js';
import { makeNetwork, makeService } from '../support/existing-network.js';
import { addDecoys, PASSWORD, REGIONS, tutorialSpec, withoutIds, workerConfig } from '../support/test-bed.js';

/** A step that fails is a result here. */
const QUIET = new DefaultLogger('ERROR');

type Spec = Readonly<Record<string, unknown>>;

let simulator: Simulator;
let runs = 0;
let activities: ReturnType<typeof createActivities>;

beforeAll(async () => {
  simulator = await startSimulator({ regions: REGIONS, delays: FAST_DELAYS, password: PASSWORD });
  addDecoys(simulator);
  const { clouds, keys, timing, env } = workerConfig(simulator, { httpTimeoutMs: 30_000 });
  activities = createActivities(new WorkerContext(clouds, 'test@default', keys, timing, env));
});

afterAll(() => simulator.stop());

async function run<O>(name: string, input?: unknown): Promise<O> {
  const activity = activities[name];
  if (activity === undefined) throw new Error(`no activity ${name}`);
  return new MockActivityEnvironment({ attempt: 1 }, { logger: QUIET }).run(
    () => activity(input as never) as Promise<O>,
  );
}

const plan = (spec: Spec) => run<VpnPlan>('planVpn', { spec, run: 'planning' });

/** Everything of a spec that stays, made in the graph's order. Resolves to what became of each step: its action, or the type of its failure. */
async function make(spec: Spec): Promise<ReadonlyMap<string, string>> {
  const workflowId = `vpn/${spec.name}`;
  const making = `making-${runs++}`;
  const { graph, sites, links, given, timing } = await run<ResolvedVpn>('resolveSpec', {
    spec,
    run: making,
    workflowId,
  });
  const outputs: Record<string, StepOutput> = { ...given };
  const ended = new Map<string, string>();
  for (const step of graph.steps) {
    if (!isResourceStep(step) || step.temporary) continue;
    const input = {
      vpn: spec.name,
      run: making,
      step,
      site: sites[step.site],
      link: links[step.link ?? ''],
      outputs,
      timing,
    };
    try {
      const output = await run<StepOutput>(activityName('ensure', step.kind), input);
      outputs[step.key] = output;
      ended.set(step.key, output.action);
    } catch (error) {
      ended.set(step.key, String((error as { type?: string }).type));
      break;
    }
  }
  return ended;
}

function specOf(name: string, changes: Spec = {}): Spec {
  return tutorialSpec({ name, check: 'none', ...changes });
}

/** The tutorial's sites with another subnet on the left. */
function leftSubnet(subnet: Spec): Spec {
  const { sites } = tutorialSpec() as { sites: Spec };
  return { sites: { ...sites, left: { region: 'dbl', network: { subnets: [subnet] } } } };
}

function stepAt({ steps }: VpnPlan, key: string): PlannedStep {
  const step = steps.find((one) => one.key === key);
  if (step === undefined) throw new Error(`no step ${key}`);
  return step;
}

function actionsOf({ steps }: VpnPlan): ReadonlyMap<string, string> {
  return new Map(steps.filter(({ action }) => action !== 'wait').map(({ key, action }) => [key, action]));
}

const said = ({ findings }: VpnPlan, verdict: string) =>
  findings.filter((one) => one.verdict === verdict).map((one) => `${one.about} (${one.sites.join(', ')}): ${one.said}`);

describe('where nothing stands', () => {
  test('every step is to be made, nothing is written, and nothing is asked twice', async () => {
    const mark = simulator.log.length;
    const planned = await plan(tutorialSpec({ name: 'fresh' }));
    const calls = simulator.log.slice(mark);
    expect(new Set(actionsOf(planned).values())).toEqual(new Set(['create']));
    expect([planned.possible, planned.changes]).toEqual([true, 22]);
    expect(calls.filter(isWrite)).toEqual([]);
    // Nothing that is yet to be made is asked for.
    expect(calls.filter(({ status }) => status === 404)).toEqual([]);
    const asked = calls.map(({ method, region, path }) => `${method} ${region} ${withoutIds(path)}`);
    expect(asked.filter((call, index) => asked.indexOf(call) !== index)).toEqual([]);
  });

  test('its time is that of the longest path, to the last act', async () => {
    const { time } = await plan(tutorialSpec({ name: 'fresh' }));
    expect(time.path.at(-1)).toBe('left~right/awaitTunnel');
    expect(time.path).toContain('left/server');
    const { time: unchecked } = await plan(specOf('fresh'));
    expect(unchecked.path).toContain('left~right/left/siteConnection');
    expect(unchecked.seconds).toBeLessThan(time.seconds);
  });

  test('names that something else has already are a warning, and no other names are', async () => {
    // The clouds' decoys have the tutorial's names.
    const warnings = said(await plan(tutorialSpec({ name: 'fresh' })), 'warning');
    expect(warnings.join('\n')).toMatch(/names \(.*\): .* has these names already.*network left-network/);
    const names = Object.fromEntries(
      ['network', 'subnet', 'router', 'localEndpointGroup', 'peerEndpointGroup', 'vpnService', 'connection'].map(
        (kind) => [kind, `fresh-${kind}-{site}`],
      ),
    );
    const policies = { ikePolicy: 'fresh-ike', ipsecPolicy: 'fresh-ipsec' };
    expect(said(await plan(tutorialSpec({ name: 'fresh', names: { ...names, ...policies } })), 'warning')).toEqual([]);
  });

  test('it names the image and flavor that it would take, and says what it cannot know', async () => {
    const planned = await plan(tutorialSpec({ name: 'fresh' }));
    expect(said(planned, 'ok')).toContain('test VMs (left, right): image cirros, flavor m1.nano');
    const unknown = said(planned, 'unknown').join('\n');
    expect(unknown).toMatch(/external addresses \(left, right\): not known how many are left/);
    expect(unknown).toMatch(/console output \(left, right\): not known/);
  });
});

describe('what plan says, ensure does', () => {
  const DONE = { create: 'created', adopt: 'adopted', change: 'updated', share: 'shared', conflict: 'SpecConflict' };

  async function planThenMake(spec: Spec): Promise<VpnPlan> {
    const planned = await plan(spec);
    const ended = await make(spec);
    for (const [key, end] of ended)
      expect([key, end]).toEqual([key, DONE[stepAt(planned, key).action as keyof typeof DONE]]);
    if (planned.possible) expect(ended.size).toBe(actionsOf(planned).size);
    return planned;
  }

  test('makes all, then finds all, then changes what differs and names each field', async () => {
    await planThenMake(specOf('told'));
    const again = await planThenMake(specOf('told', { check: 'none' }));
    expect([again.changes, new Set(actionsOf(again).values())]).toEqual([0, new Set(['adopt'])]);
    const changed = { ...leftSubnet({ cidr: '10.1.0.0/24', gateway: '10.1.0.1' }), connection: { mtu: 1400 } };
    const planned = await planThenMake(specOf('told', changed));
    expect(planned.changes).toBe(3);
    expect(stepAt(planned, 'left/subnet').fields).toEqual([
      { field: 'dns_nameservers', have: ['8.8.8.8'], want: [], inPlace: true },
    ]);
    expect(stepAt(planned, 'left~right/right/siteConnection').fields).toMatchObject([{ field: 'mtu', want: 1400 }]);
  });

  test('all conflicts are told at once, with every field, and the first of them is what ensure fails of', async () => {
    await make(specOf('fixed'));
    const conflictsOf = ({ steps }: VpnPlan) =>
      steps.filter(({ action }) => action === 'conflict').map(({ key }) => key);
    const planned = await planThenMake(specOf('fixed', { profile: 'sound' }));
    expect(planned.possible).toBe(false);
    expect(conflictsOf(planned).sort()).toEqual([
      'left/ikePolicy',
      'left/ipsecPolicy',
      'right/ikePolicy',
      'right/ipsecPolicy',
    ]);
    const moved = specOf('fixed', { ...leftSubnet({ cidr: '10.3.0.0/24', gateway: '10.3.0.1' }), profile: 'sound' });
    await expect(make(moved)).rejects.toMatchObject({ type: 'SpecConflict' });
    const plannedToo = await plan(moved);
    expect(said(plannedToo, 'problem').join()).toMatch(
      /sites\.left\.network\.subnets: 10\.1\.0\.0\/24 \(subnet left-subnet, \S+\) is the one that this site was made with/,
    );
    expect(conflictsOf(plannedToo).sort()).toEqual([
      'left/ikePolicy',
      'left/ipsecPolicy',
      'left/subnet',
      'right/ikePolicy',
      'right/ipsecPolicy',
    ]);
    expect(stepAt(planned, 'left/ikePolicy').fields.map(({ field }) => field)).toEqual([
      'ike_version',
      'encryption_algorithm',
      'auth_algorithm',
      'pfs',
    ]);
  });

  test('other subnets: what comes, what goes, and which endpoint groups others take the place of', async () => {
    const { sites } = tutorialSpec() as { sites: Spec };
    const withSubnets = (...cidrs: string[]) => {
      const left = { region: 'dbl', network: { subnets: cidrs.map((cidr) => ({ cidr })) } };
      return specOf('told', { sites: { ...sites, left }, connection: { mtu: 1400 } });
    };
    // What the test before this one has made gets a second subnet.
    const ended = await make(withSubnets('10.1.0.0/24', '10.1.1.0/24'));
    expect([ended.get('left/localEndpointGroup'), ended.get('left~right/left/siteConnection')]).toEqual([
      'created',
      'updated',
    ]);
    const planned = await plan(withSubnets('10.1.0.0/24', '10.1.2.0/24'));
    const changes = [...actionsOf(planned)].filter(([, action]) => action !== 'adopt');
    expect(Object.fromEntries(changes)).toEqual({
      'left/subnet:10.1.2.0-24': 'create',
      'left/routerInterface:10.1.2.0-24': 'create',
      'left/localEndpointGroup': 'replace',
      'left~right/right/peerEndpointGroup': 'replace',
      'left~right/left/siteConnection': 'change',
      'left~right/right/siteConnection': 'change',
      'left/subnet:10.1.1.0-24': 'remove',
      'left/routerInterface:10.1.1.0-24': 'remove',
    });
    expect([planned.possible, planned.changes]).toEqual([true, 8]);
    const group = stepAt(planned, 'left~right/right/peerEndpointGroup');
    expect(group.fields).toEqual([
      {
        field: 'endpoints',
        have: ['10.1.0.0/24', '10.1.1.0/24'],
        want: ['10.1.0.0/24', '10.1.2.0/24'],
        inPlace: true,
      },
    ]);
    expect(group.reason).toMatch(/another one takes its place/);
    expect(stepAt(planned, 'left/subnet:10.1.1.0-24').reason).toMatch(/the spec has it no more/);
  });

  test('what was removed by hand is to be made, and what named it can only follow if the API lets it', async () => {
    await make(specOf('holed'));
    const region = simulator.regions.get('dbl');
    const policy = region?.rows('ikepolicy').find((row) => String(row.description).includes('vpn=holed'));
    if (policy === undefined) throw new Error('no policy');
    // As if it were someone else's.
    policy.description = '';
    const planned = await planThenMake(specOf('holed'));
    expect(stepAt(planned, 'left/ikePolicy').action).toBe('create');
    expect(stepAt(planned, 'left~right/left/siteConnection')).toMatchObject({
      action: 'conflict',
      fields: [{ field: 'ikepolicy_id', have: policy.id, want: '(known after apply)', inPlace: false }],
    });
  });

  test("over an existing router someone else's service is shared, and one with a subnet is a conflict in words", async () => {
    await makeNetwork(simulator, 'given', '10.8.0.0/24');
    const { sites } = tutorialSpec() as { sites: Spec };
    const right = { region: 'cbk', network: { router: 'given-router', subnets: ['given-subnet'] } };
    const spec = specOf('over', { sites: { ...sites, right } });
    expect(stepAt(await plan(spec), 'right/vpnService').action).toBe('create');
    const region = simulator.regions.get('cbk');
    const row = (table: 'router' | 'subnet') => region?.rows(table).find(({ name }) => name === `given-${table}`);
    const service = simulator.seed('cbk', 'vpnservice', {
      name: 'theirs',
      router_id: row('router')?.id,
      subnet_id: null,
      external_v4_ip: '172.24.5.9',
      admin_state_up: true,
      status: 'ACTIVE',
    });
    const planned = await planThenMake(spec);
    expect(stepAt(planned, 'right/vpnService')).toMatchObject({ action: 'share', id: service.id });
    expect(planned.sites[1]?.existing).toContainEqual(
      expect.objectContaining({ part: 'subnet', name: 'given-subnet', cidr: '10.8.0.0/24' }),
    );
    service.subnet_id = row('subnet')?.id;
    const refused = stepAt(await plan(spec), 'right/vpnService');
    await expect(make(spec)).rejects.toMatchObject({ type: 'SpecConflict' });
    expect([refused.action, refused.id]).toEqual(['conflict', service.id]);
    expect(refused.reason).toContain('Missing peer CIDRs');
    // A service that has no address gives a new connection none to name.
    service.subnet_id = null;
    service.external_v4_ip = null;
    expect(stepAt(await plan({ ...spec, name: 'late' }), 'left~right/left/siteConnection')).toMatchObject({
      action: 'conflict',
      reason: expect.stringContaining('has no external IPv4 address'),
    });
  });

  describe('the older way', () => {
    // Left standing, these would use up the quotas of the tests below.
    let before: ReadonlyMap<string, ReturnType<NonNullable<ReturnType<Simulator['regions']['get']>>['copy']>>;

    beforeEach(() => {
      before = new Map([...simulator.regions].map(([name, region]) => [name, region.copy()]));
    });

    afterEach(() => {
      for (const [name, tables] of before) simulator.regions.get(name)?.restore(tables);
    });

    test('a service for the older way is shared, and its mode told; several that are not all ours are a conflict that lists them', async () => {
      await makeNetwork(simulator, 'older', '10.9.0.0/24');
      const first = await makeService(simulator, 'older', 'older-subnet');
      const { sites } = tutorialSpec() as { sites: Spec };
      const right = { region: 'cbk', network: { router: 'older-router', subnets: ['older-subnet'] } };
      const spec = specOf('older', { sites: { ...sites, right } });
      const planned = await planThenMake(spec);
      expect(planned.sites.map(({ mode }) => mode)).toEqual(['endpoint-groups', 'legacy']);
      expect(stepAt(planned, 'right/vpnService')).toMatchObject({ action: 'share', id: first });
      expect([...actionsOf(planned).keys()].filter((key) => key.includes('EndpointGroup'))).toHaveLength(2);
      expect((await planThenMake(spec)).changes).toBe(0);
      // The API takes a second one, sadly.
      const second = await makeService(simulator, 'older', 'older-subnet');
      const refused = stepAt(await plan(spec), 'right/vpnService');
      expect(refused.action).toBe('conflict');
      for (const said of [
        `(${first}), used by 1 connections`,
        `(${second}), used by no connections`,
        'Remove all but one',
      ])
        expect(refused.reason).toContain(said);
      await expect(make(spec)).rejects.toMatchObject({ type: 'SpecConflict' });
      // Someone else's, in use, beside one of ours in use: each overwrites the other's tunnels.
      const region = simulator.regions.get('cbk');
      const ours = region?.get('vpnservice', second);
      Object.assign(ours ?? {}, { description: `regionlink owner=test@default step=router:${ours?.router_id} run=1` });
      expect(stepAt(await plan(spec), 'right/vpnService').action).toBe('share');
      simulator.seed('cbk', 'ipsec_site_connection', { vpnservice_id: second, peer_cidrs: [] });
      expect(stepAt(await plan(spec), 'right/vpnService').action).toBe('conflict');
    });

    test('a VPN that stands with endpoint groups is not changed to the older way: its services say so, or its groups', async () => {
      await make(specOf('grouped'));
      const older = specOf('grouped', { mode: 'legacy' });
      const planned = await plan(older);
      expect(stepAt(planned, 'left/vpnService')).toMatchObject({
        action: 'conflict',
        reason: expect.stringContaining('Peer CIDRs cannot be specified, when using endpoint groups'),
      });
      await expect(make(older)).rejects.toMatchObject({ type: 'SpecConflict' });
      for (const region of simulator.regions.values()) {
        const ofIt = (row: { readonly [field: string]: unknown }) => String(row.description).includes('vpn=grouped');
        const connection = region.rows('ipsec_site_connection').find(ofIt);
        for (const [table, id] of [
          ['vpnservice', connection?.vpnservice_id],
          ['ipsec_site_connection', connection?.id],
        ] as const)
          region.delete(table, String(id));
      }
      expect(said(await plan(older), 'problem').join()).toMatch(
        /sites\.left\.mode: the VPN that stands joins its networks by endpoint groups.*sites\.right\.mode: /,
      );
      expect((await plan(specOf('grouped'))).possible).toBe(true);
    });
  });

  test('a key that differs is told without its values', async () => {
    await make(specOf('keyed'));
    const connection = simulator.regions
      .get('dbl')
      ?.rows('ipsec_site_connection')
      .find((row) => String(row.description).includes('vpn=keyed'));
    if (connection === undefined) throw new Error('no connection');
    connection.psk = 'another-psk-5d1e';
    const planned = await plan(specOf('keyed'));
    expect(stepAt(planned, 'left~right/left/siteConnection').fields).toEqual([{ field: 'psk', inPlace: true }]);
    expect(JSON.stringify(planned)).not.toContain('another-psk-5d1e');
  });
});

describe('what a cloud cannot', () => {
  const ofDbl = () => {
    const region = simulator.regions.get('dbl');
    if (region === undefined) throw new Error('no region');
    return region;
  };

  test('a quota that is too small is a problem, with how much is needed and left', async () => {
    const { id } = simulator.seed('dbl', 'router', { name: 'measure', external_gateway_info: null });
    const project = String(ofDbl().get('router', id)?.project_id);
    const used = ofDbl()
      .rows('router')
      .filter((row) => row.project_id === project).length;
    ofDbl().quotas.set(
      project,
      new Map([
        ['router', used],
        ['instances', 0],
        ['endpoint_group', -1],
      ]),
    );
    const planned = await plan(tutorialSpec({ name: 'short' }));
    ofDbl().quotas.delete(project);
    expect(planned.possible).toBe(false);
    expect(said(planned, 'problem')).toEqual([
      `network quota (left): router: 1 needed, 0 left (${used} of ${used} used)`,
      'compute quota (left): instances: 1 needed, 0 left (0 of 0 used)',
    ]);
  });

  test('a quota that is not shown is not known', async () => {
    for (const path of ['^/v2.0/quotas/', '^/v2.1/limits$'])
      simulator.faults.add({
        method: 'GET',
        path,
        region: 'dbl',
        fault: { kind: 'answer', status: 403, effect: false },
      });
    const planned = await plan(tutorialSpec({ name: 'short' }));
    simulator.faults.clear();
    expect(planned.possible).toBe(true);
    expect(said(planned, 'unknown').filter((line) => /quota \(left\).*403/.test(line))).toHaveLength(2);
  });

  test('ciphers that it does not offer, or perhaps no longer', async () => {
    const spec = specOf('modern', { ike: { encryption: 'aes-256-gcm-16', pfs: 'group19' } });
    const ofCiphers = (planned: VpnPlan) => said(planned, 'problem').filter((line) => line.startsWith('ciphers'));
    const old = await plan(spec);
    expect(old.possible).toBe(false);
    expect(ofCiphers(old)).toEqual([
      'ciphers (left, right): ike.encryption aes-256-gcm-16 is not offered',
      'ciphers (left, right): ike.pfs group19 is not offered',
    ]);
    ofDbl().extensions.add('vpn-aes-ctr');
    const newer = await plan(spec);
    ofDbl().extensions.delete('vpn-aes-ctr');
    expect(ofCiphers(newer)).toEqual(ofCiphers(old).map((line) => line.replace('left, right', 'right')));
    expect(said(newer, 'unknown').join('\n')).toMatch(
      /ciphers \(left\): ike.auth sha1: not known .*2026\.2 has dropped/,
    );
  });

  test('problems of all sites are told at once, and no steps are made up', async () => {
    const planned = await plan(
      tutorialSpec({ name: 'lost', externalNetwork: 'mars', check: { via: 'console', image: 'none', flavor: 'vast' } }),
    );
    expect([planned.possible, planned.steps]).toEqual([false, []]);
    const problems = said(planned, 'problem').join('\n');
    for (const site of ['left', 'right'])
      for (const what of ['external network "mars"', 'image "none"', 'flavor "vast"'])
        expect(problems).toContain(`site ${site}: ${what} is not known`);
  });

  test('a region that no catalog has is told with the site that names it', async () => {
    const { sites } = tutorialSpec() as { sites: Spec };
    const planned = await plan(
      tutorialSpec({ name: 'lost', sites: { ...sites, right: { ...(sites.right as object), region: 'mars' } } }),
    );
    expect(said(planned, 'problem')).toEqual([
      expect.stringMatching(/^sites \(\): site right: cloud .* has no network service .* in region "mars"/),
    ]);
  });

  test('a console that can be read is found out from a VM that runs', async () => {
    const { id: flavor } = ofDbl().rows('flavor')[0] ?? {};
    const server = simulator.seed('dbl', 'server', {
      name: 'theirs',
      status: 'ACTIVE',
      metadata: {},
      flavor: { id: flavor },
    });
    const ask = { method: 'POST', path: '/action$', region: 'dbl' } as const;
    simulator.faults.add({ ...ask, fault: { kind: 'answer', status: 200, body: { output: '' }, effect: false } });
    expect(said(await plan(tutorialSpec({ name: 'heard' })), 'ok')).toContain(
      'console output (left): can be read, as that of theirs can',
    );
    simulator.faults.add({
      ...ask,
      fault: { kind: 'answer', status: 501, body: { notImplemented: { message: 'no console' } }, effect: false },
    });
    expect(said(await plan(tutorialSpec({ name: 'heard' })), 'problem').join('\n')).toMatch(
      /console output \(left\): .*501 notImplemented: no console/,
    );
    server.status = 'SHUTOFF';
  });

  test('a flavor too small for its image is refused with those that fit; one without a disk is not chosen', async () => {
    const image = { status: 'active', visibility: 'public', disk_format: 'qcow2', container_format: 'bare' };
    simulator.seed('dbl', 'image', { ...image, name: 'large', size: 3 * 2 ** 30, min_ram: 256, min_disk: 0 });
    simulator.seed('dbl', 'flavor', { name: 'diskless', ram: 256, disk: 0, vcpus: 1 });
    simulator.seed('dbl', 'flavor', { name: 'roomy', ram: 512, disk: 4, vcpus: 1 });
    const { sites } = tutorialSpec() as { sites: Spec };
    const both = { left: sites.left, right: { region: 'dbl', network: { subnets: [{ cidr: '10.2.0.0/24' }] } } };
    const check = { via: 'console', image: 'large' };
    const chosen = await plan(tutorialSpec({ name: 'sized', sites: both, check }));
    expect(said(chosen, 'ok').join('\n')).toContain('image large, flavor roomy');
    const named = await plan(tutorialSpec({ name: 'sized', sites: both, check: { ...check, flavor: 'm1.nano' } }));
    expect(said(named, 'problem').join('\n')).toMatch(
      /flavor m1.nano .* is too small for image large .*candidates: diskless, roomy/,
    );
    const diskless = await plan(tutorialSpec({ name: 'sized', sites: both, check: { ...check, flavor: 'diskless' } }));
    expect(said(diskless, 'unknown').join('\n')).toMatch(/flavor diskless: not known whether a flavor without a disk/);
  });
});

test('doctor tells of each region what it can, and one that is away keeps no other from being told', async () => {
  simulator.faults.add({
    method: 'GET',
    path: '^/v2.0/',
    region: 'dbl',
    times: 1_000,
    fault: { kind: 'answer', status: 503, effect: false },
  });
  const { places } = await run<ExamineOutput>('examineClouds');
  simulator.faults.clear();
  const [cbk, dbl] = places;
  expect([cbk?.region, dbl?.region]).toEqual(['cbk', 'dbl']);
  expect(cbk?.findings.filter(({ verdict }) => verdict === 'problem')).toEqual([]);
  const about = cbk?.findings.map((finding) => finding.about);
  expect(new Set(about)).toEqual(
    new Set([
      'login',
      'endpoint',
      'VPNaaS',
      'VPN plugin',
      'ciphers',
      'VPN objects',
      'external network',
      'external addresses',
      'network quota',
      'test VMs',
      'console output',
    ]),
  );
  expect(dbl?.findings.find((finding) => finding.about === 'VPNaaS')?.verdict).toBe('problem');
  expect(
    dbl?.findings.filter(({ said: text }) => text.includes('no usable answer')).map(({ said: text }) => text),
  ).toEqual(['the network service gives no usable answer: 503 no reason given']);
});
