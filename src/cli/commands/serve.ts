/** `regionlink serve`: the HTTP API, until it is told to stop; and `regionlink token NAME`, which makes what its callers bear. */
import { once } from 'node:events';
import { InvalidArgumentError } from 'commander';
import { RegionLink } from '../../client/index.js';
import { addToken, removeToken, type Scope, TokenFile } from '../../server/tokens.js';
import { UsageError } from '../exit-codes.js';
import { listening } from '../port.js';

interface TokensOption {
  /** Path of the file; without it REGIONLINK_TOKENS_FILE. */
  readonly tokens?: string;
}

export interface ServeOptions extends TokensOption {
  readonly host: string;
  readonly port: number;
  readonly rate: number;
  readonly json?: boolean;
}

export interface TokenOptions extends TokensOption {
  readonly scope: Scope;
  readonly remove?: boolean;
  readonly json?: boolean;
}

/** Parses `--rate`. */
export function rateOption(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('Give a whole number of requests a minute, from 1.');
  return Number(text);
}

export async function serve({ host, port, rate, json, ...options }: ServeOptions): Promise<void> {
  const tokens = new TokenFile(tokensPath(options));
  // Only here: it is a large library, and no other command needs it.
  const { startServer } = await import('../../server/index.js');
  const link = await RegionLink.connect();
  try {
    const server = await listening(port, () => startServer({ link, tokens, host, port, rate, log: process.stderr }));
    console.log(json ? JSON.stringify({ state: 'ready', url: server.url }) : `ready: ${server.url}/openapi.json`);
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    await server.stop();
    console.log(json ? JSON.stringify({ state: 'stopped' }) : 'stopped');
  } finally {
    await link.close();
  }
}

export function token(name: string, { scope, remove, json, ...options }: TokenOptions): void {
  const path = tokensPath(options);
  if (remove) {
    removeToken(path, name);
    console.log(json ? JSON.stringify({ name, removed: true }) : `${name} is refused from now on`);
    return;
  }
  const made = addToken(path, name, scope);
  if (!json) console.error(`the token ${name}, good for ${scope}; it is shown this once, and ${path} has its hash:`);
  console.log(json ? JSON.stringify({ name, scope, token: made }) : made);
}

function tokensPath({ tokens = process.env.REGIONLINK_TOKENS_FILE }: TokensOption): string {
  if (tokens) return tokens;
  throw new UsageError('say which file has the tokens: --tokens FILE, or REGIONLINK_TOKENS_FILE');
}
