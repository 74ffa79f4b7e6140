/** Single faults over a VPN that stands: while it is proven, and while it is changed. */
import { tutorialSpec } from '../support/test-bed.js';
import type { CallCase } from './cases.js';
import { everyCallMeetsEveryFault } from './scenarios.js';

/** What the API can change in place, so that rollback has something to set back; and a further subnet, so that endpoint groups change over. */
function changed(): Record<string, unknown> {
  const { sites } = tutorialSpec() as { sites: { left: { network: { subnets: readonly object[] } } } };
  const subnets = [...sites.left.network.subnets, { cidr: '10.1.1.0/24' }];
  const left = { ...sites.left, network: { ...sites.left.network, subnets } };
  return { check: 'none', connection: { mtu: MTU }, sites: { ...sites, left } };
}

const MTU = 1_400;

/** Calls that only a check makes: the rest is looked at as in any provision. */
const ofCheck = ({ path, writes }: CallCase) =>
  /servers|images|flavors|security-group|floatingips/.test(path) || (writes && /ports/.test(path));

everyCallMeetsEveryFault([
  {
    name: 'a check by ping',
    ground: 'standing',
    operation: 'provision',
    start: (lane) => lane.bed.provision(lane.name, { check: 'console' }),
    ends: 'COMPLETED',
    calls: (calls) => calls.filter(ofCheck),
  },
  {
    name: 'a check by SSH',
    ground: 'standing',
    operation: 'provision',
    start: (lane) => lane.bed.provision(lane.name, { check: 'ssh' }),
    ends: 'COMPLETED',
    // What a check by console does not call: the floating IP, and a second rule.
    calls: (calls) =>
      calls.filter(
        ({ path, writes, skip }) =>
          /floatingips/.test(path) || (writes && /security-group-rules/.test(path) && skip === 1),
      ),
  },
  {
    name: 'an apply of a changed spec',
    ground: 'standing',
    operation: 'provision',
    start: (lane) => lane.bed.provision(lane.name, changed()),
    ends: 'COMPLETED',
    calls: (calls) => calls.filter(({ writes }) => writes),
    also: (lane) =>
      [...lane.bed.simulator.regions.values()]
        .flatMap((region) => region.rows('ipsec_site_connection'))
        .flatMap((row) => (row.mtu === MTU ? [] : [`mtu of ${String(row.name)} is ${String(row.mtu)}`])),
  },
]);
