import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Clouds } from '../../src/openstack/clouds-config.js';
import { CloudConfigError } from '../../src/openstack/errors.js';
import { Regions } from '../../src/openstack/region.js';
import { FAST_DELAYS, type Simulator, startSimulator } from '../../src/simulator/index.js';

let simulator: Simulator;
const CALL = { timeoutMs: 2_000 };

beforeEach(async () => {
  simulator = await startSimulator({ delays: FAST_DELAYS });
});
afterEach(() => simulator.stop());

function clouds(changes: Record<string, string> = {}): Clouds {
  return Clouds.load(
    {
      OS_AUTH_URL: simulator.authUrl,
      OS_USERNAME: 'demo',
      OS_PASSWORD: 'lab',
      OS_PROJECT_NAME: 'demo',
      HOME: '/nonexistent',
      ...changes,
    },
    '/nonexistent',
  );
}

const logins = () => simulator.log.filter((call) => call.service === 'identity' && call.method === 'POST').length;

describe('login', () => {
  test('callers that come at the same time share one', async () => {
    const region = new Regions().open(clouds().get(undefined), 'left');
    await Promise.all([region.list('networks', CALL), region.list('routers', CALL), region.listImages(CALL)]);
    expect(logins()).toBe(1);
  });

  test('a token that has expired is renewed once, and the call succeeds', async () => {
    const region = new Regions().open(clouds().get(undefined), 'left');
    await region.list('networks', CALL);
    simulator.faults.add({ service: 'network', fault: { kind: 'expireTokens' } });
    expect((await region.list('networks', CALL)).length).toBe(1);
    expect(logins()).toBe(2);
  });

  test('an application credential logs in without a scope', async () => {
    const config = Clouds.load(
      {
        OS_AUTH_URL: simulator.authUrl,
        OS_APPLICATION_CREDENTIAL_ID: 'app-demo',
        OS_APPLICATION_CREDENTIAL_SECRET: 'lab',
        OS_AUTH_TYPE: 'v3applicationcredential',
        HOME: '/x',
      },
      '/x',
    );
    expect(await new Regions().open(config.get(undefined), 'left').projectId(CALL)).toBe(simulator.projectId('demo'));
  });

  test('a wrong password is told without the password', async () => {
    const error = await new Regions()
      .open(clouds({ OS_PASSWORD: 'wrong-password' }).get(undefined), 'left')
      .list('networks', CALL)
      .catch((one: unknown) => one);
    expect(error).toBeInstanceOf(CloudConfigError);
    expect((error as Error).message).toContain('refuses the login');
    expect(JSON.stringify({ ...(error as Error), text: String((error as Error).stack) })).not.toContain(
      'wrong-password',
    );
  });

  test('an unknown region is told with those that there are', async () => {
    await expect(new Regions().open(clouds().get(undefined), 'middle').list('networks', CALL)).rejects.toThrow(
      /regions: left, right/,
    );
  });
});

test('a list goes over all pages, by marker, and an endless one ends in an error', async () => {
  const region = new Regions().open(clouds().get(undefined), 'left');
  await region.list('networks', CALL);
  const page = {
    status: 200,
    body: { networks: [{ id: 'same' }], networks_links: [{ rel: 'next', href: 'http://elsewhere.invalid/' }] },
    effect: false,
  } as const;
  simulator.faults.add({ path: '^/v2.0/networks$', times: 5, fault: { kind: 'answer', ...page } });
  await expect(region.list('networks', CALL)).rejects.toThrow(/the same page came twice/);
});
