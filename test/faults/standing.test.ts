/** Single faults over a VPN that stands: while it is proven, and while it is changed. */
import type { CallCase } from './cases.js';
import { everyCallMeetsEveryFault } from './scenarios.js';

/** What the API can change in place, so that rollback has something to set back. */
const CHANGED = { check: 'none', connection: { mtu: 1_400 } };

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
    calls: ofCheck,
  },
  {
    name: 'a check by SSH',
    ground: 'standing',
    operation: 'provision',
    start: (lane) => lane.bed.provision(lane.name, { check: 'ssh' }),
    ends: 'COMPLETED',
    // What a check by console does not call: the floating IP, and a second rule.
    calls: ({ path, writes, skip }) =>
      /floatingips/.test(path) || (writes && /security-group-rules/.test(path) && skip === 1),
  },
  {
    name: 'an apply of a changed spec',
    ground: 'standing',
    operation: 'provision',
    start: (lane) => lane.bed.provision(lane.name, CHANGED),
    ends: 'COMPLETED',
    calls: (call) => call.writes,
    also: (lane) =>
      [...lane.bed.simulator.regions.values()]
        .flatMap((region) => region.rows('ipsec_site_connection'))
        .flatMap((row) =>
          row.mtu === CHANGED.connection.mtu ? [] : [`mtu of ${String(row.name)} is ${String(row.mtu)}`],
        ),
  },
]);
