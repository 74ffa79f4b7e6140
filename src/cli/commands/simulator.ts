/** `regionlink simulator`: two OpenStack regions on loopback, to try things on. */
import { once } from 'node:events';
import { InvalidArgumentError } from 'commander';
import { FAST_DELAYS, REAL_DELAYS, startSimulator } from '../../simulator/index.js';
import { listening } from '../port.js';

export interface SimulatorCommandOptions {
  readonly port: number;
  readonly regions: readonly string[];
  readonly fast?: boolean;
  readonly json?: boolean;
}

/** Parses `--regions`. A region's name is a part of its addresses. */
export function regionsOption(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  const bad = names.find((name) => !/^[A-Za-z0-9][\w.-]*$/.test(name));
  if (bad !== undefined)
    throw new InvalidArgumentError(
      `"${bad}" is no name of a region: use letters, digits, dots, dashes and underscores, as in dbl,cbk.`,
    );
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new InvalidArgumentError(`"${twice}" is named twice: give each region a name of its own.`);
  return names;
}

export async function simulator(options: SimulatorCommandOptions): Promise<void> {
  const { port, regions, fast } = options;
  const running = await listening(port, () =>
    startSimulator({ port, regions, delays: fast ? FAST_DELAYS : REAL_DELAYS }),
  );
  const login = {
    OS_AUTH_URL: running.authUrl,
    OS_USERNAME: 'demo',
    OS_PASSWORD: 'lab',
    OS_PROJECT_NAME: 'demo',
    OS_USER_DOMAIN_NAME: 'Default',
    OS_PROJECT_DOMAIN_NAME: 'Default',
    OS_IDENTITY_API_VERSION: '3',
  };
  // Floating IPs are reached through the simulator's own port.
  const environment = { ...login, REGIONLINK_SSH_PROXY: running.url };
  if (options.json) console.log(JSON.stringify({ url: running.url, regions, login, sshProxy: running.url }));
  else {
    console.log(
      `OpenStack regions ${regions.join(' and ')} at ${running.url}. Users demo, other and admin, password lab. Ctrl-C ends them.\n`,
    );
    console.log(
      Object.entries(environment)
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
