/** The tutorial on a real cloud: it stands and is proven both ways, by console and by SSH; packets are encrypted on the wire; and it leaves as it came. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProvisionResult } from '../../src/workflows/protocol.js';
import { CloudBed } from './bed.js';
import { Capture } from './capture.js';

const NAME = 'left-right';

let bed: CloudBed;

beforeAll(async () => {
  bed = await CloudBed.start();
});

afterAll(() => bed.stop());

describe.sequential.each(['console', 'ssh'])('the tutorial, proven by %s', (via) => {
  let result: ProvisionResult;
  let packets: readonly string[];

  test('both connections are ACTIVE and both ways answer', async () => {
    const capture = await Capture.start();
    const run = await bed.provision(NAME, { check: via });
    result = await run.result();
    packets = await capture.stop();
    expect(result.proof).toBe('proven');
    const [link] = result.links;
    expect(Object.values(link?.statuses ?? {})).toEqual(['ACTIVE', 'ACTIVE']);
    expect(link?.ping.map(({ from, to }) => `${from} to ${to}`).sort()).toEqual(['left to right', 'right to left']);
    for (const { sent, received, rtt, through } of link?.ping ?? []) {
      // The floating IP, where that is the way.
      expect(through !== undefined).toBe(via === 'ssh');
      expect(received).toBeGreaterThan(0);
      expect(sent).toBeGreaterThanOrEqual(received);
      expect(rtt.avg).toBeGreaterThan(0);
    }
  });

  test('between the regions there is ESP, and nothing of the pings in clear', () => {
    const [left, right] = result.sites.map((site) => site.address);
    const between = packets.filter((line) => line.includes(String(left)) && line.includes(String(right)));
    expect(between.filter((line) => /ESP\(spi=/.test(line)).length).toBeGreaterThan(10);
    // Beside it the negotiation (IKE's ports at one end: the router's own NAT may give it another at the other), and what a router says to the first call
    // where its agent is not there yet.
    const known = /ESP\(spi=|\.4?500( >|:)|NONESP-encap|udp port 500 unreachable/;
    expect(between.filter((line) => !known.test(line))).toEqual([]);
    // Before the tunnel is up, a VM's ping takes the way of all other traffic, out into the world, which has no route for it: nothing answers but that.
    const firstInside = packets.findIndex((line) => /ESP\(spi=/.test(line));
    const inClear = packets
      .map((line, index) => ({ line, index }))
      .filter(({ line }) => /\b10\.[12]\.0\.\d+/.test(line));
    expect(inClear.filter(({ index }) => index > firstInside)).toEqual([]);
    // So does the refusal of an SSH login that was asked for more than once while its VM did not answer ARP yet: the router's conntrack rewrites the first
    // reset and takes those after it for invalid, so that they leave with the VM's own address.
    const early = /ICMP echo request|ICMP net \S+ unreachable|\.22 > 10\.250\.\S+ Flags \[R\.\]/;
    expect(inClear.filter(({ line }) => !early.test(line))).toEqual([]);
  });

  test('nothing of the test VMs is left', async () => {
    expect((await bed.changes(0)).filter((change) => /servers|floatingips|security|check/.test(change))).toEqual([]);
  });

  test('applied again nothing is written', async () => {
    bed.proxy.clear();
    const again = await (await bed.provision(NAME, { check: 'none' })).result();
    expect(new Set(bed.proxy.log.map(({ method }) => method))).toEqual(new Set(['GET']));
    const ids = ({ sites }: ProvisionResult) => sites.flatMap((site) => site.resources.map(({ id }) => id));
    expect(ids(again)).toEqual(ids(result));
  });

  test('destroyed, both regions are as they were', async () => {
    await (await bed.link.destroy(NAME)).result();
    expect(await bed.changes()).toEqual([]);
  });
});
