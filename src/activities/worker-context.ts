/**
 * What activities get from the worker they run on: its clouds, owner, keys and timing. One object a worker, built from its configuration.
 * The rule: a step opens its region here, so its pins are always compared first.
 */

import type { Clouds } from '../openstack/clouds-config.js';
import { type Region, Regions } from '../openstack/region.js';
import { RememberingRegion } from '../openstack/remembering-region.js';
import type { Traffic } from '../openstack/traffic.js';
import type { SitePins, Timing } from '../workflows/protocol.js';
import type { Attempt } from './attempt.js';
import { refuse } from './failures.js';
import type { KeyRing } from './key-ring.js';
import type { HttpProxy } from './prove/tcp.js';

export class WorkerContext {
  readonly regions: Regions;

  /** `owner`: configured owner and Temporal namespace, as marks have it. `env`: where a user's own PSK may come from. `sshProxy`: leads to floating IPs. `traffic`: what all its requests go through. */
  constructor(
    readonly clouds: Clouds,
    readonly owner: string,
    readonly keys: KeyRing,
    readonly timing: Timing,
    readonly env: Readonly<Record<string, string | undefined>>,
    readonly sshProxy?: HttpProxy,
    traffic?: Traffic,
  ) {
    this.regions = new Regions(traffic);
  }

  /**
   * The region that a site is pinned to. Fails `WorkerMismatch` where this worker would act as someone else or somewhere else, or, to make
   * something, has another master key; what is to go needs no key.
   */
  async open(pins: SitePins, attempt: Attempt, purpose: 'make' | 'undo' = 'make'): Promise<Region> {
    if (purpose === 'make' && pins.keyId !== undefined && !this.keys.has(pins.keyId))
      throw mismatch(pins, 'master key', pins.keyId, this.keys.currentId);
    if (pins.owner !== this.owner) throw mismatch(pins, 'owner', pins.owner, this.owner);
    const region = this.regions.open(this.clouds.get(pins.cloud, pins.region), pins.region);
    const projectId = await attempt.read((options) => region.projectId(options));
    if (projectId !== pins.projectId) throw mismatch(pins, 'project', pins.projectId, projectId);
    const endpoint = await attempt.read((options) => region.networkEndpoint(options));
    if (endpoint !== pins.networkEndpoint) throw mismatch(pins, 'network endpoint', pins.networkEndpoint, endpoint);
    return region;
  }

  /** The same region as one look sees it: everything that a VPN is made of is listed once, and not again. */
  async look(pins: SitePins, attempt: Attempt, purpose: 'make' | 'undo' = 'make'): Promise<Region> {
    await this.open(pins, attempt, purpose);
    const view = new RememberingRegion(this.regions.session(this.clouds.get(pins.cloud, pins.region)), pins.region);
    await attempt.read((options) => view.prefetch(options));
    return view;
  }
}

function mismatch(pins: SitePins, what: string, pinned: string, here: string): Error {
  return refuse(
    'WorkerMismatch',
    `site ${pins.site} was resolved with ${what} ${pinned}, but this worker has ${here}; nothing was changed. All workers of one task queue need the same owner, keys and clouds.yaml`,
  );
}
