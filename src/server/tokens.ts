/**
 * Bearer tokens: who may call, and what. The file holds a name, a scope and a hash a line, so that who reads it can call nothing.
 * The rule: a token exists in clear only where it is made, once, and in the caller's hands. A token is 256 random bits, so its bare SHA-256 cannot be guessed back.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';

/** `write` includes `read`. */
export const SCOPES = ['read', 'write'] as const;
export type Scope = (typeof SCOPES)[number];

export interface Caller {
  /** The token's name, for the audit. */
  readonly name: string;
  readonly scope: Scope;
}

interface Entry extends Caller {
  readonly digest: Buffer;
}

/** The file of tokens is not usable, or not for what was asked; the message names file and line, and never repeats a line. */
export class TokenFileError extends Error {
  override readonly name = 'TokenFileError';
}

/** So that scanners for secrets know one. */
const PREFIX = 'regionlink_';
const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;
const LINE = /^(\S+) (read|write) sha256:([0-9a-f]{64})$/;

export class TokenFile {
  private entries: readonly Entry[];
  private version: string;

  /** Throws TokenFileError where the file is missing, writable by others, empty of tokens, or has a line that is none. */
  constructor(private readonly path: string) {
    this.version = versionOf(path);
    this.entries = entriesOf(path);
    if (this.entries.length === 0) throw new TokenFileError(`${path} has no token; make one: ${HOW}`);
  }

  /** Whose token it is; undefined for nobody's. Reads the file again when it has changed, so that a removed token is refused at once. */
  callerOf(token: string): Caller | undefined {
    const version = versionOf(this.path);
    if (version !== this.version) {
      this.entries = entriesOf(this.path);
      this.version = version;
    }
    const digest = digestOf(token);
    let caller: Caller | undefined;
    // All of them, so that the time tells neither whether one fits nor which.
    for (const { digest: kept, name, scope } of this.entries)
      if (timingSafeEqual(kept, digest)) caller = { name, scope };
    return caller;
  }
}

const HOW = 'regionlink token NAME --scope write --tokens FILE';

/** Makes a token, adds its hash to the file, which is made where it is missing, and returns the token: nobody can tell it again. Throws TokenFileError. */
export function addToken(path: string, name: string, scope: Scope): string {
  if (!NAME.test(name))
    throw new TokenFileError(
      `${JSON.stringify(name)} cannot be a token's name: use 1 to 64 letters, digits, dots, @, _ and -, a letter or digit first`,
    );
  const text = existsSync(path) ? textOf(path) : '';
  if (parse(path, text).some((entry) => entry.name === name))
    throw new TokenFileError(`${path} has a token named ${name} already: use another name, or remove it with --remove`);
  const token = `${PREFIX}${randomBytes(32).toString('base64url')}`;
  const newLine = text === '' || text.endsWith('\n') ? '' : '\n';
  appendFileSync(path, `${newLine}${name} ${scope} sha256:${digestOf(token).toString('hex')}\n`, { mode: 0o600 });
  return token;
}

/** Takes a token out of the file: whoever holds it is refused from the next request on. Throws TokenFileError. */
export function removeToken(path: string, name: string): void {
  const text = textOf(path);
  if (!parse(path, text).some((entry) => entry.name === name))
    throw new TokenFileError(`${path} has no token named ${JSON.stringify(name)}`);
  const kept = text.split('\n').filter((line) => !line.startsWith(`${name} `));
  // In one go: a server that reads meanwhile sees the old file or the new one.
  writeFileSync(`${path}.new`, kept.join('\n'), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function entriesOf(path: string): readonly Entry[] {
  return parse(path, textOf(path));
}

function parse(path: string, text: string): readonly Entry[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '' || line.startsWith('#')) return [];
    const [, name, scope, hash] = LINE.exec(line.trimEnd()) ?? [];
    if (name === undefined || hash === undefined)
      throw new TokenFileError(`${path}: line ${index + 1} is no token; one is made with: ${HOW}`);
    return [{ name, scope: scope as Scope, digest: Buffer.from(hash, 'hex') }];
  });
}

/** Who can write the file can make tokens, so nobody else may. */
function textOf(path: string): string {
  try {
    if ((statSync(path).mode & 0o022) !== 0)
      throw new TokenFileError(`${path} can be written by others, who could add tokens; run: chmod go-w ${path}`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw unreadable(path, error);
  }
}

function versionOf(path: string): string {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(path);
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): TokenFileError {
  if (error instanceof TokenFileError) return error;
  const { code } = error as NodeJS.ErrnoException;
  return new TokenFileError(`${path} cannot be read (${code ?? 'unknown'}); make it with a first token: ${HOW}`);
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
