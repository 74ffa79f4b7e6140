/**
 * The check by SSH, over real connections to the simulator's VMs: proven both ways through one floating IP, and nothing of it left. What keeps it from
 * looking is told apart from a tunnel that carries nothing.
 */
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { HttpProxy } from '../../src/activities/prove/tcp.js';
import { provisionText } from '../../src/cli/result-text.js';
import { RegionLink } from '../../src/client/index.js';
import { startWorker } from '../../src/worker.js';
import { makeNetwork } from '../support/existing-network.js';
import { REGIONS, TestBed, tutorialSpec, WORKFLOWS, workerConfig } from '../support/test-bed.js';

/** A region's tables, by what a test may put in their way. */
type Table = 'security_group_rule' | 'server' | 'ikepolicy';

let bed: TestBed;
const restores: (() => void)[] = [];

beforeAll(async () => {
  bed = await TestBed.start();
}, 120_000);

afterEach(() => {
  for (const restore of restores.splice(0)) restore();
});

afterAll(() => bed.stop());

/** From now on the region makes such rows other than it says, as someone's hand or a broken image would. */
function alter(name: (typeof REGIONS)[number], table: Table, change: (row: Record<string, unknown>) => object): void {
  const region = bed.simulator.regions.get(name);
  if (region === undefined) throw new Error(`no region ${name}`);
  const insert = region.insert.bind(region);
  region.insert = (into, row) => insert(into, into === table ? { ...row, ...change(row) } : row);
  restores.push(() => {
    region.insert = insert;
  });
}

const noUserData = () => ({ _userData: '' });
const noPing = ({ _userData: script }: Record<string, unknown>) => ({
  _userData: Buffer.from(`${Buffer.from(String(script), 'base64')}rm /bin/ping\n`).toString('base64'),
});
const otherPort = ({ protocol }: Record<string, unknown>) => (protocol === 'tcp' ? { port_range_max: 21 } : {});

function sshSpec(check: Record<string, unknown> = {}, tunnelTimeout = '30s') {
  return { check: { via: 'ssh', ...check }, tunnelTimeout };
}

describe('proven', () => {
  test('both ways through one floating IP, and the clouds keep the VPN alone', async () => {
    const before = bed.simulator.snapshot();
    const mark = bed.simulator.log.length;
    const { messages, result, events } = await bed.end(await bed.provision('by-ssh', { check: 'ssh' }));
    expect(messages).toEqual([]);
    expect(events).toBeLessThan(300);
    const made = bed.writesSince(mark).filter((write) => write.includes('floatingips'));
    expect(made).toEqual(['POST dbl /v2.0/floatingips', 'DELETE dbl /v2.0/floatingips/{id}']);
    const through = expect.stringMatching(/^172\.24\.4\.\d+$/);
    expect(result?.links[0]?.ping).toMatchObject([
      { from: 'left', to: 'right', lossPercent: 0, sent: 5, through },
      { from: 'right', to: 'left', lossPercent: 0, sent: 5, through },
    ]);
    if (result !== undefined)
      expect(provisionText(result)).toMatch(
        /^VPN by-ssh stands, proven by pings both ways, by SSH through 172\.24\.4\.\d+$/m,
      );
    for (const name of REGIONS) {
      expect(bed.simulator.regions.get(name)?.rows('floatingip')).toEqual([]);
      expect(bed.simulator.regions.get(name)?.rows('server')).toEqual([]);
    }
    expect((await bed.end(await bed.destroy('by-ssh'))).messages).toEqual([]);
    expect(bed.simulator.snapshot()).toEqual(before);
  });

  test('with a key that the scan for secrets would find, and does not', async () => {
    const handle = await bed.provision('ssh-secret', { check: 'ssh' });
    expect((await bed.end(handle)).messages).toEqual([]);
    await bed.end(await bed.destroy('ssh-secret'));
    expect(await bed.leakedSecrets()).toEqual([]);
    const { runId } = await handle.describe();
    const logs = bed.logs as string[];
    for (const secret of bed.sshSecrets('ssh-secret', runId)) {
      logs.push(`planted ${secret} by the test`);
      expect(await bed.leakedSecrets()).toHaveLength(1);
      logs.pop();
    }
  });

  test('at existing networks, through the site that the spec names and as the user that it names', async () => {
    await makeNetwork(bed.simulator, 'own', '10.7.0.0/24');
    const before = bed.simulator.snapshot();
    const { sites } = tutorialSpec() as { sites: Record<string, unknown> };
    const right = { region: 'cbk', network: { router: 'own-router', subnets: ['own-subnet'] } };
    const handle = await bed.provision('ssh-existing', {
      ...sshSpec({ site: 'right', user: 'cirros', image: 'cirros' }),
      sites: { ...sites, right },
    });
    const { messages, result } = await bed.end(handle);
    expect(messages).toEqual([]);
    const through = expect.stringMatching(/^172\.24\.5\.\d+$/);
    expect(result?.links[0]?.ping).toMatchObject([{ through }, { through }]);
    expect((await bed.end(await bed.destroy('ssh-existing'))).messages).toEqual([]);
    expect(bed.simulator.snapshot()).toEqual(before);
  });
});

