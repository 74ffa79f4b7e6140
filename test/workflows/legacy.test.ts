/** The older way: a VPN service with a subnet, and connections with ranges instead of endpoint groups; said, or because a router's service is such a one. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeNetwork, makeService } from '../support/existing-network.js';
import { TestBed, tutorialSpec } from '../support/test-bed.js';

let bed: TestBed;

beforeAll(async () => {
  bed = await TestBed.start();
  await makeNetwork(bed.simulator, 'own', '10.7.0.0/24', '10.7.1.0/24');
}, 120_000);

afterAll(() => bed.stop());

/** The tutorial's left site, and an existing network on the right. */
function over(...subnets: readonly string[]): Record<string, unknown> {
  const { sites } = tutorialSpec() as { sites: Record<string, unknown> };
  return { sites: { ...sites, right: { region: 'cbk', network: { router: 'own-router', subnets } } } };
}

async function apply(name: string, changes: Record<string, unknown>) {
  const mark = bed.simulator.log.length;
  const ended = await bed.end(await bed.provision(name, changes));
  return { ...ended, text: ended.messages.join('\n'), writes: bed.writesSince(mark) };
}

const connections = (region: string) => bed.simulator.regions.get(region)?.rows('ipsec_site_connection') ?? [];

test('both ends of a new VPN: no endpoint group is made, a ping proves it, and it can be applied again, not changed, and destroyed', async () => {
  const before = bed.simulator.snapshot();
  const made = await apply('older', { mode: 'legacy' });
  expect([made.messages, made.result?.proof]).toEqual([[], 'proven']);
  expect(made.writes.filter((write) => write.includes('endpoint-groups'))).toEqual([]);
  expect(connections('dbl')).toMatchObject([{ peer_cidrs: ['10.2.0.0/24'], local_ep_group_id: null }]);
  for (const changes of [{ mode: 'legacy', check: 'none' }, { check: 'none' }]) {
    const again = await apply('older', changes);
    expect([again.messages, again.writes]).toEqual([[], []]);
  }
  const changed = await apply('older', { mode: 'endpoint-groups', check: 'none' });
  expect([changed.type, changed.writes]).toEqual(['SpecConflict', []]);
  for (const region of ['dbl', 'cbk'])
    expect(changed.text).toMatch(new RegExp(`in ${region} has the VPN service .*Missing peer CIDRs.*destroy the VPNs`));
  expect((await bed.end(await bed.destroy('older'))).messages).toEqual([]);
  expect(bed.simulator.snapshot()).toEqual(before);
}, 60_000);

test("an existing router's service with a subnet is shared that way, facing endpoint groups, and left when the VPN goes", async () => {
  const service = await makeService(bed.simulator, 'own', 'own-subnet');
  const before = bed.simulator.snapshot();
  const { messages, result } = await apply('shared', over('own-subnet'));
  expect([messages, result?.proof]).toEqual([[], 'proven']);
  const actions = new Map(result?.sites[1]?.resources.map(({ kind, action }) => [kind, action]));
  expect(actions).toEqual(
    new Map([
      ['ikePolicy', 'created'],
      ['ipsecPolicy', 'created'],
      ['vpnService', 'shared'],
      ['siteConnection', 'created'],
    ]),
  );
  expect(connections('cbk')).toMatchObject([{ vpnservice_id: service, peer_cidrs: ['10.1.0.0/24'] }]);
  expect(connections('dbl')).toMatchObject([{ peer_cidrs: [], local_ep_group_id: expect.any(String) }]);
  expect((await bed.end(await bed.destroy('shared'))).messages).toEqual([]);
  expect(bed.simulator.snapshot()).toEqual(before);
}, 60_000);

test('what does not fit that service is refused with the trap and the cure, before anything is touched', async () => {
  for (const [changes, said] of [
    [over('own-subnet', 'own-subnet2'), /no other, with one range of the peer.*Missing peer CIDRs/],
    [over('own-subnet2'), /Missing peer CIDRs/],
    [{ ...over('own-subnet2'), mode: 'legacy' }, /the spec has the subnet own-subnet2 \(\S+\)\. Name that one/],
    [{ ...over('own-subnet'), mode: 'endpoint-groups' }, /and mode: legacy or none, or use another router/],
  ] as const) {
    const { type, text, writes } = await apply('misfit', { ...changes, check: 'none' });
    expect([type, writes]).toEqual(['SpecConflict', []]);
    expect(text).toMatch(said);
  }
}, 60_000);
