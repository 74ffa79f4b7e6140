/**
 * Keystone v3: users, projects, tokens that expire, and the catalog of both regions.
 * The rule: tokens are random and live in memory only.
 */
import { randomBytes } from 'node:crypto';
import { type Answer, type ApiError, unauthorized } from './errors.js';
import { type Directory, DOMAIN, keystoneError, type Project, type User } from './identity-directory.js';

interface Token {
  readonly user: User;
  readonly project: Project | undefined;
  readonly admin: boolean;
  readonly expiresAt: number;
  readonly body: Record<string, unknown>;
}

const SERVICES = [
  { type: 'identity', name: 'keystone', path: () => '/identity/v3', everywhere: true },
  { type: 'network', name: 'neutron', path: (region: string) => `/${region}/network`, everywhere: false },
  { type: 'compute', name: 'nova', path: (region: string) => `/${region}/compute/v2.1`, everywhere: false },
  { type: 'image', name: 'glance', path: (region: string) => `/${region}/image`, everywhere: false },
];

interface Named {
  readonly id?: string;
  readonly name?: string;
}

interface Auth {
  readonly identity?: {
    readonly methods?: readonly string[];
    readonly password?: { readonly user?: Named & { readonly password?: string } };
    readonly token?: Named;
    readonly application_credential?: Named & { readonly secret?: string };
  };
  readonly scope?: { readonly project?: Named } | 'unscoped';
}

export class Identity {
  private readonly tokens = new Map<string, Token>();

  constructor(
    readonly directory: Directory,
    private readonly regions: readonly string[],
    private readonly base: () => string,
    private readonly lifetimeMs: number,
  ) {}

  /** Who a token is of. Throws the middleware's 401. */
  check(token: string | undefined): { readonly user: User; readonly project: Project; readonly admin: boolean } {
    const found = this.valid(token);
    if (found?.project === undefined) throw unauthorized();
    return { user: found.user, project: found.project, admin: found.admin };
  }

  expireAll(): void {
    this.tokens.clear();
  }

  handle(
    method: string,
    path: string,
    query: URLSearchParams,
    body: unknown,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): Answer {
    if (path === '' || path === '/') return { status: 300, body: { versions: { values: [this.version()] } } };
    if (path === '/v3' || path === '/v3/') return { status: 200, body: { version: this.version() } };
    if (path === '/v3/auth/tokens' && method === 'POST') return this.login(body);
    const token = this.valid(headers['x-auth-token']);
    if (token === undefined) throw keystoneUnauthorized();
    if (path === '/v3/auth/tokens') return this.about(method, String(headers['x-subject-token'] ?? ''));
    const inner = path.replace(/^\/v3\//, '').replace(/\/$/, '');
    if (inner === 'auth/catalog') return { status: 200, body: { catalog: this.catalog(), links: {} } };
    if (inner === 'regions') {
      const regions = this.regions.map((id) => ({ id, description: '', parent_region_id: null, links: {} }));
      return { status: 200, body: { regions, links: {} } };
    }
    if (inner === 'services') {
      const services = SERVICES.map(({ name, type }) => ({ id: name, name, type, enabled: true, links: {} }));
      return { status: 200, body: { services, links: {} } };
    }
    return this.directory.handle({ method, path: inner, query, body }, token);
  }

  private valid(id: unknown): Token | undefined {
    const token = this.tokens.get(String(id ?? ''));
    return token !== undefined && token.expiresAt >= Date.now() && this.directory.users.has(token.user.id)
      ? token
      : undefined;
  }

  /** Shows or revokes the token named in X-Subject-Token. */
  private about(method: string, subject: string): Answer {
    const token = this.valid(subject);
    if (token === undefined) throw keystoneError(404, 'Not Found', `Could not find token: ${subject}.`);
    if (method !== 'DELETE')
      return { status: 200, body: { token: token.body }, headers: { 'X-Subject-Token': subject } };
    this.tokens.delete(subject);
    return { status: 204 };
  }

  private login(body: unknown): Answer {
    const { identity, scope } = ((body as { auth?: Auth } | undefined)?.auth ?? {}) as Auth;
    if (identity?.methods === undefined)
      throw keystoneError(
        400,
        'Bad Request',
        "'identity' is a required property. The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.",
      );
    const credential = identity.application_credential;
    const user = this.userOf(identity);
    if (user === undefined) throw keystoneUnauthorized();
    const { directory } = this;
    const wanted = typeof scope === 'object' ? scope.project : undefined;
    // Without a scope, the user's own project.
    const project = credential
      ? directory.defaultProject(user)
      : wanted === undefined
        ? scope === undefined
          ? directory.defaultProject(user)
          : undefined
        : directory.findProject(wanted);
    const roles = project === undefined ? [] : directory.rolesOf(user, project);
    if (wanted !== undefined && roles.length === 0) throw keystoneUnauthorized();
    return this.issue(user, roles.length === 0 ? undefined : project, identity.methods, roles);
  }

  private userOf(identity: NonNullable<Auth['identity']>): User | undefined {
    const { users } = this.directory;
    const credential = identity.application_credential;
    const given = identity.password?.user;
    // A user's application credential: id "app-<user>", with the user's own password as its secret, scoped to the first project.
    if (credential)
      return [...users.values()].find(
        (one) => `app-${one.name}` === credential.id && one.password === credential.secret,
      );
    if (given)
      return [...users.values()].find(
        (one) => (one.id === given.id || one.name === given.name) && one.password === given.password,
      );
    return this.valid(identity.token?.id)?.user;
  }

  private issue(
    user: User,
    project: Project | undefined,
    methods: readonly string[],
    roles: readonly { readonly name: string }[],
  ): Answer {
    const id = `gAAAAA${randomBytes(60).toString('base64url')}`;
    const expiresAt = Date.now() + this.lifetimeMs;
    const iso = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}.000000Z`;
    const token = {
      methods,
      user: { domain: DOMAIN, id: user.id, name: user.name, password_expires_at: null },
      audit_ids: [randomBytes(16).toString('base64url')],
      expires_at: iso(expiresAt),
      issued_at: iso(Date.now()),
      ...(project === undefined
        ? {}
        : {
            project: { domain: DOMAIN, id: project.id, name: project.name },
            is_domain: false,
            roles,
            catalog: this.catalog(),
          }),
    };
    this.tokens.set(id, { user, project, admin: roles.some(({ name }) => name === 'admin'), expiresAt, body: token });
    return { status: 201, body: { token }, headers: { 'X-Subject-Token': id } };
  }

  private catalog() {
    return SERVICES.map((service) => ({
      id: service.name,
      type: service.type,
      name: service.name,
      endpoints: this.regions.flatMap((region) =>
        ['public', 'internal', 'admin'].map((face) => ({
          id: `${service.name}-${region}-${face}`,
          interface: face,
          region_id: region,
          region,
          url: `${this.base()}${service.path(region)}`,
        })),
      ),
    }));
  }

  private version() {
    return {
      id: 'v3.14',
      status: 'stable',
      updated: '2020-04-07T00:00:00Z',
      links: [{ rel: 'self', href: `${this.base()}/identity/v3/` }],
      'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
    };
  }
}

function keystoneUnauthorized(): ApiError {
  return keystoneError(401, 'Unauthorized', 'The request you have made requires authentication.');
}
