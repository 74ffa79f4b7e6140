/**
 * A cloud that the recorded requests are sent to: the simulator, the lab, or anyone's. It is found as any client finds it, by its Keystone's catalog.
 * The rule: the recordings' names for users and regions stay here; what is behind them is the target's.
 */
import type { CloudConfig } from '../../src/openstack/clouds-config.js';
import { Secret } from '../../src/openstack/secret.js';
import { identityOf } from '../../src/openstack/session.js';

/** Users of the recordings: the one who does the tutorial, one of another project, and the cloud's own. */
export type User = 'demo' | 'other' | 'admin';

export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly headers: Headers;
  readonly ms: number;
  /** Parsed; null where there is none, text where it is no JSON. */
  readonly body: unknown;
}

export interface Request {
  readonly user: User;
  readonly region: string;
  readonly service: string;
  readonly method: string;
  /** Below the service's root; Nova's without `/v2.1`. */
  readonly path: string;
  readonly body?: string;
  /** Instead of the user's own; undefined sends none. */
  readonly token?: { readonly value: string | undefined };
}

interface Login {
  readonly token: string;
  readonly projectId: string;
  readonly catalog: readonly {
    readonly type: string;
    readonly endpoints: readonly { readonly interface: string; readonly region: string; readonly url: string }[];
  }[];
}

export class Target {
  private readonly logins = new Map<User, Promise<Login>>();

  /** @param regions the target's regions, by the recordings' names for them */
  constructor(
    private readonly users: Readonly<Partial<Record<User, Pick<CloudConfig, 'authUrl' | 'auth'>>>>,
    private readonly regions: Readonly<Record<string, string>> = {},
  ) {}

  /** A cloud with the users and the password that simulator and lab share. */
  static known(authUrl: string): Target {
    const domain = { id: 'default' };
    const login = (name: User) => ({
      authUrl,
      auth: {
        method: 'password',
        user: { name, domain },
        secret: new Secret('lab'),
        scope: { name, domain },
      } as const,
    });
    return new Target({ demo: login('demo'), other: login('other'), admin: login('admin') });
  }

  has(user: User): boolean {
    return this.users[user] !== undefined;
  }

  async projectId(user: User): Promise<string> {
    return (await this.login(user)).projectId;
  }

  async send(request: Request): Promise<Answer> {
    const { method, path, body, token } = request;
    const value = token === undefined ? (await this.login(request.user)).token : token.value;
    const started = performance.now();
    const answer = await fetch(`${await this.root(request)}${path}`, {
      method,
      headers: { 'Content-Type': 'application/json', ...(value === undefined ? {} : { 'X-Auth-Token': value }) },
      ...(body === undefined ? {} : { body }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      reason: answer.statusText,
      headers: answer.headers,
      ms: Math.round(performance.now() - started),
      body: parsed(text),
    };
  }

  private async root({ user, region, service, path }: Request): Promise<string> {
    const { catalog } = await this.login(user);
    const here = this.regions[region] ?? region;
    const endpoint = catalog
      .filter((entry) => entry.type === service)
      .flatMap((entry) => entry.endpoints)
      .find((one) => one.region === here && one.interface === 'public');
    if (endpoint === undefined) throw new Error(`the catalog has no public ${service} endpoint in region ${here}`);
    const url = endpoint.url.replace(/\/+$/, '');
    // Nova's entry names its version; its list of versions is above it.
    return service === 'compute' && path !== '/' ? url : url.replace(/\/v2(?:\.\d)?$/, '');
  }

  private login(user: User): Promise<Login> {
    const known = this.logins.get(user);
    if (known !== undefined) return known;
    const login = this.authenticate(user);
    this.logins.set(user, login);
    return login;
  }

  private async authenticate(user: User): Promise<Login> {
    const config = this.users[user];
    if (config === undefined) throw new Error(`this cloud has no user for ${user}`);
    const answer = await fetch(`${config.authUrl}/auth/tokens`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ auth: identityOf(config.auth) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${config.authUrl} refused ${user}: ${answer.status} ${text}`);
    const { token } = JSON.parse(text) as { token: { project: { id: string }; catalog: Login['catalog'] } };
    return {
      token: answer.headers.get('x-subject-token') ?? '',
      projectId: token.project.id,
      catalog: token.catalog,
    };
  }
}

function parsed(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return text;
  }
}
