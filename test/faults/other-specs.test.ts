/**
 * Single faults over another spec than the tutorial's: two subnets that exist already, joined to an external site. On what it does that the tutorial
 * does not, and over clouds of which the existing network must stay as it is.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Simulator } from '../../src/simulator/index.js';
import { makeNetworkIn } from '../support/existing-network.js';
import { addPeer } from '../support/external-peers.js';
import type { Lane } from './lanes.js';
import { record } from './other-calls.js';
import { everyCallMeetsEveryFault } from './single-faults.js';

const REGION = 'dbl';
const OURS = ['10.1.0.0/24', '10.1.1.0/24'];
const OFFICE = { address: '203.0.113.10', cidrs: ['10.2.0.0/24'] };
const PSK = 'as-both-ends-were-told-51c8';

const pskFile = join(mkdtempSync(join(tmpdir(), 'other-specs-')), 'psk');
writeFileSync(pskFile, PSK, { mode: 0o600 });

/** Several subnets need IKEv2, so the profile is not the tutorial's; nor is it in what is compared. */
const PROFILE = { check: 'none', profile: 'sound' };
const SPEC = {
  ...PROFILE,
  psk: { file: pskFile },
  sites: {
    left: { region: REGION, network: { router: 'own-router', subnets: ['own-subnet', 'own-subnet2'] } },
    right: { external: OFFICE },
  },
};

/** The network as its owner made it, and the office's gateway, set up for the address that its router has. */
async function furnish(simulator: Simulator): Promise<void> {
  await makeNetworkIn(REGION, simulator, 'own', ...OURS);
  const router = simulator.regions
    .get(REGION)
    ?.rows('router')
    .find((row) => row.name === 'own-router');
  const gateway = router?.external_gateway_info as { external_fixed_ips: readonly { ip_address: string }[] };
  const [address] = gateway.external_fixed_ips;
  if (address === undefined) throw new Error('own-router has no address');
  const policy = { encryption_algorithm: 'aes-256', auth_algorithm: 'sha256', pfs: 'group14' };
  await addPeer(simulator, {
    ...OFFICE,
    peer: { address: address.ip_address, cidrs: OURS },
    psk: PSK,
    ike: { ...policy, ike_version: 'v2', phase1_negotiation_mode: 'main' },
    ipsec: { ...policy, transform_protocol: 'esp', encapsulation_mode: 'tunnel' },
  });
}

const tutorial = (lane: Lane) => lane.provision(PROFILE);
const destroy = (lane: Lane) => lane.destroy();

everyCallMeetsEveryFault(
  [
    {
      name: 'a provision of an existing network and an external site',
      ground: 'bare',
      operation: 'provision',
      start: (place) => place.provision(SPEC),
      ends: 'COMPLETED',
      async beyond(lane) {
        lane.reset('bare');
        return record(lane, tutorial);
      },
    },
    {
      name: 'a destroy of an existing network and an external site',
      ground: 'standing',
      operation: 'destroy',
      start: destroy,
      ends: 'COMPLETED',
      async beyond(lane) {
        lane.reset('bare');
        await lane.bed.end(await tutorial(lane));
        return record(lane, destroy);
      },
    },
  ],
  { spec: SPEC, furnish },
);
