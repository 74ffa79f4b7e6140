/**
 * A login at one cloud: its token, renewed before it expires and once on a 401, and its catalog.
 * The rule: one session per cloud and worker; callers that need a token at the same time share one login.
 */
import { badAnswer, readOne, readValue } from './answers.js';
import type { CloudAuth, CloudConfig } from './clouds-config.js';
import { CloudConfigError, OpenStackError, oneLine } from './errors.js';
import { type CallOptions, type HttpAnswer, type HttpRequest, send } from './http.js';
import { type CatalogEntry, catalogEntrySchema, tokenSchema } from './types.js';

interface Token {
  readonly value: string;
  readonly expiresAt: number;
  readonly projectId: string;
  readonly catalog: readonly CatalogEntry[];
}

/** Service types under which clouds list the same service. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  network: ['network'],
  compute: ['compute', 'computev21', 'compute_v2.1'],
  image: ['image', 'imagev2'],
};

/** A token is renewed this long before its end, or after nine tenths of its life, whichever is later. */
const RENEW_BEFORE_MS = 5 * 60 * 1000;

export class Session {
  private token: Promise<Token> | undefined;
  private renewAt = 0;

  constructor(readonly cloud: CloudConfig) {}

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
  async endpoint(service: 'network' | 'compute' | 'image', region: string, options: CallOptions): Promise<string> {
    const override = this.cloud.endpointOverrides[service];
    if (override !== undefined) return override.replace(/\/+$/, '');
    const { catalog } = await this.login(options);
    const offered = catalog
      .filter((entry) => ALIASES[service]?.includes(entry.type))
      .flatMap((entry) => entry.endpoints);
    const here = offered.filter((endpoint) => endpoint.region === region || endpoint.region_id === region);
    const found = here.find((endpoint) => endpoint.interface.replace(/URL$/, '') === this.cloud.interface);
    if (found !== undefined) return found.url.replace(/\/+$/, '');
    const known =
      here.length > 0
        ? `interfaces: ${here.map((endpoint) => endpoint.interface).join(', ')}`
        : `regions: ${(await this.regions(options)).join(', ')}`;
    throw new CloudConfigError(
      `cloud "${this.cloud.name}" has no ${service} service at interface ${this.cloud.interface} in region "${region}"; its catalog has ${oneLine(known)}`,
    );
  }

  /** Sends a request with a token. A 401 has had no effect, so it is sent once more, with a new token. */
  async send(request: Omit<HttpRequest, 'tls'>, options: CallOptions): Promise<HttpAnswer> {
    const token = await this.login(options);
    const withToken = ({ value }: Token): HttpRequest => ({
      ...request,
      tls: this.cloud.tls,
      headers: { ...request.headers, 'X-Auth-Token': value },
      secrets: [...request.secrets, value],
    });
    try {
      return await send(withToken(token), options);
    } catch (error) {
      if (!(error instanceof OpenStackError) || error.fields.status !== 401) throw error;
      this.token = undefined;
      return send(withToken(await this.login(options)), options);
    }
  }

  private async login(options: CallOptions): Promise<Token> {
    if (this.token !== undefined && Date.now() < this.renewAt) return this.token;
    // Shared by all who wait, so one caller's cancellation must not end it.
    const login = this.authenticate({ timeoutMs: options.timeoutMs });
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
    const answer = await send(
      {
        service: 'identity',
        region: cloud.region ?? '-',
        method: 'POST',
        url: `${cloud.authUrl}/auth/tokens`,
        headers: { 'Content-Type': 'application/json' },
        body: { auth: identityOf(cloud.auth) },
        tls: cloud.tls,
        secrets: [secretOf(cloud.auth)],
      },
      options,
    ).catch((error: unknown) => {
      // Keystone says so in JSON with a title. A 401 of any other form is that of a proxy, which passes.
      const refused =
        error instanceof OpenStackError && error.fields.status === 401 && error.fields.type === 'Unauthorized';
      throw refused
        ? new CloudConfigError(
            `cloud "${cloud.name}" (${cloud.source}) refuses the login: check user, password and project. It says: ${error.said}`,
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
      catalog: catalogOf(token.catalog, answer),
    };
  }
}

/** Entries of services that are used must be whole; an odd one of any other service is left out. */
function catalogOf(entries: readonly unknown[], answer: HttpAnswer): readonly CatalogEntry[] {
  const used = Object.values(ALIASES).flat();
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

function secretOf(auth: CloudAuth): string {
  return auth.method === 'password' ? auth.password.reveal() : auth.secret.reveal();
}

/** Keystone's `auth` object, secrets included. An application credential carries its own scope: sending one is an error. */
export function identityOf(auth: CloudAuth): unknown {
  if (auth.method === 'password') {
    return {
      identity: { methods: ['password'], password: { user: { ...auth.user, password: auth.password.reveal() } } },
      scope: { project: auth.scope },
    };
  }
  const { credential } = auth;
  const named =
    'id' in credential
      ? { id: credential.id }
      : { name: credential.name, user: { name: credential.user, domain: credential.domain } };
  return {
    identity: {
      methods: ['application_credential'],
      application_credential: { ...named, secret: auth.secret.reveal() },
    },
  };
}
