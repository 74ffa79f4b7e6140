/** Ends whose mode is legacy: no endpoint groups, and the subnet and the range where the older way has them. */
import { expect, test } from 'vitest';
import { keysOf, stepAt, stepsOf } from './graphs.js';

const groups = (keys: readonly string[]) => keys.filter((key) => key.includes('EndpointGroup'));
const other = (keys: readonly string[]) => keys.filter((key) => !key.includes('EndpointGroup'));

test('at both ends: the steps of the tutorial without its groups', () => {
  const steps = keysOf(stepsOf('tutorial', { mode: 'legacy' }));
  expect([...steps].sort()).toEqual([...other(keysOf(stepsOf('tutorial')))].sort());
});

test('the VPN service and its connection name the subnet, the connection the range of the peer', () => {
  const steps = stepsOf('tutorial', { mode: 'legacy' });
  expect(stepAt(steps, 'left/vpnService')).toMatchObject({ want: { mode: 'legacy' } });
  expect(stepAt(steps, 'left/vpnService').needs).toContain('left/subnet');
  const connection = stepAt(steps, 'left~right/left/siteConnection');
  expect(connection).toMatchObject({ want: { peerCidrs: ['10.2.0.0/24'] } });
  expect(connection.needs).toContain('left/subnet');
});

test('at one end: the other keeps its groups', () => {
  const site = (region: string, cidr: string) => ({ region, network: { subnets: [{ cidr }] } });
  const sites = { left: { ...site('dbl', '10.1.0.0/24'), mode: 'legacy' }, right: site('cbk', '10.2.0.0/24') };
  const steps = stepsOf('tutorial', { sites });
  expect(groups(keysOf(steps))).toEqual(['left~right/right/peerEndpointGroup', 'right/localEndpointGroup']);
  expect(stepAt(steps, 'left~right/right/siteConnection')).not.toHaveProperty('want.peerCidrs');
  expect(stepAt(steps, 'right/vpnService').needs).not.toContain('right/subnet');
});
