/**
 * A login at one cloud: its token, renewed before it expires and once on a 401, and its catalog.
 * The rule: one session per login and worker, which is a cloud or one region of it; callers that need a token at the same time share one.
 */
import { badAnswer, readOne, readValue } from './answers.js';
import type { CloudAuth } from './cloud-auth.js';
import { SERVICES, type ServiceType } from './cloud-keys.js';
import type { CloudConfig } from './clouds-config.js';
import { CloudConfigError, NO_REGION, OpenStackError, oneLine } from './errors.js';
import type { CallOptions, HttpAnswer, HttpRequest } from './http.js';
import { Traffic } from './traffic.js';
import { type CatalogEntry, catalogEntrySchema, tokenSchema } from './types.js';

interface Token {
  readonly value: string;
  readonly expiresAt: number;
  readonly projectId: string;
  readonly catalog: readonly CatalogEntry[];
}

/** Service types under which clouds list the same service. */
const ALIASES: Readonly<Record<ServiceType, readonly string[]>> = {
  network: ['network'],
  compute: ['compute', 'computev21', 'compute_v2.1'],
  image: ['image', 'imagev2'],
};

/** What to do about a login that is refused. */
const CHECK: Readonly<Record<CloudAuth['method'], string>> = {
  password: 'check user, password and project',
  token: 'its token has ended or is none of this project; a password or an application credential lasts longer',
  application_credential: 'check the application credential, which may have expired',
};

/** A token is renewed this long before its end, or after nine tenths of its life, whichever is later. */
const RENEW_BEFORE_MS = 5 * 60 * 1000;

export class Session {
  private token: Promise<Token> | undefined;
  private renewAt = 0;

  constructor(
    readonly cloud: CloudConfig,
    private readonly traffic = new Traffic(),
  ) {}

  async projectId(options: CallOptions): Promise<string> {
    return (await this.login(options)).projectId;
  }

  /** Regions that the catalog has any endpoint in. */
  async regions(options: CallOptions): Promise<readonly string[]> {
    const { catalog } = await this.login(options);
    return [
      ...new Set(
        catalog.flatMap((entry) => entry.endpoints.flatMap((endpoint) => endpoint.region_id ?? endpoint.region ?? [])),
      ),
    ].sort();
  }

  /** Address of a service in a region, without a trailing slash. Throws CloudConfigError that lists what the catalog has. */
  async endpoint(service: ServiceType, region: string, options: CallOptions): Promise<string> {
    const types = typesOf(service, this.cloud);
    const { interfaces, endpointOverride, region: asked = region } = this.cloud.services[service];
    if (endpointOverride !== undefined) return this.filled(endpointOverride, options);
    const { catalog } = await this.login(options);
    const offered = catalog.filter((entry) => types.includes(entry.type)).flatMap((entry) => entry.endpoints);
    const here = offered.filter((endpoint) => endpoint.region === asked || endpoint.region_id === asked);
    const found = interfaces.flatMap((one) =>
      here.filter((endpoint) => endpoint.interface.replace(/URL$/, '') === one),
    );
    if (found[0] !== undefined) return withoutSlash(found[0].url);
    const known =
      here.length > 0
        ? `interfaces: ${here.map((endpoint) => endpoint.interface).join(', ')}`
        : `regions: ${(await this.regions(options)).join(', ')}`;
    throw new CloudConfigError(
      `cloud "${this.cloud.name}" has no ${types[0]} service at interface ${interfaces.join(' or ')} in region "${asked}"; its catalog has ${oneLine(known)}`,
    );
  }

  /** An address out of the configuration, with the project's id where it has a place for it, as keystoneauth fills it in. */
  private async filled(address: string, options: CallOptions): Promise<string> {
    if (!address.includes('%(')) return withoutSlash(address);
    const projectId = await this.projectId(options);
    return withoutSlash(address.replace(/%\((?:project|tenant)_id\)s/g, () => projectId));
  }

  /** Sends a request with a token. A 401 has had no effect, so it is sent once more, with a new token. */
  async send(request: Omit<HttpRequest, 'tls'>, limits: CallOptions): Promise<HttpAnswer> {
    const options = this.within(limits);
    const token = await this.login(options);
    const withToken = ({ value }: Token): HttpRequest => ({
      ...request,
      tls: this.cloud.tls,
      headers: { ...request.headers, 'X-Auth-Token': value },
      secrets: [...request.secrets, value],
    });
    try {
      return await this.traffic.send(withToken(token), options);
    } catch (error) {
      if (!(error instanceof OpenStackError) || error.fields.status !== 401) throw error;
      this.token = undefined;
      return this.traffic.send(withToken(await this.login(options)), options);
    }
  }

