/**
 * A proxy between a worker and a real cloud: it knows what was called, and does to a call what networks do. The cloud itself stays as it is.
 * The rule: what it does not have an order for passes unchanged.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Deed =
  /** The cloud acts, and its answer is lost. */
  | { readonly kind: 'lose-answer' }
  /** The cloud never hears of it. */
  | { readonly kind: 'refuse'; readonly status: number }
  /** It passes once this resolves. */
  | { readonly kind: 'hold'; readonly until: Promise<unknown> };

export interface Order {
  readonly method: string;
  readonly path: RegExp;
  /** Of what is sent. @default any */
  readonly body?: RegExp;
  readonly region?: string;
  /** Calls that pass before it acts. @default 0 */
  readonly skip?: number;
  /** @default once */
  readonly times?: number;
  readonly deed: Deed;
}

export interface Call {
  readonly method: string;
  readonly region: string;
  readonly service: string;
  /** Below the service's root, without its query. */
  readonly path: string;
}

type Ordered = Order & { passed: number; acted: number; readonly met: () => void };

export class ChaosProxy {
  readonly log: Call[] = [];
  private orders: Ordered[] = [];

  private constructor(
    private readonly server: Server,
    /** Root of a service, by `region/service`. */
    private readonly upstream: ReadonlyMap<string, string>,
  ) {}

  static async start(upstream: ReadonlyMap<string, string>): Promise<ChaosProxy> {
    const server = createServer();
    const proxy = new ChaosProxy(server, upstream);
    server.on('request', (incoming, answer) => {
      proxy.handle(incoming, answer).catch((error: unknown) => answer.destroy(error as Error));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  /** Address of a service of a region through this proxy. */
  urlOf(region: string, service: string): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/${region}/${service}`;
  }

  /** @returns what resolves when it acts for the first time */
  order(order: Order): Promise<void> {
    return new Promise((met) => {
      this.orders.push({ ...order, passed: 0, acted: 0, met });
    });
  }

  /** Holds every such call back, also those that a client sends again. `met` resolves when the first is held, `release` lets them pass. */
  hold(call: Omit<Order, 'deed'>): { readonly met: Promise<void>; readonly release: () => void } {
    let release = () => {};
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    return { met: this.order({ ...call, times: Number.POSITIVE_INFINITY, deed: { kind: 'hold', until } }), release };
  }

  /** Forgets orders and log. */
  clear(): void {
    this.orders = [];
    this.log.length = 0;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async handle(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const [, region = '', service = '', rest = ''] = (incoming.url ?? '').match(/^\/([^/]+)\/([^/]+)(\/.*)?$/) ?? [];
    const call = { method: incoming.method ?? '', region, service, path: rest.split('?')[0] ?? '' };
    this.log.push(call);
    const body = Buffer.concat(await incoming.toArray());
    const deed = this.deedFor(call, body.toString('utf8'));
    if (deed?.kind === 'hold') await Promise.race([deed.until, once(answer, 'close')]);
    // Its client has given up: nothing is left to pass on.
    if (answer.destroyed) return;
    if (deed?.kind === 'refuse') {
      answer.writeHead(deed.status, { 'Content-Type': 'application/json' });
      answer.end(JSON.stringify({ NeutronError: { type: 'PolicyNotAuthorized', message: 'by order', detail: '' } }));
      return;
    }
    const root = this.upstream.get(`${region}/${service}`);
    if (root === undefined) throw new Error(`no ${service} in ${region}`);
    const onward = request(`${root}${rest}`, {
      method: call.method,
      headers: { ...incoming.headers, host: new URL(root).host, connection: 'close' },
    });
    onward.end(body);
    const [reply] = (await once(onward, 'response')) as [IncomingMessage];
    if (deed?.kind === 'lose-answer') {
      reply.resume();
      await once(reply, 'end');
      incoming.socket.resetAndDestroy();
      return;
    }
    answer.writeHead(reply.statusCode ?? 502, { ...reply.headers, connection: 'close' });
    reply.pipe(answer);
  }

  private deedFor(call: Call, sent: string): Deed | undefined {
    for (const order of this.orders) {
      const { method, path, body, region, skip = 0, times = 1 } = order;
      if (method !== call.method || !path.test(call.path) || (region ?? call.region) !== call.region) continue;
      if (body !== undefined && !body.test(sent)) continue;
      if (order.passed < skip) order.passed++;
      else if (order.acted < times) {
        order.acted++;
        order.met();
        return order.deed;
      }
    }
    return undefined;
  }
}
