/** What a run's failure tells to do about what it has left. */
import { expect, test } from 'vitest';
import { toFinish } from '../../src/workflows/failures.js';
import type { Leftover } from '../../src/workflows/protocol.js';

const left = (kind: Leftover['kind'], region = 'dbl'): Leftover => ({ kind, region, name: 'x', id: '1', reason: 'no' });

const DESTROY = 'regionlink destroy';
const SWEEP = `${DESTROY}; and regionlink sweep, where the VPN service was made for another VPN`;

test.each([
  ['its router stands', [left('vpnService'), left('router')], DESTROY],
  ['its connection stands', [left('vpnService'), left('siteConnection')], DESTROY],
  ['it is alone', [left('vpnService')], SWEEP],
  ['only another region has more', [left('vpnService'), left('router', 'cbk')], SWEEP],
])('a VPN service that is left is finished by what finds it: %s', (_, leftovers, commands) => {
  expect(toFinish(leftovers, DESTROY).split('then run: ')[1]).toBe(commands);
});
