/**
 * A server over time: BUILD to ACTIVE or ERROR, stopped and started, deleted and then gone, its ports with it.
 * The one rule: every delay is a timer kept here, so that stopping the simulator leaves none.
 */
import { type CallContext, type RegionState, type Row, timestamp } from '../state.js';
import type { GuestHost } from './guest-host.js';
import { portsOf, releasePort } from './server-ports.js';

export class ServerLife {
  readonly guests: GuestHost;
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(guests: GuestHost) {
    this.guests = guests;
  }

  /** Schedules a new server's way to ACTIVE. */
  build(server: Row, { region }: Pick<CallContext, 'region'>): void {
    this.#after(server, region.delays.buildMs, () => {
      const forced = forcedStatus(server, region) ?? (isPartOfAnImage(server._image) ? 'ERROR' : undefined);
      if (forced === undefined || forced === 'ACTIVE') this.#start(server, region);
      else if (forced === 'BUILD') this.build(server, { region });
      else Object.assign(server, { status: forced, _task: null, updated: timestamp() });
    });
  }

  /** Powers a server on: ports come up, the guest boots. */
  #start(server: Row, region: RegionState): void {
    for (const port of portsOf(region, server.id)) port.status = 'ACTIVE';
    const now = timestamp();
    Object.assign(server, { status: 'ACTIVE', _task: null, updated: now, _launchedAt: server._launchedAt ?? now });
    this.guests.start(server, region);
  }

  powerOff(server: Row, { region }: Pick<CallContext, 'region'>): void {
    this.guests.stop(server.id);
    for (const port of portsOf(region, server.id)) port.status = 'DOWN';
    Object.assign(server, { status: 'SHUTOFF', _task: null, updated: timestamp() });
  }

  powerOn(server: Row, { region }: Pick<CallContext, 'region'>): void {
    this.#start(server, region);
  }

  reboot(server: Row, { region }: Pick<CallContext, 'region'>): void {
    this.guests.stop(server.id);
    this.#start(server, region);
  }

  /** Stops a server at once; it and its ports' bindings are gone after the region's delay. Again is harmless. */
  remove(server: Row, { region }: Pick<CallContext, 'region'>): void {
    if (server._task === 'deleting') return;
    Object.assign(server, { _task: 'deleting' });
    this.guests.stop(server.id);
    this.#after(server, region.delays.deleteMs, () => {
      for (const port of portsOf(region, server.id)) releasePort(port, { region });
      region.delete('server', server.id);
      this.guests.forget(server.id);
    });
  }

  stopAll(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.guests.stopAll();
  }

  #after(server: Row, ms: number, act: () => void): void {
    clearTimeout(this.#timers.get(server.id));
    const timer = setTimeout(() => {
      this.#timers.delete(server.id);
      act();
    }, ms);
    timer.unref();
    this.#timers.set(server.id, timer);
  }
}

/** A kernel or a RAM disk is an image of the list and boots no server. */
function isPartOfAnImage(image: unknown): boolean {
  return ['aki', 'ari'].includes(String((image as Row | undefined)?.disk_format));
}

/** A status that a fault forces upon a server, or upon all of a region's. */
export function forcedStatus(server: Row, region: RegionState): string | undefined {
  return region.stuckAs(server, 'server')?.status;
}
