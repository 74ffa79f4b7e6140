/**
 * What an entry of clouds.yaml may say, and what of it is refused. `docs/clouds.md` is written from these tables, and a test holds it to them.
 * The rule: a key that changes what a cloud does for us is here, read or refused; what is not here (other services, Python's own settings) has no effect.
 */

export interface CloudKey {
  readonly means: string;
  /** Older names, which are read as well. */
  readonly also?: readonly string[];
  /** Never told. */
  readonly secret?: true;
  /** Beside `auth` it wins over the same inside, and its own name over older ones, as openstacksdk has it for these. For all others the inside wins. */
  readonly outsideWins?: true;
  /** Its older name wins over its own. */
  readonly olderWins?: true;
  /** Says where to look, not what holds; not as a variable. */
  readonly inFilesOnly?: true;
}

/** Under `auth:`, or beside it. */
export const AUTH_KEYS = {
  auth_url: { means: "Keystone's address, with or without `/v3`" },
  username: { means: 'user by name, with its domain', also: ['user_name'] },
  user_id: { means: 'user by id', also: ['userid'] },
  password: { means: 'password of the user', secret: true },
  user_domain_id: { means: "domain of the user's name", outsideWins: true },
  user_domain_name: { means: "domain of the user's name", outsideWins: true },
  project_id: { means: 'project by id', also: ['tenant_id'], outsideWins: true },
  project_name: { means: 'project by name, with its domain', also: ['tenant_name'], outsideWins: true },
  project_domain_id: { means: "domain of the project's name", outsideWins: true },
  project_domain_name: { means: "domain of the project's name", outsideWins: true },
  domain_id: { means: 'domain of both, where they have none of their own', outsideWins: true },
  domain_name: { means: 'domain of both, where they have none of their own', outsideWins: true },
  default_domain_id: { means: 'the same' },
  default_domain_name: { means: 'the same' },
  default_domain: { means: 'id of the domain where no other is said; `default` without it' },
  application_credential_id: { means: 'application credential by id' },
  application_credential_name: { means: 'application credential by name, with `username` or `user_id`' },
  application_credential_secret: { means: 'its secret', secret: true },
  token: {
    means: 'a token, instead of a password; it is not renewed',
    also: ['auth_token'],
    secret: true,
    outsideWins: true,
  },
} as const satisfies Record<string, CloudKey>;

/** Beside `auth:`. */
export const CLOUD_KEYS = {
  auth_type: {
    means:
      '`password`, `v3password`, `token`, `v3token` or `v3applicationcredential`; without it what the rest of the entry is made for',
  },
  profile: {
    means: 'entry of `public-clouds` in clouds-public.yaml that this one adds to',
    also: ['cloud'],
    inFilesOnly: true,
  },
  regions: {
    means: 'its regions: names, or `name` with `values`, keys of this table that hold for that region',
    inFilesOnly: true,
  },
  region_name: {
    means: 'its one region, or several with commas; as a variable no limit, since a spec names its regions',
  },
  interface: {
    means: '`public` (default), `internal` or `admin`, also with `URL`; or a list in order of preference',
    also: ['endpoint_type'],
    olderWins: true,
  },
  verify: { means: '`false`: the certificate of the cloud is not checked' },
  insecure: { means: '`true`: the same' },
  cacert: { means: 'file with the CA certificates (PEM) that the cloud is checked against' },
  cert: { means: 'file with a client certificate (PEM), and its key where `key` is not given' },
  key: { means: 'file with the key of `cert` (PEM)' },
  api_timeout: {
    means:
      "seconds that one call may take, where that is less than the worker's own limit; `*_timeout` is read as well",
  },
  identity_api_version: { means: 'only `3`' },
} as const satisfies Record<string, CloudKey>;

export const SERVICES = ['network', 'compute', 'image'] as const;
export type ServiceType = (typeof SERVICES)[number];

/** After `network_`, `compute_` or `image_`. */
export const SERVICE_KEYS = {
  endpoint_override: {
    means: 'address of the service instead of the one in the catalog; `%(project_id)s` is filled in',
    also: ['endpoint'],
  },
  interface: { means: '`interface` for this service', also: ['endpoint_type'], olderWins: true },
  region_name: { means: 'region of the catalog for this service' },
  service_type: { means: 'its type in the catalog' },
  api_version: { means: 'only version 2, or `2.1` for compute' },
} as const satisfies Record<string, CloudKey>;

/** What openstacksdk acts on and we do not: an error, with what to do instead. */
export const REFUSED_KEYS = {
  auth_plugin: 'openstacksdk overrules it by its default: write auth_type',
  auth_methods: 'login by several factors is not supported: make an application credential',
  passcode: 'login by a one-time password is not supported: make an application credential',
  trust_id: 'login by a trust is not supported: make an application credential',
  system_scope: 'VPNs belong to a project: name it by project_name or project_id',
  network_service_name: 'name the address by network_endpoint_override',
  compute_service_name: 'name the address by compute_endpoint_override',
  image_service_name: 'name the address by image_endpoint_override',
} as const satisfies Record<string, string>;

/** Every key that is read, by its name in an entry. */
export const KEYS: ReadonlyMap<string, CloudKey> = new Map([
  ...Object.entries<CloudKey>(AUTH_KEYS),
  ...Object.entries<CloudKey>(CLOUD_KEYS),
  ...SERVICES.flatMap((service) =>
    Object.entries<CloudKey>(SERVICE_KEYS).map(([key, info]): [string, CloudKey] => [
      `${service}_${key}`,
      { ...info, also: info.also?.map((older) => `${service}_${older}`) ?? [] },
    ]),
  ),
]);

/** The same by every name, older ones too. */
const NAMES: ReadonlyMap<string, CloudKey> = new Map(
  [...KEYS].flatMap(([key, info]) => [key, ...(info.also ?? [])].map((name) => [name, info] as const)),
);

/** Whether a key of an entry is read or refused. */
export function hasEffect(key: string): boolean {
  return NAMES.has(key) || key in REFUSED_KEYS || isTimeout(key) || key === 'auth';
}

/** Whether the value of a key must not be told, by any of its names. */
export function isSecretKey(key: string): boolean {
  return NAMES.get(key)?.secret === true || key === 'passcode';
}

/** Older clients' timeouts, all of which openstacksdk takes for `api_timeout`. */
export function isTimeout(key: string): boolean {
  return key.endsWith('timeout') && key !== 'timeout';
}

/** The key that an OS_* variable gives; undefined for a variable that is none of ours (`OS_NAME`, `OS_CLOUD`). */
export function variableKey(variable: string): string | undefined {
  const key = variable.startsWith('OS_') ? variable.slice(3).toLowerCase() : '';
  return hasEffect(key) && key !== 'auth' && NAMES.get(key)?.inFilesOnly !== true ? key : undefined;
}
