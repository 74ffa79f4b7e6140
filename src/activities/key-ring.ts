/**
 * The worker's master keys, and the secrets that derive from them. A generated PSK is stored nowhere: both ends, every retry and every worker with the same key derive the same one.
 * The rule: nothing that derives from a key leaves this worker but into the cloud that needs it.
 */
import {
  createCipheriv,
  createDecipheriv,
  createECDH,
  createHmac,
  createPrivateKey,
  hkdfSync,
  randomBytes,
} from 'node:crypto';

/** A master key, known by an id that may be told to anyone. */
interface MasterKey {
  readonly id: string;
  readonly secret: Buffer;
}

/** A key that test VMs let in. `privateKey` is PEM and never leaves this process; `publicKey` is a line of `authorized_keys`. */
export interface SshKey {
  readonly privateKey: string;
  readonly publicKey: string;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Letters and digits only, 40 of them: what every VPN product that was seen accepts (some refuse `&`, `?` or more than 40 characters). */
const PSK_LENGTH = 40;

/** Sizes in bytes. */
const SEAL = { cipher: 'aes-256-gcm', key: 32, salt: 32, iv: 12, tag: 16 } as const;

export class KeyRing {
  private readonly keys: ReadonlyMap<string, MasterKey>;
  /** Id of the key that new secrets derive from. */
  readonly currentId: string;

  private constructor(keys: readonly [MasterKey, ...MasterKey[]]) {
    this.keys = new Map(keys.map((key) => [key.id, key]));
    this.currentId = keys[0].id;
  }

  /**
   * From the text of a key file or variable: one key a line, base64 or hex, at least 32 bytes; the first is current, the others are kept for
   * VPNs made with them. Throws an Error that names the line, never the key.
   */
  static parse(text: string): KeyRing {
    const lines = text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#'));
    const keys = lines.map((line, index) => {
      const secret =
        /^[0-9a-f]+$/i.test(line) && line.length % 2 === 0 ? Buffer.from(line, 'hex') : Buffer.from(line, 'base64');
      if (secret.length < 32) {
        throw new Error(
          `master key ${index + 1} has ${secret.length} bytes; it needs at least 32, as base64 or hex: openssl rand -base64 32`,
        );
      }
      const id = createHmac('sha256', secret).update('regionlink key id').digest('hex').slice(0, 8);
      return { id, secret };
    });
    const [first, ...rest] = keys;
    if (first === undefined) throw new Error('the master key is empty; make one with: openssl rand -base64 32');
    return new KeyRing([first, ...rest]);
  }

  has(keyId: string): boolean {
    return this.keys.has(keyId);
  }

  /** The PSK of a link, 40 letters and digits. Undefined where this worker does not have that key. */
  psk(
    keyId: string,
    parts: { readonly owner: string; readonly vpn: string; readonly link: string; readonly nonce: string },
  ): string | undefined {
    const key = this.keys.get(keyId);
    if (key === undefined) return undefined;
    const info = JSON.stringify(['regionlink psk', parts.owner, parts.vpn, parts.link]);
    const bytes = Buffer.from(hkdfSync('sha256', key.secret, parts.nonce, info, 255));
    // Bytes that would favour some letters are passed over; 255 bytes leave 40 with overwhelming likelihood, and the same ones every time.
    const even = [...bytes].filter((byte) => byte < ALPHABET.length * 4).slice(0, PSK_LENGTH);
    return even.map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
  }

  /** A secret that only a worker with the current key can read again, for `context` alone: AES-256-GCM under a key of its own. */
  seal(secret: string, context: string): string {
    const salt = randomBytes(SEAL.salt);
    const cipher = createCipheriv(SEAL.cipher, this.sealKey(this.currentId, salt), Buffer.alloc(SEAL.iv));
    const sealed = Buffer.concat([cipher.setAAD(Buffer.from(context)).update(secret, 'utf8'), cipher.final()]);
    return [this.currentId, salt, sealed, cipher.getAuthTag()]
      .map((part) => (typeof part === 'string' ? part : part.toString('base64url')))
      .join('.');
  }

  /** What was sealed. Undefined where this worker does not have that key; throws where text or context is not that of the seal. */
  open(text: string, context: string): string | undefined {
    const [keyId = '', ...parts] = text.split('.');
    if (!this.has(keyId)) return undefined;
    const [salt, sealed, tag] = parts.map((part) => Buffer.from(part, 'base64url'));
    if (salt === undefined || sealed === undefined || tag === undefined) throw new Error('not a sealed secret');
    const decipher = createDecipheriv(SEAL.cipher, this.sealKey(keyId, salt), Buffer.alloc(SEAL.iv), {
      authTagLength: SEAL.tag,
    });
    decipher.setAAD(Buffer.from(context)).setAuthTag(tag);
    return Buffer.concat([decipher.update(sealed), decipher.final()]).toString('utf8');
  }

  /** A new salt is a new key, so its first and only message may have a constant IV. */
  private sealKey(keyId: string, salt: Buffer): Buffer {
    const secret = this.keys.get(keyId)?.secret ?? Buffer.alloc(0);
    return Buffer.from(hkdfSync('sha256', secret, salt, 'regionlink seal', SEAL.key));
  }

  /**
   * The key of a run's test VMs: ECDSA on P-256, since the SSH server of small images (dropbear before 2020) knows no Ed25519. Undefined where this
   * worker does not have that master key.
   */
  sshKey(
    keyId: string,
    parts: { readonly owner: string; readonly vpn: string; readonly nonce: string },
  ): SshKey | undefined {
    const key = this.keys.get(keyId);
    if (key === undefined) return undefined;
    const info = JSON.stringify(['regionlink ssh', parts.owner, parts.vpn]);
    // 64 bits more than the scalar has, so that the remainder favours none (FIPS 186-5, A.2.1).
    const bits = BigInt(`0x${Buffer.from(hkdfSync('sha256', key.secret, parts.nonce, info, 40)).toString('hex')}`);
    const scalar = Buffer.from(((bits % (P256_ORDER - 1n)) + 1n).toString(16).padStart(64, '0'), 'hex');
    const curve = createECDH('prime256v1');
    curve.setPrivateKey(scalar);
    const point = curve.getPublicKey();
    const jwk = {
      kty: 'EC',
      crv: 'P-256',
      d: scalar.toString('base64url'),
      x: point.subarray(1, 33).toString('base64url'),
      y: point.subarray(33).toString('base64url'),
    };
    return {
      privateKey: createPrivateKey({ key: jwk, format: 'jwk' }).export({ type: 'sec1', format: 'pem' }).toString(),
      publicKey: `${SSH_KEY_TYPE} ${sshStrings(SSH_KEY_TYPE, 'nistp256', point).toString('base64')}`,
    };
  }
}

/** Number of points of P-256. */
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

const SSH_KEY_TYPE = 'ecdsa-sha2-nistp256';

/** Each with its length before it: RFC 5656, 3.1. */
function sshStrings(...parts: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part.length);
      return [length, Buffer.from(part)];
    }),
  );
}
