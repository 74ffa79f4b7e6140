/**
 * Guests for tests: a virtual clock and a network that says what the test wants.
 * The one rule: nothing here has a limit of time that a slow machine could reach.
 */
import { expect } from 'vitest';
import { type Clock, Guest, type GuestInterface, type GuestOptions } from '../../src/simulator/guest/index.js';
import { VirtualClock } from './virtual-clock.js';

/** Like expect.poll, but it gives up only shortly before the test itself would be taken to hang, to say what it saw last. */
export const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 110_000 });

export const CARD: GuestInterface = {
  name: 'eth0',
  mac: 'fa:16:3e:45:11:49',
  mtu: 1450,
  address: '10.1.0.85',
  prefix: 24,
  gateway: '10.1.0.1',
  dhcpServer: '10.1.0.2',
};

export interface World {
  readonly userData?: string;
  /** Round-trip time in milliseconds by address, asked at each ping. */
  readonly rtt?: (to: string) => number | undefined;
  readonly cards?: readonly GuestInterface[];
  /** Whether the metadata service answers. @default true */
  readonly metadata?: boolean;
  /** @default a VirtualClock of its own */
  readonly clock?: Clock;
}

/** A guest that is booting. Whoever makes it stops it. */
export function makeGuest(world: World = {}, options: Partial<GuestOptions> = {}): Guest {
  return new Guest({
    hostname: 'vm-left',
    clock: world.clock ?? new VirtualClock(),
    kernelMs: 10,
    network: {
      interfaces: () => world.cards ?? [CARD],
      ping: async (_from, to) => {
        const rttMs = world.rtt?.(to);
        return rttMs === undefined ? undefined : { rttMs, ttl: 62 };
      },
      metadata: async (path) => {
        if (world.metadata === false) return undefined;
        if (/meta_data\.json$/.test(path)) {
          return {
            status: 200,
            body: JSON.stringify({ name: 'vm-left', public_keys: { k: 'ssh-ed25519 AAAA user@host' } }),
          };
        }
        if (!/user[-_]data$/.test(path) || world.userData === undefined) return { status: 404, body: 'Not Found' };
        return { status: 200, body: world.userData };
      },
    },
    ...options,
  });
}
