/**
 * Key pairs. The one rule: they belong to a user, not to a project, so each user sees only its own.
 */
import { createHash, generateKeyPairSync } from 'node:crypto';
import type { Answer } from '../errors.js';
import { newId, type Row } from '../state.js';
import { badRequest, conflict, forbidden, invalid, itemNotFound } from './errors.js';
import { bodyOf, type NovaCall } from './request.js';

const MAX_KEY_PAIRS = 100;

export function handleKeypairs({ method, parts, body, version, context }: NovaCall): Answer {
  const { region, userId } = context;
  const [, name] = parts;
  const own = region.rows('keypair').filter((row) => row.user_id === userId);
  const brief = (row: Row) => ({
    name: row.name,
    public_key: row.public_key,
    fingerprint: row.fingerprint,
    ...(version >= 2 ? { type: 'ssh' } : {}),
  });
  if (name === undefined) {
    if (method === 'GET') return { status: 200, body: { keypairs: own.map((row) => ({ keypair: brief(row) })) } };
    if (method === 'POST')
      return create(body, version, own, (row) => region.insert('keypair', { ...row, user_id: userId }), brief);
  }
  const row = own.find((one) => one.name === name);
  if (row === undefined) throw itemNotFound(`Keypair ${name} not found for user ${userId}`);
  if (method === 'DELETE') {
    region.delete('keypair', row.id);
    return { status: version >= 2 ? 204 : 202 };
  }
  const times = { created_at: row._createdAt ?? null, deleted: false, deleted_at: null, updated_at: null };
  return { status: 200, body: { keypair: { ...brief(row), user_id: userId, ...times, id: own.indexOf(row) + 1 } } };
}

function create(
  body: unknown,
  version: number,
  own: readonly Row[],
  insert: (row: Row) => Row,
  brief: (row: Row) => Record<string, unknown>,
): Answer {
  const wanted = bodyOf(body, 'keypair');
  const { name, public_key: given } = wanted;
  if (typeof name !== 'string') throw invalid('keypair', wanted, "'name' is a required property");
  if (name === '') throw invalid('name', name, "'' is too short");
  if (name.length > 255) throw invalid('name', name, `'${name}' is too long`);
  const unknown = Object.keys(wanted).find((key) => !['name', 'public_key', 'type', 'user_id'].includes(key));
  if (unknown !== undefined)
    throw invalid('keypair', wanted, `Additional properties are not allowed ('${unknown}' was unexpected)`);
  if (given === undefined && version >= 92) throw invalid('keypair', wanted, "'public_key' is a required property");
  const safe = version >= 92 ? /^[\w\-. @]+$/ : /^[\w\- ]+$/;
  if (!safe.test(name)) throw badRequest('Keypair data is invalid: Keypair name contains unsafe characters');
  if (own.some((row) => row.name === name)) throw conflict(`Key pair '${name}' already exists.`);
  if (own.length >= MAX_KEY_PAIRS) throw forbidden('Quota exceeded, too many key pairs.');
  const made = given === undefined ? generate() : { publicKey: String(given), privateKey: undefined };
  const blob = keyOf(made.publicKey);
  if (blob === undefined) throw badRequest('Keypair data is invalid: failed to generate fingerprint');
  const row = insert({
    id: newId(),
    name,
    public_key: made.publicKey,
    fingerprint: createHash('md5').update(blob).digest('hex').match(/../g)?.join(':'),
    _createdAt: new Date().toISOString().slice(0, 23),
  });
  const key = made.privateKey === undefined ? {} : { private_key: made.privateKey };
  return { status: version >= 2 ? 201 : 200, body: { keypair: { ...brief(row), ...key, user_id: row.user_id } } };
}

/** The key in an OpenSSH line, which begins with the line's own type; undefined for what is none. */
function keyOf(line: string): Buffer | undefined {
  const [, type = '', text] =
    /^(ssh-(?:ed25519|rsa|dss)|ecdsa-sha2-\S+) ([A-Za-z0-9+/]+=*)(?:\s|$)/.exec(line.trim()) ?? [];
  const blob = Buffer.from(text ?? '', 'base64');
  return blob.subarray(4, 4 + type.length).toString() === type && type !== '' ? blob : undefined;
}

/** An RSA key as Nova makes one when none is given (until 2.92). */
function generate(): { publicKey: string; privateKey: string } {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' });
  const field = (bytes: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const number = (text: string): Buffer => {
    const bytes = Buffer.from(text, 'base64url');
    return field((bytes[0] ?? 0) > 127 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
  };
  const blob = Buffer.concat([field(Buffer.from('ssh-rsa')), number(e), number(n)]);
  return {
    publicKey: `ssh-rsa ${blob.toString('base64')} Generated-by-Nova`,
    privateKey: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
  };
}
