/**
 * How long steps take on a usual cloud: what a plan reckons with. Measured on OpenStack Zed (ML2/OVS, strongSwan) and rounded up; `npm run bench:openstack`
 * prints a cloud's own.
 * The rule: an estimate for people. Nothing waits by these numbers.
 */
import type { StepKind } from './types.js';

/** In seconds, of a step that makes its resource, or of an act. */
export const TYPICAL_SECONDS: Readonly<Record<StepKind, number>> = {
  network: 1,
  subnet: 1,
  router: 1,
  externalGateway: 6,
  routerInterface: 2,
  ikePolicy: 0.5,
  ipsecPolicy: 0.5,
  vpnService: 1,
  localEndpointGroup: 0.5,
  peerEndpointGroup: 0.5,
  // Most of it waits until an agent has plugged the router's leg.
  siteConnection: 4,
  securityGroup: 0.5,
  securityGroupRule: 0.5,
  sshRule: 0.5,
  port: 1,
  server: 15,
  floatingIp: 2,
  // From the connections to the first sequence of pings that all answer.
  ping: 25,
  awaitTunnel: 15,
};

/** In seconds, of a step that finds all as it should be. */
export const LOOK_SECONDS = 0.2;

/** In seconds, to remove a test VM, and anything else of a check. */
export const REMOVAL_SECONDS = { server: 5, other: 0.5 } as const;
