/** What goes wrong on the way, on a real cloud: a step of each kind refused, a cancel, a worker lost, answers lost on the wire. */
import { describe, expect, test } from 'vitest';
import { serviceStep } from '../../src/activities/resources/vpn-service.js';
import { VpnCancelledError, VpnFailedError } from '../../src/client/index.js';
import { buildGraph } from '../../src/graph/build-graph.js';
import { KINDS } from '../../src/graph/kinds.js';
import { isResourceStep, type ResourceKind } from '../../src/graph/types.js';
import { parseSpec } from '../../src/spec/index.js';
import { loadSpecFile } from '../../src/spec/load-spec-file.js';
import type { ProvisionResult } from '../../src/workflows/protocol.js';
import { bedOfUnchangedClouds } from './bed.js';
import type { Order } from './chaos-proxy.js';

const bed = bedOfUnchangedClouds();

/** Kinds that are made by one call, told apart by what it sends. */
const SENT: Partial<Record<ResourceKind, RegExp>> = {
  localEndpointGroup: /"type":"subnet"/,
  peerEndpointGroup: /"type":"cidr"/,
  securityGroupRule: /"protocol":"icmp"/,
  sshRule: /"protocol":"tcp"/,
};

/** The call that makes a kind, as the step table has it. */
function callOf(kind: ResourceKind): Pick<Order, 'method' | 'path' | 'body'> {
  const [method = '', path = ''] = KINDS[kind].call.split(' ');
  const { [kind]: body } = SENT;
  // Nova's root ends with its version already.
  const call = { method, path: new RegExp(`^${path.replace('/v2.1', '').replace('{id}', '[^/]+')}$`) };
  return { ...call, ...(body === undefined ? {} : { body }) };
}

const SPEC = parseSpec({ ...(loadSpecFile('examples/tutorial.yaml') as object), check: 'ssh' }).spec;
/** Every kind, with the last site that has it, so that as much as can be stands by then; a site is called as its region. */
const LAST_SITE = new Map(
  buildGraph(SPEC)
    .steps.filter(isResourceStep)
    .map(({ kind, site }) => [kind, site]),
);

describe('a step that the cloud refuses', () => {
  test.each([...LAST_SITE])('%s: FAILED, and both regions as before', async (kind, region) => {
    const name = `no-${kind.toLowerCase()}`;
    const met = bed().proxy.order({ ...callOf(kind), region, deed: { kind: 'refuse', status: 403 } });
    const run = await bed().provision(name, { check: 'ssh' });
    const failed = await run.result().catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(VpnFailedError);
    // That step, and no other.
    expect((failed as Error).message).toMatch(new RegExp(`^\\S.* \\((\\S+/)?${region}/${kind}\\): `));
    await met;
  });
});

describe('a cancel', () => {
  test.each(['ikePolicy', 'routerInterface', 'siteConnection', 'server'] as const)(
    'while a %s is made: CANCELLED, and both regions as before',
    async (kind) => {
      const { met, release } = bed().proxy.hold({ ...callOf(kind), region: 'right' });
      const run = await bed().provision(`cancel-${kind.toLowerCase()}`);
      await met;
      await run.cancel();
      release();
      await expect(run.result()).rejects.toThrow(VpnCancelledError);
    },
  );

  test('while the tunnel is waited for: CANCELLED, and both regions as before', async () => {
    const run = await bed().provision('cancel-tunnel');
    await bed().connection('left', ({ status }) => status !== 'PENDING_CREATE');
    await run.cancel();
    await expect(run.result()).rejects.toThrow(VpnCancelledError);
  });
});

describe('what is survived', () => {
  test('a worker killed while connections are made: proven, and nothing double', async () => {
    const lost = bed().proxy.order({ ...callOf('siteConnection'), deed: { kind: 'lose-answer' } });
    const run = await bed().provision('killed');
    await lost;
    await bed().loseWorker();
    const result = await run.result();
    expect(result.proof).toBe('proven');
    await nothingDouble('killed', result);
    await (await bed().link.destroy('killed')).result();
  });

  test('the answer to the first write of every kind lost: proven, and nothing double', async () => {
    const orders = [...LAST_SITE.keys()].map((kind) =>
      bed().proxy.order({ ...callOf(kind), region: 'left', deed: { kind: 'lose-answer' } }),
    );
    const run = await bed().provision('lossy', { check: 'ssh' });
    const result = await run.result();
    expect(result.proof).toBe('proven');
    await Promise.all(orders);
    await nothingDouble('lossy', result);
    await (await bed().link.destroy('lossy')).result();
  });
});

/** Interfaces and gateways bear no mark. */
const UNMARKED: readonly ResourceKind[] = ['routerInterface', 'externalGateway'];

/** Whatever bears a mark of the VPN is what its run tells of: a VPN service's names its router, all others' their own steps. */
async function nothingDouble(name: string, { sites }: ProvisionResult): Promise<void> {
  const made = sites.flatMap(({ resources }) => {
    const router = resources.find(({ kind }) => kind === 'router')?.id ?? '';
    return resources
      .filter(({ kind }) => !UNMARKED.includes(kind))
      .map(({ kind, step }) => (kind === 'vpnService' ? serviceStep(router) : step));
  });
  expect([...(await bed().stepsOf(name))].sort()).toEqual(made.sort());
}
