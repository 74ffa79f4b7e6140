/**
 * How a cloud is logged in to, from its settings: what is said by `auth_type`, or else what the rest of the entry is made for.
 * The rule: a problem names the key that is missing or wrong and what would do, and never repeats a secret.
 */
import { Secret } from './secret.js';

export type DomainRef = { readonly id: string } | { readonly name: string };
/** A user or a project. */
export type NamedRef = { readonly id: string } | { readonly name: string; readonly domain: DomainRef };

/** `secret` is the password, the token, or the secret of the application credential. */
export type CloudAuth = { readonly secret: Secret } & (
  | { readonly method: 'password'; readonly user: NamedRef; readonly scope: NamedRef }
  | { readonly method: 'token'; readonly scope: NamedRef }
  | {
      readonly method: 'application_credential';
      readonly credential: { readonly id: string } | { readonly name: string; readonly user: NamedRef };
    }
);

/** Reads one setting as a text. */
export type Text = (key: string) => string | undefined;

const AUTH_TYPES: Readonly<Record<string, CloudAuth['method']>> = {
  password: 'password',
  v3password: 'password',
  token: 'token',
  v3token: 'token',
  v3applicationcredential: 'application_credential',
};

/** As said, or else what the entry is made for. */
export function authTypeOf(text: Text): string {
  const said = text('auth_type');
  if (said) return said;
  if (text('application_credential_secret')) return 'v3applicationcredential';
  return text('token') && !text('password') ? 'token' : 'password';
}

/** What the settings say of the login; undefined with at least one more of `problems` where they do not suffice. */
export function authOf(text: Text, problems: string[]): CloudAuth | undefined {
  const type = authTypeOf(text);
  const method = AUTH_TYPES[type];
  if (method === undefined) {
    const known = Object.keys(AUTH_TYPES).join(', ');
    problems.push(`auth_type "${type}" is not supported, only ${known}: make an application credential`);
    return undefined;
  }
  const needed = <T>(value: T | undefined, names: string): T | undefined => {
    if (value === undefined) problems.push(`${names} is missing`);
    return value;
  };
  const secretOf = (key: string) => {
    const value = needed(text(key), key);
    return value === undefined ? undefined : new Secret(value);
  };
  if (method === 'application_credential') {
    const secret = secretOf('application_credential_secret');
    const names = 'application_credential_id (or application_credential_name with username or user_id)';
    const credential = needed(credentialOf(text), names);
    return secret === undefined || credential === undefined ? undefined : { method, credential, secret };
  }
  const user = method === 'password' ? needed(refOf('user', text), 'username (or user_id)') : undefined;
  const secret = secretOf(method);
  const scope = needed(refOf('project', text), 'project_name (or project_id)');
  if (secret === undefined || scope === undefined) return undefined;
  if (method === 'token') return { method, secret, scope };
  return user === undefined ? undefined : { method, user, secret, scope };
}

function credentialOf(text: Text): { id: string } | { name: string; user: NamedRef } | undefined {
  const [id, name, user] = [
    text('application_credential_id'),
    text('application_credential_name'),
    refOf('user', text),
  ];
  if (id !== undefined) return { id };
  return name === undefined || user === undefined ? undefined : { name, user };
}

function refOf(who: 'user' | 'project', text: Text): NamedRef | undefined {
  const [id, name] = [text(`${who}_id`), text(who === 'user' ? 'username' : 'project_name')];
  if (id !== undefined) return { id };
  return name === undefined ? undefined : { name, domain: domainOf(who, text) };
}

/** An id wins over a name, as in keystoneauth; without either the client's own default, as `openstack` has it. */
function domainOf(who: 'user' | 'project', text: Text): DomainRef {
  const id = text(`${who}_domain_id`) ?? text('default_domain_id');
  const name = text(`${who}_domain_name`) ?? text('default_domain_name');
  if (id !== undefined) return { id };
  return name !== undefined ? { name } : { id: text('default_domain') ?? 'default' };
}
