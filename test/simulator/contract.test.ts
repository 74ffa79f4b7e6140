/** The simulator against what a real cloud answered. The same tests run against a real one by `npm run test:openstack`. */
import { afterAll, beforeAll, describe } from 'vitest';
import { FAST_DELAYS, type Simulator, startSimulator } from '../../src/simulator/index.js';
import { neutronContract } from '../contract/neutron.js';
import { novaContract } from '../contract/nova.js';
import { Target } from '../contract/target.js';

describe.sequential('Neutron', () => {
  let simulator: Simulator;
  beforeAll(async () => {
    const delays = { ...FAST_DELAYS, agentMs: 200 };
    simulator = await startSimulator({ regions: ['left', 'right'], delays, ownVpnAddress: [] });
  });
  afterAll(() => simulator.stop());
  neutronContract(() => Target.known(simulator.authUrl));
});

describe.sequential('Nova and Glance', () => {
  let simulator: Simulator;
  beforeAll(async () => {
    simulator = await startSimulator({ regions: ['left', 'right'], delays: FAST_DELAYS });
    for (const region of simulator.regions.values()) {
      // The recorded cloud had one image and one flavor.
      for (const image of region.rows('image')) image.name = image.name === 'cirros' ? 'labvm' : image.name;
      for (const flavor of region.rows('flavor')) if (flavor.name !== 'm1.nano') region.delete('flavor', flavor.id);
    }
  });
  afterAll(() => simulator.stop());
  novaContract(() => Target.known(simulator.authUrl));
});
