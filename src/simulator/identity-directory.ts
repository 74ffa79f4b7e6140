/**
 * Keystone's users, projects and roles: what an administrator makes and lists, and everyone may ask about themselves.
 * The rule: one domain; roles are the three of every cloud, and a user has a project by having a role on it.
 */
import { type Answer, ApiError } from './errors.js';
import { newId } from './state.js';

export interface Project {
  readonly id: string;
  readonly name: string;
  readonly description: string;
}

export interface User {
  readonly id: string;
  readonly name: string;
  readonly password: string;
}

interface Role {
  readonly id: string;
  readonly name: string;
}

/** Who asks. */
interface Caller {
  readonly user: User;
  readonly admin: boolean;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

export const DOMAIN = { id: 'default', name: 'Default' };

export function keystoneError(status: number, title: string, message: string): ApiError {
  return new ApiError({ status, body: { error: { code: status, message, title } } });
}

const newHexId = () => newId().replaceAll('-', '');

export class Directory {
  readonly projects = new Map<string, Project>();
  readonly users = new Map<string, User>();
  private readonly roles: readonly Role[] = ['reader', 'member', 'admin'].map((name) => ({ id: newHexId(), name }));
  /** Role ids by user and project. */
  private readonly grants = new Map<string, Set<string>>();

  addProject(name: string, description = ''): Project {
    const project = { id: newHexId(), name, description };
    this.projects.set(project.id, project);
    return project;
  }

  addUser(name: string, password: string): User {
    const user = { id: newHexId(), name, password };
    this.users.set(user.id, user);
    return user;
  }

  grant(user: User, project: Project, ...names: readonly string[]): void {
    for (const role of this.roles) if (names.includes(role.name)) this.granted(user.id, project.id).add(role.id);
  }

  findProject({ id, name }: { readonly id?: string; readonly name?: string }): Project | undefined {
    return [...this.projects.values()].find((one) => one.id === id || one.name === name);
  }

  /** The first project that a user has a role on. */
  defaultProject(user: User): Project | undefined {
    return [...this.projects.values()].find((project) => this.rolesOf(user, project).length > 0);
  }

  rolesOf(user: User, project: Project): readonly Role[] {
    const granted = this.granted(user.id, project.id);
    return this.roles.filter((role) => granted.has(role.id));
  }

  handle(call: Call, caller: Caller): Answer {
    const [collection = '', id, ...rest] = call.path.replace(/^auth\//, '').split('/');
    if (call.path === 'auth/projects' || (collection === 'users' && rest[0] === 'projects'))
      return this.ownProjects(call.path.startsWith('auth/') ? caller.user.id : String(id));
    if (collection === 'projects' && rest[0] === 'users') return this.handleGrant(call, String(id), rest, caller);
    const table = this.table(collection);
    if (table === undefined) throw keystoneError(404, 'Not Found', 'The requested URL was not found.');
    const { kind, rows } = table;
    const ofSelf = kind === 'user' && id === caller.user.id;
    if (!caller.admin && !(call.method === 'GET' && (ofSelf || (kind === 'project' && this.mayShow(id, caller)))))
      throw this.forbidden(call.method, kind, id);
    if (id === undefined && call.method === 'GET') {
      const name = call.query.get('name');
      const found = rows.filter((one) => name === null || one.name === name);
      return { status: 200, body: { [collection]: found, links: { next: null, self: '', previous: null } } };
    }
    if (id === undefined && call.method === 'POST') return this.create(kind, call.body);
    const row = rows.find((one) => one.id === id);
    if (row === undefined) throw keystoneError(404, 'Not Found', `Could not find ${kind}: ${id}.`);
    if (call.method === 'DELETE') {
      if (kind === 'project') this.projects.delete(row.id);
      if (kind === 'user') this.users.delete(row.id);
      return { status: 204 };
    }
    return { status: 200, body: { [kind]: row } };
  }

  private table(collection: string): { readonly kind: string; readonly rows: readonly Role[] } | undefined {
    const common = { domain_id: DOMAIN.id, enabled: true, options: {}, links: {} };
    switch (collection) {
      case 'projects':
        return {
          kind: 'project',
          rows: [...this.projects.values()].map((one) => ({
            ...one,
            ...common,
            is_domain: false,
            parent_id: DOMAIN.id,
            tags: [],
          })),
        };
      case 'users':
        return {
          kind: 'user',
          rows: [...this.users.values()].map(({ id, name }) => ({ id, name, ...common, password_expires_at: null })),
        };
      case 'roles':
        return {
          kind: 'role',
          rows: this.roles.map((one) => ({ ...one, domain_id: null, description: null, options: {}, links: {} })),
        };
      case 'domains': {
        const domain = {
          ...DOMAIN,
          description: 'The default domain',
          enabled: true,
          tags: [],
          options: {},
          links: {},
        };
        return { kind: 'domain', rows: [domain] };
      }
      default:
        return undefined;
    }
  }

  private create(kind: string, body: unknown): Answer {
    const given = ((body as Record<string, unknown> | undefined)?.[kind] ?? {}) as Record<string, string | undefined>;
    const name = given.name ?? '';
    const taken = this.table(`${kind}s`)?.rows.some((one) => one.name === name);
    if (taken || (kind !== 'project' && kind !== 'user'))
      throw keystoneError(
        409,
        'Conflict',
        `Conflict occurred attempting to store ${kind} - Duplicate entry found with name ${name}${kind === 'role' ? '' : ` at domain ID ${DOMAIN.id}`}.`,
      );
    const { id } =
      kind === 'project' ? this.addProject(name, given.description) : this.addUser(name, given.password ?? '');
    return { status: 201, body: { [kind]: this.table(`${kind}s`)?.rows.find((one) => one.id === id) } };
  }

  /** `projects/{id}/users/{id}/roles[/{id}]`. */
  private handleGrant(call: Call, projectId: string, rest: readonly string[], caller: Caller): Answer {
    const [, userId = '', , roleId] = rest;
    if (!caller.admin) throw this.forbidden(call.method, 'grant', roleId);
    const granted = this.granted(userId, projectId);
    if (roleId === undefined)
      return { status: 200, body: { roles: this.roles.filter((role) => granted.has(role.id)), links: {} } };
    if (call.method === 'PUT') granted.add(roleId);
    if (call.method === 'DELETE') granted.delete(roleId);
    return { status: 204 };
  }

  private ownProjects(userId: string): Answer {
    const rows = this.table('projects')?.rows.filter(({ id }) => this.granted(userId, id).size > 0);
    return { status: 200, body: { projects: rows, links: {} } };
  }

  private mayShow(id: string | undefined, { user }: Caller): boolean {
    return id !== undefined && this.granted(user.id, id).size > 0;
  }

  private forbidden(method: string, kind: string, id: string | undefined): ApiError {
    const verb = { POST: 'create', DELETE: 'delete', PATCH: 'update', PUT: 'create' }[method];
    const action = verb === undefined ? (id === undefined ? `list_${kind}s` : `get_${kind}`) : `${verb}_${kind}`;
    return keystoneError(
      403,
      'Forbidden',
      `You are not authorized to perform the requested action: identity:${action}.`,
    );
  }

  private granted(userId: string, projectId: string): Set<string> {
    const key = `${userId} ${projectId}`;
    const found = this.grants.get(key) ?? new Set();
    this.grants.set(key, found);
    return found;
  }
}
