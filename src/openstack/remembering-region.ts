/**
 * A region as seen in one look: each collection is listed once, however many steps ask. For activities that only read.
 * The rule: never for an activity that writes, which must see what it and others have just made.
 */
import type { CallOptions } from './http.js';
import { Region } from './region.js';
import type { Collections, NetworkCollection, Server } from './types.js';

export class RememberingRegion extends Region {
  private readonly lists = new Map<string, Promise<readonly unknown[]>>();

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
