/** Secrets leave the environment, and files with secrets are closed to others, or are not used. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ownPsk } from '../../src/activities/resources/site-connection.js';
import { KEYS } from '../../src/openstack/cloud-keys.js';
import { Clouds } from '../../src/openstack/clouds-config.js';
import { isSecretVariable } from '../../src/secrets/environment.js';
import { exposed } from '../../src/secrets/secret-file.js';
import { readWorkerConfig } from '../../src/worker-config.js';

const folder = mkdtempSync(join(tmpdir(), 'secrets-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const CLOUD = 'clouds: { one: { auth: { auth_url: "http://127.0.0.1:1", username: u, project_name: p } } }';
const PASSWORD = 'clouds: { one: { auth: { password: of-the-cloud-5e } } }';

test('every variable that holds a secret of ours leaves the environment, with those of PSKs', () => {
  const secrets = [...KEYS].flatMap(([key, info]) => (info.secret ? [key, ...(info.also ?? [])] : []));
  const names = [
    ...secrets.map((key) => `OS_${key.toUpperCase()}`),
    'OS_PASSCODE',
    'REGIONLINK_MASTER_KEY',
    'TEMPORAL_API_KEY',
    'TEMPORAL_TLS_CLIENT_KEY_DATA',
    'TEMPORAL_CODEC_AUTH',
    'TEMPORAL_GRPC_META_AUTHORIZATION',
    'LEFT_RIGHT_PSK',
    'PSK2',
  ];
  expect(names.filter((name) => !isSecretVariable(name))).toEqual([]);
  const plain = ['PATH', 'HOME', 'OS_AUTH_URL', 'OS_USERNAME', 'REGIONLINK_MASTER_KEY_FILE', 'TEMPORAL_ADDRESS'];
  expect(plain.filter(isSecretVariable)).toEqual([]);
});

test('once they are withdrawn, no child of the process has them, and the process still does', () => {
  const script = `
    import { spawnSync } from 'node:child_process';
    import { environment, withdrawSecrets } from './dist/secrets/environment.js';
    withdrawSecrets();
    const child = spawnSync('env').stdout.toString();
    console.log(JSON.stringify([child.includes('os-secret-1') || child.includes('key-secret-2'), JSON.stringify(process.report.getReport().environmentVariables).includes('os-secret-1'), environment().OS_PASSWORD, environment().TEMPORAL_API_KEY]));`;
  const env = { PATH: process.env.PATH, OS_PASSWORD: 'os-secret-1', TEMPORAL_API_KEY: 'key-secret-2' };
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], { env, encoding: 'utf8' });
  expect(JSON.parse(out)).toEqual([false, false, 'os-secret-1', 'key-secret-2']);
});

test.each([0o644, 0o640, 0o604, 0o620, 0o660])('a file of mode %o is not used for a secret', (mode) => {
  const path = file('open', 'x', mode);
  expect(exposed(path)).toMatch(new RegExp(`mode 0${mode.toString(8)}\\): chmod 600 ${path}$`));
  symlinkSync(path, join(folder, `link-${mode}`));
  expect(exposed(join(folder, `link-${mode}`))).toMatch(/chmod 600/);
});

test.each([0o600, 0o400])('a file of mode %o is', (mode) => {
  expect(exposed(file('closed', 'x', mode))).toBeUndefined();
});

test('master key, clouds.yaml and secure.yaml that others can read are told all at once, each with its cure', () => {
  const key = file('open-key', randomBytes(32).toString('base64'), 0o644);
  const clouds = file('open-clouds.yaml', PASSWORD, 0o644);
  const secure = file('open-secure.yaml', PASSWORD, 0o640);
  const { config, problems } = readWorkerConfig({
    REGIONLINK_OWNER: 'test',
    REGIONLINK_MASTER_KEY_FILE: key,
    OS_CLIENT_CONFIG_FILE: clouds,
    OS_CLIENT_SECURE_FILE: secure,
  });
  expect(config).toBeUndefined();
  const told = problems.join('\n');
  for (const path of [key, clouds, secure]) expect(told).toContain(`chmod 600 ${path}`);
  expect(told).not.toContain('of-the-cloud');
});

test.each(['REGIONLINK_MASTER_KEY', 'REGIONLINK_MASTER_KEY_FILE'])(
  'a key in %s that is too short is told by its variable',
  (name) => {
    const short = 'c2hvcnQ=';
    const { problems } = readWorkerConfig({
      REGIONLINK_OWNER: 'test',
      [name]: name.endsWith('FILE') ? file('short-key', short) : short,
    });
    expect(problems.join('\n')).toContain(`${name}: master key 1 has 5 bytes`);
    expect(problems.join('\n')).not.toContain(short);
  },
);

test('a clouds.yaml without a secret may be anyone’s to read', () => {
  const env = {
    OS_CLIENT_CONFIG_FILE: file('plain.yaml', CLOUD, 0o644),
    OS_CLIENT_SECURE_FILE: file('secure.yaml', PASSWORD),
  };
  expect(Clouds.load(env, folder).get('one').auth.method).toBe('password');
});

test('a secret under a region of its own counts as well', () => {
  const text = 'clouds: { one: { regions: [{ name: left, values: { application-credential-secret: s } }] } }';
  const env = { OS_CLIENT_CONFIG_FILE: file('regions.yaml', text, 0o644) };
  expect(() => Clouds.load(env, folder)).toThrow(/chmod 600/);
});

test('the key of a client certificate that others can read is told by its key', () => {
  file('client.pem', 'certificate');
  file('client.key', 'key', 0o644);
  const cloud = `${CLOUD.slice(0, -3)}, cert: client.pem, key: client.key, password: p } }`;
  const env = { OS_CLIENT_CONFIG_FILE: file('certificate.yaml', cloud) };
  expect(() => Clouds.load(env, folder).get('one')).toThrow(/ {2}- key: .*client\.key holds a secret .*chmod 600/);
});

test('a PSK is taken from a closed file, and from none that is open or configures the worker', () => {
  const masterKey = randomBytes(32).toString('base64');
  const key = file('master-key', masterKey);
  const { config } = readWorkerConfig({
    REGIONLINK_OWNER: 'test',
    REGIONLINK_MASTER_KEY_FILE: key,
    OS_AUTH_URL: 'http://127.0.0.1:1',
    OS_USERNAME: 'u',
    OS_PASSWORD: 'cloud-password-3c',
    OS_PROJECT_NAME: 'p',
    HOME: folder,
    LEFT_PSK: 'psk-of-our-own-8',
  });
  const env = config?.env ?? {};
  const read = (path: string) => ownPsk({ from: 'file', path }, env);
  expect(read(file('psk', 'psk-of-our-own-9\n'))).toBe('psk-of-our-own-9');
  expect(() => read(file('open-psk', 'psk-of-our-own-9', 0o644))).toThrow(/open-psk is not used: .*chmod 600/);
  expect(() => read(key)).toThrow(/master-key is not used: it is of the worker's own configuration/);
  expect(ownPsk({ from: 'env', name: 'LEFT_PSK' }, env)).toBe('psk-of-our-own-8');
  expect(() => ownPsk({ from: 'env', name: 'OS_PASSWORD' }, env)).toThrow(/variable OS_PASSWORD is empty or missing/);
});
