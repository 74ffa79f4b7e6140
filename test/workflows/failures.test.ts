/** What a run's failure tells to do about what it has left. */
import { expect, test } from 'vitest';
import { toFinish } from '../../src/workflows/failures.js';
import type { Leftover } from '../../src/workflows/protocol.js';

const left = (kind: Leftover['kind'], region = 'dbl'): Leftover => ({ kind, region, name: 'x', id: '1', reason: 'no' });

test.each([
  ['its router stands', [left('vpnService'), left('router')], 'regionlink destroy'],
  ['its connection stands', [left('vpnService'), left('siteConnection')], 'regionlink destroy'],
  ['it is alone', [left('vpnService')], 'regionlink sweep'],
  [
    'only another region has more',
    [left('vpnService'), left('router', 'cbk')],
    'regionlink destroy, then regionlink sweep',
  ],
])('a VPN service that is left is finished by what finds it: %s', (_, leftovers, commands) => {
  expect(toFinish(leftovers, 'regionlink destroy')).toMatch(new RegExp(`then run: ${commands}$`));
});
