/**
 * A region as seen in one look: each collection is listed once, however many steps ask. For activities that only read.
 * The rule: never for an activity that writes, which must see what it and others have just made.
 */
import type { CallOptions } from './http.js';
import { Region } from './region.js';
import type { Collections, NetworkCollection, Server } from './types.js';

const PARTS_OF_A_VPN: readonly NetworkCollection[] = [
  'networks',
  'subnets',
  'routers',
  'ports',
  'ikePolicies',
  'ipsecPolicies',
  'vpnServices',
  'endpointGroups',
  'siteConnections',
];

export class RememberingRegion extends Region {
  private readonly lists = new Map<string, Promise<readonly unknown[]>>();

  /**
   * Lists all that a VPN is made of at once, so that the look takes as long as its slowest list and not their sum. A list that fails is told to
   * who asks for it, which nobody does where its extension is missing.
   */
  async prefetch(options: CallOptions): Promise<void> {
    await Promise.allSettled(PARTS_OF_A_VPN.map((collection) => this.list(collection, options)));
  }

  override async show<C extends NetworkCollection>(
    collection: C,
    id: string,
    options: CallOptions,
  ): Promise<Collections[C]> {
    const listed = (await this.list(collection, options)).find((one) => one.id === id);
    return listed ?? super.show(collection, id, options);
  }

  override list<C extends NetworkCollection>(collection: C, options: CallOptions): Promise<readonly Collections[C][]> {
    return this.once(collection, () => super.list(collection, options));
  }

  override listServers(options: CallOptions): Promise<readonly Server[]> {
    return this.once('servers', () => super.listServers(options));
  }

  private once<T>(key: string, ask: () => Promise<readonly T[]>): Promise<readonly T[]> {
    const known = this.lists.get(key) as Promise<readonly T[]> | undefined;
    if (known !== undefined) return known;
    const asked = ask();
    this.lists.set(key, asked);
    return asked;
  }
}
