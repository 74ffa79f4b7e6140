/**
 * A login at one cloud: its token, renewed before it expires and once on a 401, and its catalog.
 * The rule: one session per cloud and worker; callers that need a token at the same time share one login.
 */
import type { CloudAuth, CloudConfig } from './clouds-config.js';
import { CloudConfigError, OpenStackError } from './errors.js';
import { type CallOptions, type HttpAnswer, type HttpRequest, send } from './http.js';

interface CatalogEntry {
  readonly type: string;
  readonly endpoints: readonly {
    readonly interface: string;
    readonly region?: string;
    readonly region_id?: string;
    readonly url: string;
  }[];
}

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
      `cloud "${this.cloud.name}" has no ${service} service at interface ${this.cloud.interface} in region "${region}"; its catalog has ${known}`,
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
      throw error instanceof OpenStackError && error.fields.status === 401
        ? new CloudConfigError(
            `cloud "${cloud.name}" (${cloud.source}) refuses the login: check user, password and project. It says: ${error.said}`,
          )
        : error;
    });
    const token = (
      answer.body as
        | { token?: { expires_at?: string; project?: { id: string }; catalog?: readonly CatalogEntry[] } }
        | undefined
    )?.token;
    const value = answer.headers['x-subject-token'];
    if (token?.expires_at === undefined || value === undefined)
      throw new CloudConfigError(`${cloud.authUrl} does not answer like Keystone v3`);
    if (token.project === undefined)
      throw new CloudConfigError(`cloud "${cloud.name}": the login has no project; name one in ${cloud.source}`);
    return {
      value,
      expiresAt: Date.parse(token.expires_at),
      projectId: token.project.id,
      catalog: token.catalog ?? [],
    };
  }
}

function secretOf(auth: CloudAuth): string {
  return auth.method === 'password' ? auth.password.reveal() : auth.secret.reveal();
}

/** Keystone's `auth` object. An application credential carries its own scope: sending one is an error. */
function identityOf(auth: CloudAuth): unknown {
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
