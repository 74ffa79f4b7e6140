/** `regionlink simulator`: two OpenStack regions on loopback, to try things on. */
import { once } from 'node:events';
import { FAST_DELAYS, REAL_DELAYS, startSimulator } from '../../simulator/index.js';

export interface SimulatorCommandOptions {
  readonly port: string;
  readonly regions: string;
  readonly fast?: boolean;
  readonly json?: boolean;
}

export async function simulator(options: SimulatorCommandOptions): Promise<void> {
  const regions = options.regions.split(',').map((name) => name.trim());
  const running = await startSimulator({
    port: Number(options.port),
    regions,
    delays: options.fast ? FAST_DELAYS : REAL_DELAYS,
  });
  const login = {
    OS_AUTH_URL: running.authUrl,
    OS_USERNAME: 'demo',
    OS_PASSWORD: 'lab',
    OS_PROJECT_NAME: 'demo',
    OS_USER_DOMAIN_NAME: 'Default',
    OS_PROJECT_DOMAIN_NAME: 'Default',
    OS_IDENTITY_API_VERSION: '3',
  };
  if (options.json) console.log(JSON.stringify({ url: running.url, regions, login }));
  else {
    console.log(
      `Two OpenStack regions (${regions.join(', ')}) at ${running.url}. Users demo, other and admin, password lab. Ctrl-C ends them.\n`,
    );
    console.log(
      Object.entries(login)
        .map(([name, value]) => `export ${name}=${value}`)
        .join('\n'),
    );
    console.log(
      `export OS_REGION_NAME=${regions[0]}\n\nFaults: POST ${running.url}/_simulator/faults    What was called: GET ${running.url}/_simulator/log`,
    );
  }
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await running.stop();
}
