/** What is said of the ways on which no ping gets through. */
import { expect, test } from 'vitest';
import { inWords, type Vm } from '../../src/activities/prove/prover.js';
import type { Region } from '../../src/openstack/region.js';

const vm = (site: string, subnet?: string): Vm => ({
  site,
  name: site,
  region: {} as Region,
  id: '',
  address: '',
  subnet,
});

test('where nothing answers it is the link, where some ways do not it is those', () => {
  expect(inWords('left~right', [])).toBe('left~right');
  const [left, right] = [vm('left', '10.1.1.0/24'), vm('right', '10.2.0.0/24')];
  const ways = [
    { from: left, to: right },
    { from: right, to: left },
  ];
  expect(inWords('left~right', ways)).toBe(
    'left~right from left (10.1.1.0/24) to right (10.2.0.0/24), right (10.2.0.0/24) to left (10.1.1.0/24), though others did,',
  );
  expect(inWords('left~right', [{ from: vm('left'), to: vm('right') }])).toBe(
    'left~right from left to right, though others did,',
  );
});
