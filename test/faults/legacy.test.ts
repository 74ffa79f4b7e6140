/** Single faults over a VPN without endpoint groups: on the writes that the older way changes, each in one region. */
import type { CallCase } from './cases.js';
import { everyCallMeetsEveryFault } from './single-faults.js';

const LEGACY = { mode: 'legacy' };

const isWriteOn = (collection: string, region: string) => (call: CallCase) =>
  call.writes && call.region === region && call.path.includes(collection);

const isService = isWriteOn('vpnservices', 'dbl');
const isConnection = isWriteOn('ipsec-site-connections', 'cbk');

everyCallMeetsEveryFault(
  [
    {
      name: 'a provision the older way',
      ground: 'bare',
      operation: 'provision',
      start: (place) => place.provision({ check: 'none', ...LEGACY }),
      ends: 'COMPLETED',
      calls: (calls) => calls.filter((call) => isService(call) || isConnection(call)),
    },
    {
      name: 'a destroy the older way',
      ground: 'standing',
      operation: 'destroy',
      start: (place) => place.destroy(),
      ends: 'COMPLETED',
      calls: (calls) => calls.filter(isConnection),
    },
  ],
  { spec: LEGACY },
);