describe('not proven, with what to look at, and all is as before', () => {
  /** Runs to its end, which must leave nothing. */
  async function failed(name: string, changes: Record<string, unknown>, queue?: string) {
    const before = bed.simulator.snapshot();
    const ended = await bed.end(await bed.provision(name, changes, queue));
    expect(ended.status).toBe('FAILED');
    expect(bed.simulator.snapshot()).toEqual(before);
    return { type: ended.type, text: ended.messages.join('\n') };
  }

  test('a user that the image does not have', async () => {
    const { type, text } = await failed('no-user', sshSpec({ user: 'nobody-here' }, '2s'));
    expect(type).toBe('CheckInconclusive');
    expect(text).toContain('the test VM of left refuses the login of nobody-here');
    expect(text).toContain('its script ran');
    expect(text).toContain('check.user');
  });

  test('an image that runs no user data, at the near and at the far end', async () => {
    alter('dbl', 'server', noUserData);
    const near = await failed('no-script', sshSpec({}, '2s'));
    expect(near).toMatchObject({ type: 'CheckInconclusive' });
    expect(near.text).toContain('the test VM of left never ran its script');
    restores.pop()?.();
    alter('cbk', 'server', noUserData);
    const far = await failed('no-script', sshSpec({}, '3s'));
    expect(far).toMatchObject({ type: 'CheckInconclusive' });
    expect(far.text).toContain('the test VM of right never ran its script');
    expect(far.text).toContain('What SSH says: the key was refused');
  });

  test('an image that has no ping: told at once, and not at the deadline', async () => {
    alter('cbk', 'server', noPing);
    const { type, text } = await failed('no-ping', sshSpec({}, '10m'));
    expect(type).toBe('CheckInconclusive');
    expect(text).toContain('the image of the test VM of right has no command ping');
  });

  test('a floating IP that nothing is let in by', async () => {
    alter('dbl', 'security_group_rule', otherPort);
    const { type, text } = await failed('walled', sshSpec({}, '2s'));
    expect(type).toBe('CheckInconclusive');
    expect(text).toMatch(/floating IP 172\.24\.4\.\d+ of the test VM of left is not reachable on port 22/);
    expect(text).toContain('the proxy answered 504 Gateway Timeout');
  });

  test('a far end that pings reach and SSH does not', async () => {
    alter('cbk', 'security_group_rule', otherPort);
    const { type, text } = await failed('half-walled', sshSpec({}, '3s'));
    expect(type).toBe('CheckInconclusive');
    expect(text).toMatch(/pings cross left~right from left, but SSH to the test VM of right at 10\.2\.0\.\d+ does not/);
  });

  test('a tunnel that is down: with the reason, as by console', async () => {
    alter('cbk', 'ikepolicy', () => ({ encryption_algorithm: 'aes-256' }));
    const { type, text } = await failed('down', sshSpec({}, '2s'));
    expect(type).toBe('TunnelDown');
    expect(text).toContain('no ping crossed left~right within 2 s');
    expect(text).toContain('the IKE policies differ in encryption_algorithm (aes-128 and aes-256)');
  });

  test.each<[string, HttpProxy | undefined, RegExp]>([
    ['a proxy that is not there', { host: '127.0.0.1', port: 1 }, /through the proxy 127\.0\.0\.1:1.* ECONNREFUSED/],
    [
      'a worker that has no route and no proxy',
      undefined,
      /from this worker, so nothing is known.*REGIONLINK_SSH_PROXY/,
    ],
  ])('%s', async (_, sshProxy, said) => {
    const { sshProxy: __, ...config } = workerConfig(bed.simulator);
    const queue = sshProxy === undefined ? 'routeless' : 'proxyless';
    const worker = await startWorker(
      { ...config, taskQueue: queue, ...(sshProxy === undefined ? {} : { sshProxy }) },
      { address: bed.server.address, namespace: 'default' },
      WORKFLOWS,
    );
    const { type, text } = await failed(queue, sshSpec({}, '1s'), queue);
    await worker.stop();
    expect(type).toBe('CheckInconclusive');
    expect(text).toMatch(said);
  });
});

async function untilPinging(handle: WorkflowHandle): Promise<void> {
  for (;;) {
    const { steps } = await bed.progress(handle);
    if (steps.some((step) => step.kind === 'ping' && step.state === 'running')) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('ended by force while it waits: destroy finds the floating IP by its mark, and removes it before what it keeps', async () => {
  const before = bed.simulator.snapshot();
  alter('cbk', 'ikepolicy', () => ({ encryption_algorithm: 'aes-256' }));
  const handle = await bed.provision('terminated', sshSpec({}, '2m'));
  await untilPinging(handle);
  await handle.terminate();
  const link = await RegionLink.connect({ address: bed.server.address, namespace: 'default' });
  const { sets } = await link.survey();
  await link.close();
  const strays = sets.flatMap((set) => set.strays.map((stray) => `${stray.region} ${stray.kind}`));
  expect(strays).toEqual(expect.arrayContaining(['dbl floatingIp', 'dbl sshRule', 'cbk sshRule']));
  expect((await bed.end(await bed.destroy('terminated'))).messages).toEqual([]);
  expect(bed.simulator.snapshot()).toEqual(before);
});

test('a cancel while it waits ends it at once, and all is as before', async () => {
  const before = bed.simulator.snapshot();
  alter('cbk', 'ikepolicy', () => ({ encryption_algorithm: 'aes-256' }));
  const handle = await bed.provision('cancelled', sshSpec({}, '2m'));
  await untilPinging(handle);
  await handle.cancel();
  expect((await bed.end(handle)).status).toBe('CANCELLED');
  expect(bed.simulator.snapshot()).toEqual(before);
});
