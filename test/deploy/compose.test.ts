/** `docker-compose.yml` and what it mounts, as far as that can be proven where no container engine runs. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { DYNAMIC_CONFIG } from '../../src/cli/dev-server.js';
import { checkJsonschema } from '../support/python-packages.js';

interface Service {
  readonly image: string;
  readonly restart: string;
  readonly profiles?: readonly string[];
  readonly healthcheck?: unknown;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly secrets?: readonly (string | { readonly source: string })[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly network_mode?: string;
}

const text = readFileSync('docker-compose.yml', 'utf8');
const compose = parse(text, { merge: true });
const services: Readonly<Record<string, Service>> = compose.services;
const all = Object.entries(services);

describe('against the schema of compose files', () => {
  const { bin, missing } = checkJsonschema();
  const check = (input: string) =>
    spawnSync(join(bin, 'check-jsonschema'), ['--builtin-schema', 'vendor.compose-spec', '-'], {
      input,
      encoding: 'utf8',
    });

  test.skipIf(missing !== undefined)('docker-compose.yml is one', () => {
    expect(check(JSON.stringify(compose))).toMatchObject({ status: 0 });
  });

  test.skipIf(missing !== undefined)('and one with a mistyped key is none', () => {
    const mistyped = { ...compose, services: { ...services, worker: { ...services.worker, helthcheck: {} } } };
    expect(check(JSON.stringify(mistyped)).stdout).toMatch(/helthcheck/);
  });
});

test.each(all)('%s refers to what there is: services, secrets, volumes, files', (_name, service) => {
  for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
    const needed = services[other];
    expect(needed, other).toBeDefined();
    expect(condition === 'service_healthy', `${other}: ${condition}`).toBe(needed?.healthcheck !== undefined);
    // One that may be left out is needed only by what is left out with it.
    expect(service.profiles ?? []).toEqual(expect.arrayContaining([...(needed?.profiles ?? [])]));
  }
  for (const secret of service.secrets ?? [])
    expect(compose.secrets).toHaveProperty([typeof secret === 'string' ? secret : secret.source]);
  for (const volume of service.volumes ?? []) {
    const [from = ''] = volume.split(':');
    if (from.startsWith('.')) expect(existsSync(from), from).toBe(true);
    else expect(compose.volumes).toHaveProperty(from);
  }
  for (const value of Object.values(service.environment ?? {})) {
    const [, mounted] = /^\/deploy\/(.*)/.exec(value) ?? [];
    if (mounted !== undefined) expect(existsSync(join('deploy', mounted)), value).toBe(true);
  }
});

test.each(all)(
  '%s is pinned, starts again, and is reached from this host alone',
  (_name, { image, restart, ports = [] }) => {
    expect(image).toMatch(/:\d+\.\d+(\.\d+)?$/);
    expect(restart).toMatch(/^(unless-stopped|on-failure:\d+)$/);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  },
);

test('what stays up has a health check, and the file has no secret', () => {
  const unchecked = all.filter(
    ([, { restart, healthcheck }]) => restart === 'unless-stopped' && healthcheck === undefined,
  );
  expect(unchecked).toEqual([]);
  const values = all.flatMap(([, { environment = {} }]) => Object.entries(environment));
  const open = values.filter(([name]) => /PASSWORD|PWD|SECRET|TOKEN|KEY$/.test(name) && !name.endsWith('_FILE'));
  expect(open).toEqual([]);
});

test('Temporal’s server and its tools are of one version', () => {
  const versions = all.flatMap(([, { image }]) => /^temporalio\/(?:server|admin-tools):(.*)$/.exec(image)?.[1] ?? []);
  expect(versions.length).toBeGreaterThan(2);
  expect(new Set(versions).size).toBe(1);
});

test('the server’s dynamic settings are those of the dev server', () => {
  const settings: Record<string, readonly { readonly value: unknown }[]> = parse(
    readFileSync('deploy/dynamic-config.yaml', 'utf8'),
  );
  const told = Object.entries(settings).map(([name, [first]]) => `${name}=${JSON.stringify(first?.value)}`);
  expect(told).toEqual(DYNAMIC_CONFIG);
});

test.skipIf(spawnSync('shellcheck', ['--version']).status !== 0)('shellcheck has nothing to say of the scripts', () => {
  expect(
    spawnSync('shellcheck', ['deploy/set-up-schema.sh', 'deploy/set-up-namespace.sh'], { encoding: 'utf8' }).stdout,
  ).toBe('');
});
