/**
 * A platform team's own service over regionlink: other teams order a connection between two regions, and know nothing of networks or VPNs.
 * Everything durable is in Temporal. This process may be killed at any moment; an order that is sent again finds its run.
 *
 *     PUT    /connections/NAME  {"from": "dbl", "to": "cbk"}    order it
 *     GET    /connections/NAME                                  how it stands
 *     DELETE /connections/NAME                                  give it up
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import {
  InvalidNameError,
  InvalidSpecError,
  RegionLink,
  type RunStatus,
  VpnBusyError,
  VpnFailedError,
  VpnNotFoundError,
  type VpnRun,
} from 'regionlink';

/** The team's address plan: who orders need not know it. */
const RANGES: Readonly<Record<string, string>> = { dbl: '10.1.0.0/24', cbk: '10.2.0.0/24' };

const STATUS_OF = [
  [InvalidNameError, 400],
  [InvalidSpecError, 400],
  [VpnNotFoundError, 404],
  // Another order of that name runs, or its removal.
  [VpnBusyError, 409],
] as const;

// Temporal's address comes from TEMPORAL_ADDRESS, or from a profile of its configuration file.
const link = await RegionLink.connect();

type Answer = readonly [status: number, body: object];

async function answer(request: IncomingMessage): Promise<Answer> {
  const [, name = ''] = request.url?.match(/^\/connections\/([^/]+)$/) ?? [];
  switch (request.method) {
    case 'PUT':
      return [202, accepted(await link.provision(specOf(name, await json(request)), { requestedBy: 'connections' }))];
    case 'DELETE':
      return [202, accepted(await link.destroy(name, { requestedBy: 'connections' }))];
    case 'GET':
      return [200, view(await link.status(name))];
    default:
      return [405, { error: `no ${request.method} here` }];
  }
}

function specOf(name: string, order: unknown): object {
  const { from = '', to = '' } = (order ?? {}) as { readonly from?: string; readonly to?: string };
  const site = (region: string) => ({ region, network: { subnets: [{ cidr: RANGES[region] }] } });
  return { name, sites: { from: site(from), to: site(to) } };
}

function accepted(run: VpnRun<unknown>): object {
  // An order that was sent again is followed already.
  if (!run.joined) void follow(run);
  return { name: run.vpn, joined: run.joined };
}

/** Tells the log how a run goes and ends. */
async function follow(run: VpnRun<unknown>): Promise<void> {
  try {
    for await (const { phase, steps } of run.progress()) {
      const done = steps.filter(({ state }) => state === 'done').length;
      console.log(`${run.vpn}: ${phase}, ${done} of ${steps.length} steps are done`);
    }
    await run.result();
    console.log(`${run.vpn}: finished`);
  } catch (error) {
    const type = error instanceof VpnFailedError ? error.type : (error as Error).name;
    console.log(`${run.vpn}: ${type}: ${(error as Error).message}`);
  }
}

function view({ vpn, operation, state, progress, pending }: RunStatus): object {
  const troubles = pending.flatMap(({ lastFailure }) => lastFailure ?? []);
  return { name: vpn, operation, state, phase: progress?.phase, troubles };
}

const server = createServer(async (request, response) => {
  const [status, body] = await answer(request).catch((error: Error): Answer => {
    const [, code = 500] = STATUS_OF.find(([kind]) => error instanceof kind) ?? [];
    return [code, { error: error.message }];
  });
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}).listen(Number(process.env.PORT ?? 8080), '127.0.0.1');

await once(server, 'listening');
console.log(`listening on ${JSON.stringify(server.address())}`);

await once(process, 'SIGTERM');
server.close();
await link.close();
