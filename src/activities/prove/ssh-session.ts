/**
 * One login by SSH: opened over any stream, runs commands, leads on to the next host. The only place that knows ssh2.
 * The rules: host keys are not verified (docs/decisions/009), so nothing secret is ever sent; every wait is bounded and ends with the signal; and an error
 * here says what happened in our words, never with a key in it.
 */
import type { Duplex } from 'node:stream';
import { Client } from 'ssh2';
import { oneLine } from '../../openstack/errors.js';

/** `unreachable`: no SSH server answered. `refused`: one did, and did not take the key. `forbidden`: it leads nowhere else. `lost`: the login ended. */
export class SshError extends Error {
  override readonly name = 'SshError';
  constructor(
    readonly what: 'unreachable' | 'refused' | 'forbidden' | 'lost',
    message: string,
  ) {
    super(oneLine(message).slice(0, 200));
  }
}

export interface LoginOptions {
  readonly user: string;
  /** PEM. */
  readonly privateKey: string;
  readonly signal: AbortSignal;
  /** Of each wait: the login, and what leads on. */
  readonly timeoutMs: number;
}

/** Reason in a refusal to open a channel: RFC 4254, 5.1. */
const ADMINISTRATIVELY_PROHIBITED = 1;

/** What a command may write; the rest is dropped. In characters. */
const MOST_OUTPUT = 16_384;

export class SshSession {
  private readonly client = new Client();

  private constructor(private readonly options: LoginOptions) {
    // Whatever goes wrong later is noticed by who waits for it.
    this.client.on('error', () => {});
  }

  static async open(over: Duplex, options: LoginOptions): Promise<SshSession> {
    const session = new SshSession(options);
    over.on('error', () => {});
    const { user, privateKey, timeoutMs } = options;
    try {
      await session.bounded<void>('unreachable', timeoutMs, (resolve, reject) => {
        session.client
          .once('ready', resolve)
          .once('error', (error) => reject(loginError(error)))
          .once('close', () => reject(new SshError('unreachable', 'the connection was closed before the login')))
          .connect({
            sock: over,
            username: user,
            privateKey,
            // The key alone, once: servers put clients that fail often on hold.
            authHandler: ['publickey'],
            readyTimeout: timeoutMs,
          });
      });
      return session;
    } catch (error) {
      session.end();
      over.destroy();
      throw error;
    }
  }

  /** Runs a command and resolves to its exit status and what it wrote. */
  run(command: string, timeoutMs: number): Promise<{ readonly code: number; readonly output: string }> {
    return this.bounded('lost', timeoutMs, (resolve, reject) => {
      this.client.exec(command, (error, channel) => {
        if (error !== undefined) return reject(new SshError('lost', error.message));
        let output = '';
        const take = (data: Buffer) => {
          output = (output + data.toString('utf8')).slice(0, MOST_OUTPUT);
        };
        channel.on('data', take);
        channel.stderr.on('data', take);
        channel.once('close', (code: number | null | undefined) => {
          if (typeof code === 'number') resolve({ code, output });
          else reject(new SshError('lost', 'the connection ended before the command did'));
        });
      });
    });
  }

  /** A connection from the host that is logged in to on to port 22 of another. */
  forward(address: string): Promise<Duplex> {
    return this.bounded('unreachable', this.options.timeoutMs, (resolve, reject) => {
      this.client.forwardOut('127.0.0.1', 0, address, 22, (error, channel) => {
        if (error === undefined) return resolve(channel);
        const forbidden = (error as { reason?: unknown }).reason === ADMINISTRATIVELY_PROHIBITED;
        reject(new SshError(forbidden ? 'forbidden' : 'unreachable', error.message));
      });
    });
  }

  end(): void {
    this.client.destroy();
  }

  /** Ends the login, with an error of kind `late`, when the wait is over before what is waited for. */
  private bounded<T>(
    late: SshError['what'],
    timeoutMs: number,
    start: (resolve: (value: T) => void, reject: (error: Error) => void) => void,
  ): Promise<T> {
    const { signal } = this.options;
    return new Promise<T>((resolve, reject) => {
      signal.throwIfAborted();
      const giveUp = (error: unknown) => {
        this.end();
        reject(error);
      };
      const timer = setTimeout(() => giveUp(new SshError(late, `no answer within ${timeoutMs / 1000} s`)), timeoutMs);
      const aborted = () => giveUp(signal.reason);
      signal.addEventListener('abort', aborted, { once: true });
      const over = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', aborted);
      };
      start(
        (value) => {
          over();
          resolve(value);
        },
        (error) => {
          over();
          reject(error);
        },
      );
    });
  }
}

function loginError(error: Error & { readonly level?: string }): SshError {
  return error.level === 'client-authentication'
    ? new SshError('refused', 'the key was refused')
    : new SshError('unreachable', error.message);
}
