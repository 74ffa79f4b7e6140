/**
 * A TCP connection to a floating IP: straight, or through an HTTP proxy where the worker has no route of its own.
 * The rule: every wait is bounded and ends with the signal; what fails says what was tried.
 */
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { oneLine } from '../../openstack/errors.js';

/** An HTTP proxy that takes CONNECT. */
export interface HttpProxy {
  readonly host: string;
  readonly port: number;
}

export interface DialOptions {
  readonly proxy: HttpProxy | undefined;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** A connection to port 22 of an address. Rejects with the signal's reason when it is aborted, else with an Error in words. */
export async function dial(address: string, { proxy, signal, timeoutMs }: DialOptions): Promise<Socket> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  try {
    return await (proxy === undefined ? straight(address, limit) : through(proxy, address, limit));
  } catch (error) {
    signal.throwIfAborted();
    if (limit.aborted) throw new Error(`no answer within ${timeoutMs / 1000} s`);
    throw new Error(oneLine((error as Error).message));
  }
}

/** What is wrong with a proxy, if nothing listens there. */
export async function proxyProblem({ host, port }: HttpProxy, timeoutMs: number): Promise<string | undefined> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    (await connected(connect({ host, port, signal }))).destroy();
    return undefined;
  } catch (error) {
    const why = signal.aborted ? `no answer within ${timeoutMs / 1000} s` : (error as Error).message;
    return `the proxy of REGIONLINK_SSH_PROXY is not reachable: ${host}:${port}: ${oneLine(why)}`;
  }
}

const SSH_PORT = 22;

function straight(host: string, signal: AbortSignal): Promise<Socket> {
  return connected(connect({ host, port: SSH_PORT, signal }));
}

function connected(socket: Socket): Promise<Socket> {
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket)).once('error', reject);
  });
}

function through({ host, port }: HttpProxy, address: string, signal: AbortSignal): Promise<Socket> {
  const path = `${address}:${SSH_PORT}`;
  const asked = request({ host, port, method: 'CONNECT', path, signal, agent: false, headers: { Host: path } });
  return new Promise((resolve, reject) => {
    asked
      .once('connect', ({ statusCode, statusMessage }, socket, head) => {
        if (statusCode === 200) {
          if (head.length > 0) socket.unshift(head);
          resolve(socket as Socket);
        } else {
          socket.destroy();
          reject(new Error(`the proxy answered ${statusCode} ${statusMessage}`));
        }
      })
      .once('error', (error) => reject(new Error(`proxy ${host}:${port}: ${error.message}`)))
      .end();
  });
}