  /** The cloud's own limit of time where it is the shorter: a write must not last longer than its attempt allows for. */
  private within(options: CallOptions): CallOptions {
    return { ...options, timeoutMs: Math.min(options.timeoutMs, this.cloud.timeoutMs ?? options.timeoutMs) };
  }

  private async login(options: CallOptions): Promise<Token> {
    if (this.token !== undefined && Date.now() < this.renewAt) return this.token;
    // Shared by all who wait, so one caller's cancellation must not end it.
    const login = this.authenticate(this.within({ timeoutMs: options.timeoutMs }));
    this.token = login;
    this.renewAt = Number.POSITIVE_INFINITY;
    try {
      const token = await login;
      const life = token.expiresAt - Date.now();
      this.renewAt = token.expiresAt - Math.min(RENEW_BEFORE_MS, life / 10);
      return token;
    } catch (error) {
      this.token = undefined;
      throw error;
    }
  }

  private async authenticate(options: CallOptions): Promise<Token> {
    const { cloud } = this;
    const answer = await this.traffic
      .send(
        {
          service: 'identity',
          region: cloud.region ?? NO_REGION,
          method: 'POST',
          url: `${cloud.authUrl}/auth/tokens`,
          headers: { 'Content-Type': 'application/json' },
          body: { auth: identityOf(cloud.auth) },
          tls: cloud.tls,
          secrets: [cloud.auth.secret.reveal()],
        },
        options,
      )
      .catch((error: unknown) => {
        // Keystone says so in JSON with a title. A 401 of any other form is that of a proxy, which passes.
        const refused =
          error instanceof OpenStackError && error.fields.status === 401 && error.fields.type === 'Unauthorized';
        throw refused
          ? new CloudConfigError(
              `cloud "${cloud.name}" of ${cloud.source} refuses the login: ${CHECK[cloud.auth.method]}. It says: ${error.said}`,
            )
          : error;
      });
    const token = readOne(tokenSchema, answer, 'token');
    const value = answer.headers['x-subject-token'];
    if (!value)
      throw badAnswer(answer, 'the answer has no X-Subject-Token: is this address really Keystone v3, or a proxy?');
    if (!token.project)
      throw new CloudConfigError(`cloud "${cloud.name}": the login has no project; name one in ${cloud.source}`);
    if (token.catalog === undefined) throw badAnswer(answer, 'token.catalog is missing: expected a list');
    return {
      value,
      expiresAt: Date.parse(token.expires_at),
      projectId: token.project.id,
      catalog: catalogOf(token.catalog, answer, usedTypes(cloud)),
    };
  }
}

/** Types in the catalog of the services that are used. */
function usedTypes(cloud: CloudConfig): readonly string[] {
  return SERVICES.flatMap((service) => typesOf(service, cloud));
}

function typesOf(service: ServiceType, { services }: CloudConfig): readonly string[] {
  const { type } = services[service];
  return type === undefined ? ALIASES[service] : [type];
}

function withoutSlash(address: string): string {
  return address.replace(/\/+$/, '');
}

/** Entries of services that are used must be whole; an odd one of any other service is left out. */
function catalogOf(entries: readonly unknown[], answer: HttpAnswer, used: readonly string[]): readonly CatalogEntry[] {
  return entries.flatMap((entry, index) => {
    const read = catalogEntrySchema.safeParse(entry);
    if (!read.success && !used.includes(String((entry as { type?: unknown } | null)?.type))) return [];
    const whole = readValue(catalogEntrySchema, answer, entry, `token.catalog[${index}]`);
    const wrong = used.includes(whole.type) ? whole.endpoints.findIndex(({ url }) => !isHttp(url)) : -1;
    if (wrong < 0) return [whole];
    throw badAnswer(answer, `token.catalog[${index}].endpoints[${wrong}].url: expected an http address`);
  });
}

function isHttp(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}

/** Keystone's `auth` object, secrets included. An application credential carries its own scope: sending one is an error. */
export function identityOf(auth: CloudAuth): unknown {
  const { method } = auth;
  switch (method) {
    case 'password': {
      const identity = { methods: [method], password: { user: { ...auth.user, password: auth.secret.reveal() } } };
      return { identity, scope: { project: auth.scope } };
    }
    case 'token':
      return { identity: { methods: [method], token: { id: auth.secret.reveal() } }, scope: { project: auth.scope } };
    case 'application_credential':
      return {
        identity: { methods: [method], application_credential: { ...auth.credential, secret: auth.secret.reveal() } },
      };
  }
}
