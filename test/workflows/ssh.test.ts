/**
 * The check by SSH, over real connections to the simulator's VMs: proven both ways through one floating IP, and nothing of it left.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeNetwork } from '../support/existing-network.js';
import { REGIONS, TestBed } from '../support/test-bed.js';

let bed: TestBed;

beforeAll(async () => {
  bed = await TestBed.start();
}, 120_000);

afterAll(() => bed.stop());

test('proven both ways through one floating IP, and the clouds keep the VPN alone', async () => {
  const before = bed.simulator.snapshot();
  const mark = bed.simulator.log.length;
  const { messages, result } = await bed.end(await bed.provision('by-ssh', { check: 'ssh' }));
  expect(messages).toEqual([]);
  const writes = bed.writesSince(mark);
  expect(writes.filter((write) => write.includes('floatingips'))).toEqual([
    'POST dbl /v2.0/floatingips',
    'DELETE dbl /v2.0/floatingips/{id}',
  ]);
  expect(result?.links[0]?.ping).toMatchObject([
    { from: 'left', to: 'right', lossPercent: 0, sent: 5, through: expect.stringMatching(/^172\.24\.4\.\d+$/) },
    { from: 'right', to: 'left', lossPercent: 0, sent: 5 },
  ]);
  for (const region of REGIONS) expect(bed.simulator.regions.get(region)?.rows('floatingip')).toEqual([]);
  expect((await bed.end(await bed.destroy('by-ssh'))).messages).toEqual([]);
  expect(bed.simulator.snapshot()).toEqual(before);
}, 60_000);
