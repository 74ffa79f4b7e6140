/** Configurations of clouds as files in a temporary folder, and what we make of them in the form in which `as-openstacksdk.py` tells what openstacksdk does. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { SERVICES } from '../../src/openstack/cloud-keys.js';
import { Clouds } from '../../src/openstack/clouds-config.js';
import { identityOf } from '../../src/openstack/session.js';

export interface Configuration {
  /** By path: `work/` is the working directory, `home/` the home. A value that is no text is written as YAML. `{folder}` in texts is where they stand. */
  readonly files?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Asked for; else the default. */
  readonly cloud?: string;
  readonly region?: string;
}

/** A configuration on disk. */
export interface Written {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly cloud?: string;
  readonly region?: string;
}

export function write({ files = {}, env = {}, ...asked }: Configuration): Written {
  const folder = mkdtempSync(join(tmpdir(), 'clouds-'));
  const here = (text: string) => text.replaceAll('{folder}', folder);
  for (const sub of ['work', 'home']) mkdirSync(join(folder, sub));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(
      join(folder, path),
      here(typeof content === 'string' ? content : stringify(content, { version: '1.1' })),
      { mode: 0o600 },
    );
  }
  const places = { HOME: join(folder, 'home'), XDG_CONFIG_DIRS: join(folder, 'site') };
  const variables = Object.entries({ ...places, ...env }).map(([name, value]) => [name, here(value)]);
  return { env: Object.fromEntries(variables), cwd: join(folder, 'work'), ...asked };
}

export const load = ({ env, cwd }: Written): Clouds => Clouds.load(env, cwd);

/** Of the cloud and the region that are asked for. */
export function ours(written: Written): unknown {
  const clouds = load(written);
  const config = clouds.get(written.cloud, written.region);
  const { name, authUrl, auth, tls, services, timeoutMs } = config;
  const regions = clouds.regionsOf(name);
  return {
    cloud: name,
    regions,
    login: { url: `${authUrl}/auth/tokens`, body: { auth: identityOf(auth) } },
    tls: { ca: null, cert: null, key: null, ...tls },
    services: Object.fromEntries(
      SERVICES.map((kind) => {
        const { interfaces, endpointOverride = null, type = kind, region } = services[kind];
        const asked = region ?? written.region ?? regions[0] ?? '';
        return [kind, { interfaces, override: endpointOverride, region: asked, type }];
      }),
    ),
    timeoutMs: timeoutMs ?? null,
  };
}

/** The same in openstacksdk's words. */
export interface Theirs {
  readonly error?: string;
  readonly services: Readonly<Record<string, { readonly interface: string | readonly string[] | null }>>;
  readonly timeout: number | string | null;
}

export function inOurForm({ services, timeout, ...same }: Theirs): unknown {
  const plain = (name: string) => name.replace(/URL$/, '');
  return {
    ...same,
    services: Object.fromEntries(
      Object.entries(services).map(([kind, { interface: face, ...rest }]) => [
        kind,
        { interfaces: [face ?? 'public'].flat().map(plain), ...rest },
      ]),
    ),
    timeoutMs: Number(timeout) > 0 ? Number(timeout) * 1000 : null,
  };
}
