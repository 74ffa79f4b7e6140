/**
 * Keystone v3: users, projects, tokens that expire, and the catalog of both regions.
 * The rule: tokens are random and live in memory only.
 */
import { randomBytes } from 'node:crypto';
import { type Answer, ApiError, unauthorized } from './errors.js';

export interface Project {
  readonly id: string;
  readonly name: string;
}

export interface User {
  readonly id: string;
  readonly name: string;
  readonly password: string;
  readonly projects: readonly string[];
  readonly admin: boolean;
}

interface Token {
  readonly user: User;
  readonly project: Project | undefined;
  readonly expiresAt: number;
  readonly body: Record<string, unknown>;
}

const DOMAIN = { id: 'default', name: 'Default' };
const SERVICES = [
  { type: 'identity', name: 'keystone', path: () => '/identity/v3', everywhere: true },
  { type: 'network', name: 'neutron', path: (region: string) => `/${region}/network`, everywhere: false },
  { type: 'compute', name: 'nova', path: (region: string) => `/${region}/compute/v2.1`, everywhere: false },
  { type: 'image', name: 'glance', path: (region: string) => `/${region}/image`, everywhere: false },
];

export class Identity {
  private readonly tokens = new Map<string, Token>();

  constructor(
    readonly projects: readonly Project[],
    readonly users: readonly User[],
    private readonly regions: readonly string[],
    private readonly base: () => string,
    private readonly lifetimeMs: number,
  ) {}

  /** Who a token is of. Throws the middleware's 401. */
  check(token: string | undefined): { readonly user: User; readonly project: Project } {
    const found = this.tokens.get(token ?? '');
    if (found === undefined || found.expiresAt < Date.now() || found.project === undefined) throw unauthorized();
    return { user: found.user, project: found.project };
  }

  expireAll(): void {
    this.tokens.clear();
  }

  handle(
    method: string,
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): Answer {
    if (path === '' || path === '/') return { status: 300, body: { versions: { values: [this.version()] } } };
    if (path === '/v3' || path === '/v3/') return { status: 200, body: { version: this.version() } };
    if (path === '/v3/auth/tokens' && method === 'POST') return this.login(body);
    const token = this.tokens.get(String(headers['x-auth-token'] ?? ''));
    if (token === undefined || token.expiresAt < Date.now()) throw keystoneUnauthorized();
    if (path === '/v3/auth/tokens') return { status: 200, body: { token: token.body } };
    if (path === '/v3/auth/catalog') return { status: 200, body: { catalog: this.catalog(), links: {} } };
    const list: Readonly<Record<string, readonly unknown[]>> = {
      projects: this.projects.map((project) => ({ ...project, domain_id: DOMAIN.id, enabled: true })),
      users: this.users.map(({ id, name }) => ({ id, name, domain_id: DOMAIN.id, enabled: true })),
      domains: [DOMAIN],
      regions: this.regions.map((id) => ({ id, parent_region_id: null })),
    };
    const [collection, id] = path.replace(/^\/v3\/(auth\/)?/, '').split('/');
    const rows = list[collection ?? ''] as { id: string }[] | undefined;
    if (rows === undefined)
      throw new ApiError({
        status: 404,
        body: { error: { code: 404, title: 'Not Found', message: 'The requested URL was not found.' } },
      });
    if (id === undefined) return { status: 200, body: { [collection ?? '']: rows, links: {} } };
    const row = rows.find((one) => one.id === id);
    if (row === undefined)
      throw new ApiError({
        status: 404,
        body: {
          error: { code: 404, title: 'Not Found', message: `Could not find ${collection?.slice(0, -1)}: ${id}.` },
        },
      });
    return { status: 200, body: { [collection?.slice(0, -1) ?? '']: row } };
  }

  private login(body: unknown): Answer {
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
    const { identity, scope } = ((body as { auth?: Auth } | undefined)?.auth ?? {}) as Auth;
    const given = identity?.password?.user;
    const credential = identity?.application_credential;
    // A user's application credential: id "app-<user>", with the user's own password as its secret, scoped to the first project.
    const user = credential
      ? this.users.find((one) => `app-${one.name}` === credential.id && one.password === credential.secret)
      : given
        ? this.users.find((one) => (one.id === given.id || one.name === given.name) && one.password === given.password)
        : this.tokens.get(identity?.token?.id ?? '')?.user;
    if (user === undefined) throw keystoneUnauthorized();
    const wanted = scope === 'unscoped' ? undefined : scope?.project;
    const name = credential
      ? user.projects[0]
      : wanted === undefined
        ? undefined
        : (wanted.name ?? this.projects.find((one) => one.id === wanted.id)?.name);
    const project = this.projects.find((one) => one.name === name);
    const denied =
      (wanted !== undefined || credential) && (project === undefined || !user.projects.includes(project.name));
    if (denied) throw keystoneUnauthorized();
    const id = `gAAAAA${randomBytes(60).toString('base64url')}`;
    const expiresAt = Date.now() + this.lifetimeMs;
    const iso = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}.000000Z`;
    const token = {
      methods: identity?.methods ?? ['password'],
      user: { domain: DOMAIN, id: user.id, name: user.name, password_expires_at: null },
      audit_ids: [randomBytes(16).toString('base64url')],
      expires_at: iso(expiresAt),
      issued_at: iso(Date.now()),
      ...(project === undefined
        ? {}
        : {
            project: { domain: DOMAIN, ...project },
            is_domain: false,
            roles: [
              { id: '1', name: 'reader' },
              { id: '2', name: 'member' },
              ...(user.admin ? [{ id: '3', name: 'admin' }] : []),
            ],
            catalog: this.catalog(),
          }),
    };
    this.tokens.set(id, { user, project, expiresAt, body: token });
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
  return new ApiError({
    status: 401,
    body: {
      error: { code: 401, message: 'The request you have made requires authentication.', title: 'Unauthorized' },
    },
  });
}
