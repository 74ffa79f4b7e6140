/**
 * How floating IPs are reached where everything is on loopback: the simulator's own port is an HTTP proxy that takes `CONNECT {floating IP}:22`.
 * The rule: a connection is made where the data plane lets its first packet through, and to nothing but SSH.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { GuestHost } from '../compute/guest-host.js';
import { type Arrival, reachFromOutside } from '../data-plane.js';
import type { Guest } from '../guest/index.js';
import type { RegionState, Row } from '../state.js';
import { makeHostKey, serveSsh } from './ssh-server.js';

const SSH_PORT = 22;
const SSH = { protocol: 'tcp', port: SSH_PORT } as const;

export class WayIn {
  readonly #regions: readonly RegionState[];
  readonly #guests: GuestHost;
  readonly #open = new Set<Duplex>();
  #hostKey: string | undefined;

  constructor(regions: readonly RegionState[], guests: GuestHost) {
    this.#regions = regions;
    this.#guests = guests;
  }

  /** Answers a CONNECT, and leads on to the guest. */
  connect(request: IncomingMessage, socket: Duplex): void {
    socket.on('error', () => {});
    const [, address = '', port = ''] = /^(.*):(\d+)$/.exec(request.url ?? '') ?? [];
    const refuse = (status: string) => socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`);
    if (Number(port) !== SSH_PORT) return void refuse('403 Forbidden');
    const arrival = reachFromOutside(this.#regions, address, SSH);
    // What a real proxy says once it has waited in vain.
    if (arrival === undefined) return void refuse('504 Gateway Timeout');
    const guest = this.#listener(arrival);
    if (guest === undefined) return void refuse('502 Bad Gateway');
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    this.#serve(guest, arrival, socket);
  }

  stop(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #serve(guest: Guest, { region, port }: Pick<Arrival, 'region' | 'port'>, stream: Duplex): void {
    this.#open.add(stream);
    stream.once('close', () => this.#open.delete(stream));
    // A VM that is gone takes its connections with it.
    void guest.stopped.then(() => stream.destroy());
    this.#hostKey ??= makeHostKey();
    serveSsh(guest, stream, this.#hostKey, (address, to) => {
      const arrival = to === SSH_PORT ? this.#guests.reach(region, port, address, SSH) : undefined;
      const next = arrival && this.#listener(arrival);
      return arrival && next && ((onward) => this.#serve(next, arrival, onward));
    });
  }

  /** The guest of a port, if it takes connections. */
  #listener({ port }: { readonly port: Row }): Guest | undefined {
    const guest = this.#guests.guest(String(port.device_id));
    return guest?.listening ? guest : undefined;
  }
}
