/** The way to Temporal through TLS, client certificates and API keys, for clients, command line and worker alike; and what is said where it does not go. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DevServer, startDevServer } from '../../src/cli/dev-server.js';
import { connectToTemporal } from '../../src/client/connect.js';
import { RegionLink, TemporalConfigError } from '../../src/client/index.js';
import { readTemporalProfile } from '../../src/client/temporal-profile.js';
import { speaksTls } from '../../src/client/tls-handshake.js';
import { FAST_DELAYS, type Simulator, startSimulator } from '../../src/simulator/index.js';
import { Authorities, type Issued, noOpenssl } from '../support/certificates.js';
import { scan } from '../support/secret-scan.js';
import { TemporalGateway } from '../support/temporal-gateway.js';
import { COMMAND, regionlink } from '../support/terminal.js';
import { workerLogin } from '../support/worker-login.js';

const API_KEY = 'api-key-5d2c8e';
const NAME = 'DNS:temporal.test';

describe.skipIf(noOpenssl !== undefined)(
  `connections${noOpenssl === undefined ? '' : `: skipped, ${noOpenssl}`}`,
  () => {
    const made = new Authorities();
    let server: DevServer;
    let simulator: Simulator;
    let authority: Issued;
    let client: Issued;
    /** One a kind of server, by name. */
    const gateways = new Map<string, TemporalGateway>();

    beforeAll(async () => {
      [server, simulator] = await Promise.all([
        startDevServer(),
        startSimulator({ regions: ['dbl'], delays: FAST_DELAYS }),
      ]);
      authority = made.authority('authority');
      const other = made.authority('other');
      client = made.issue(authority, 'client', NAME);
      const valid = made.issue(authority, 'server', NAME);
      const start = async (name: string, of: Issued, more: { clients?: Issued; apiKey?: string } = {}) =>
        gateways.set(name, await TemporalGateway.start(server.address, { server: of, ...more }));
      await start('plain', valid);
      await start('mutual', valid, { clients: authority });
      await start('keyed', valid, { apiKey: API_KEY });
      await start('both', valid, { clients: authority, apiKey: API_KEY });
      await start('expired', made.issue(authority, 'expired', NAME, -1));
      await start('misnamed', made.issue(authority, 'misnamed', 'DNS:elsewhere.test'));
      await start('unknown', made.issue(other, 'unknown', NAME));
      made.issue(other, 'stranger', NAME);
      made.issue(authority, 'old', NAME, -1);
      writeFileSync(file('temporal.toml'), profiles(), { mode: 0o600 });
    }, 180_000);

    afterAll(async () => {
      for (const gateway of gateways.values()) await gateway.stop();
      await server.stop();
      await simulator.stop();
      made.remove();
    });

    const file = (name: string) => join(made.folder, name);

    /** Every gateway as a profile, with all that it asks for; and what is wrong, each with one thing. */
    function profiles(): string {
      const trust = `server_ca_cert_path = "${authority.certificate}"\nserver_name = "temporal.test"`;
      const pair = (name: string) =>
        `client_cert_path = "${file(`${name}.pem`)}"\nclient_key_path = "${file(`${name}.key`)}"`;
      const profile = (name: string, gateway: string, tls: string, first = '') =>
        `[profile.${name}]\naddress = "127.0.0.1:${gateways.get(gateway)?.port}"\n${first}\n[profile.${name}.tls]\n${tls}\n`;
      const key = (value: string) => `api_key = "${value}"`;
      return [
        profile('plain', 'plain', trust),
        profile('mutual', 'mutual', `${trust}\n${pair('client')}`),
        profile('keyed', 'keyed', trust, key(API_KEY)),
        profile('both', 'both', `${trust}\n${pair('client')}`, key(API_KEY)),
        profile('distrusting', 'plain', 'server_name = "temporal.test"'),
        profile('unknown', 'unknown', trust),
        profile('expired', 'expired', trust),
        profile('misnamed', 'misnamed', trust),
        profile('nameless', 'mutual', trust),
        profile('stranger', 'mutual', `${trust}\n${pair('stranger')}`),
        profile('keyless', 'keyed', trust),
        profile('wrong-key', 'keyed', trust, key('another-key-77ab')),
        profile('old', 'mutual', `${trust}\n${pair('old')}`),
        profile('half', 'mutual', `${trust}\nclient_cert_path = "${client.certificate}"`),
        profile(
          'mixed',
          'mutual',
          `${trust}\nclient_cert_path = "${client.certificate}"\nclient_key_path = "${authority.key}"`,
        ),
        profile(
          'absent',
          'mutual',
          `server_ca_cert_path = "${file('no.pem')}"\nclient_cert_path = "${client.key}"\nclient_key_path = "${client.certificate}"`,
        ),
        `[profile.cleartext]\naddress = "127.0.0.1:${gateways.get('plain')?.port}"\n`,
        `[profile.no-tls-there]\naddress = "${server.address}"\n[profile.no-tls-there.tls]\nserver_name = "temporal.test"\n`,
      ].join('\n');
    }

    const env = (profile: string) => ({ TEMPORAL_CONFIG_FILE: file('temporal.toml'), TEMPORAL_PROFILE: profile });

    test.each(['plain', 'mutual', 'keyed', 'both'])('a client of the library connects: %s', async (profile) => {
      const { connection } = await connectWith(profile);
      const { capabilities } = await connection.workflowService.getSystemInfo({});
      expect(capabilities).toBeDefined();
      await connection.close();
      const { keys, clients } = gateways.get(profile) ?? {};
      expect([...(keys ?? [])]).toEqual([profile === 'keyed' || profile === 'both' ? `Bearer ${API_KEY}` : undefined]);
      expect([...(clients ?? [])]).toEqual([profile === 'mutual' || profile === 'both' ? 'client' : 'undefined']);
    });

    test.each([
      ['distrusting', /signed by an authority that is not known here: .*server_ca_cert_path/],
      ['unknown', /signed by an authority that is not known here: .*TEMPORAL_TLS_SERVER_CA_CERT_PATH/],
      ['expired', /has expired: have the server’s renewed/],
      ['misnamed', /is for another name \(DNS:elsewhere\.test\): .*TEMPORAL_TLS_SERVER_NAME/],
      ['nameless', /asks for a client certificate \(.*\): .*TEMPORAL_TLS_CLIENT_CERT_PATH/],
      ['stranger', /refuses the client certificate \(.*\): is it of an authority that the server knows/],
      ['keyless', /asks for credentials \(Request unauthorized\.\): set TEMPORAL_API_KEY/],
      ['wrong-key', /refuses the API key \(Request unauthorized\.\): is it valid/],
      ['no-tls-there', /does not speak TLS there: another port, or TEMPORAL_TLS=false/],
      ['old', /client_cert \(CN=old\) expired on .*: have it renewed/],
      ['half', /client_cert is given and client_key is not: .*TEMPORAL_TLS_CLIENT_KEY_PATH/],
      ['mixed', /client_key is not the key of client_cert/],
      [
        'absent',
        /server_ca_cert: .*no\.pem cannot be read\n.*client_cert: .* holds no certificate in PEM\n.*client_key: .* holds no private key/,
      ],
      ['nobody', /TEMPORAL_PROFILE is "nobody", and .*temporal\.toml has plain, mutual, keyed, /],
    ])('what keeps from connecting is told with its cure: %s', async (profile, told) => {
      const error = await connectWith(profile).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(TemporalConfigError);
      expect((error as Error).message).toMatch(told);
      expect(scan([(error as Error).message], [API_KEY, 'another-key-77ab'])).toEqual([]);
    });

    test('a server that speaks TLS is known from one that does not', async () => {
      expect(await speaksTls(`127.0.0.1:${gateways.get('plain')?.port}`)).toBe(true);
      expect(await speaksTls(server.address)).toBe(false);
    });

    test('variables go before the profile, and a server of one’s own is reached without either', async () => {
      const given = { ...env('plain'), TEMPORAL_ADDRESS: 'elsewhere:7233', TEMPORAL_API_KEY: API_KEY };
      const { address, connectionOptions } = readTemporalProfile({}, given);
      expect([address, connectionOptions.apiKey]).toEqual(['elsewhere:7233', API_KEY]);
      process.env.TEMPORAL_API_KEY = API_KEY;
      const link = await RegionLink.connect({ address: server.address, profile: false });
      delete process.env.TEMPORAL_API_KEY;
      await link.close();
    });

    test.each([
      [
        'TEMPORAL_CONFIG_FILE that is not there',
        { TEMPORAL_CONFIG_FILE: '/no/temporal.toml' },
        /^.*\n {2}- TEMPORAL_CONFIG_FILE: \/no\/temporal\.toml cannot be read$/,
      ],
      [
        'a profile and no file',
        { TEMPORAL_PROFILE: 'mine' },
        /TEMPORAL_PROFILE is "mine", and there is no configuration file/,
      ],
    ])('%s is told', (_what, given, told) => {
      expect(() => readTemporalProfile({}, given)).toThrow(told);
    });

    test('a file of profiles with a key in it, and a key of a certificate, are for their owner alone', () => {
      chmodSync(file('temporal.toml'), 0o644);
      expect(() => readTemporalProfile({}, env('plain'))).toThrow(
        /temporal\.toml holds a secret .*\(mode 0644\): chmod 600 /,
      );
      chmodSync(file('temporal.toml'), 0o600);
      chmodSync(client.key, 0o640);
      expect(() => readTemporalProfile({}, env('mutual'))).toThrow(
        /client\.key holds a secret .*\(mode 0640\): chmod 600 /,
      );
      chmodSync(client.key, 0o600);
    });

    test('TOML that is none is told by its place, and its text is not', () => {
      const broken = file('broken.toml');
      writeFileSync(broken, '[profile.default]\napi_key = "secret-text-91', { mode: 0o600 });
      const message = () => readTemporalProfile({}, { TEMPORAL_CONFIG_FILE: broken });
      expect(message).toThrow(/broken\.toml cannot be used: Invalid TOML document/);
      expect(message).not.toThrow(/secret-text-91/);
    });

    test('the command line and the worker go the same way, and say the same', async () => {
      const { status, stdout } = await regionlink(['list', '--json'], { ...env('both'), TEMPORAL_ADDRESS: undefined });
      expect([status, JSON.parse(stdout)]).toEqual([0, []]);
      const refused = await regionlink(['list', '--json'], { ...env('wrong-key'), TEMPORAL_ADDRESS: undefined });
      expect(JSON.parse(refused.stdout).error).toMatchObject({ type: 'TemporalConfigError', exitCode: 2 });
      const [program = '', ...args] = COMMAND;
      const worker = spawn(program, [...args, 'worker', '--json'], {
        env: { PATH: process.env.PATH, HOME: '/nonexistent', ...env('both'), ...workerLogin(simulator) },
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const [ready] = await once(worker.stdout, 'data');
      expect(JSON.parse(String(ready))).toMatchObject({
        state: 'ready',
        address: `127.0.0.1:${gateways.get('both')?.port}`,
      });
      worker.kill('SIGTERM');
      expect(await once(worker, 'close')).toEqual([0, null]);
      const stopped = await regionlink(['worker', '--json'], {
        ...env('stranger'),
        ...workerLogin(simulator),
        TEMPORAL_ADDRESS: undefined,
      });
      expect(JSON.parse(stopped.stdout).error).toMatchObject({ type: 'TemporalConfigError', exitCode: 2 });
      expect(stopped.stderr).toMatch(/refuses the client certificate/);
      expect([...(gateways.get('both')?.keys ?? [])]).toEqual([`Bearer ${API_KEY}`]);
    }, 180_000);

    function connectWith(profile: string) {
      const before = { ...process.env };
      Object.assign(process.env, env(profile));
      const connecting = connectToTemporal();
      // Read by now.
      process.env = before;
      return connecting;
    }
  },
);
