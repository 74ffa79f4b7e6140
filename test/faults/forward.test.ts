/** Single faults on the way forward: making a VPN, proving it, and changing one that stands. */
import { everyCallMeetsEveryFault } from './scenarios.js';

/** What the API can change in place, so that rollback has something to set back. */
const CHANGED = { check: 'none', connection: { mtu: 1_400 } };

everyCallMeetsEveryFault([
  {
    name: 'a provision',
    ground: 'bare',
    operation: 'provision',
    start: (lane) => lane.bed.provision(lane.name, { check: 'none' }),
    ends: 'COMPLETED',
  },
  {
    name: 'a check by ping',
    ground: 'standing',
    operation: 'provision',
    start: (lane) => lane.bed.provision(lane.name, { check: 'console' }),
    ends: 'COMPLETED',
    calls: (call) => call.writes && /servers|ports|security-group/.test(call.path),
  },
  {
    name: 'a check by SSH',
    ground: 'standing',
    operation: 'provision',
    start: (lane) => lane.bed.provision(lane.name, { check: 'ssh' }),
    ends: 'COMPLETED',
    // What a check by console does not call: the floating IP, and a second rule.
    calls: (call) =>
      call.writes && (/floatingips/.test(call.path) || (/security-group-rules/.test(call.path) && call.skip === 1)),
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
