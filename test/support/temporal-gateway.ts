/**
 * What stands in front of a Temporal server in production: ends TLS, may ask for client certificates, may ask for an API key, and passes the calls on.
 * The rule: it keeps what it was shown, so that a test sees with what a call really came.
 */
import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Issued } from './certificates.js';

export interface GatewayOptions {
  readonly server: Issued;
  /** Whose client certificates it takes. @default it asks for none */
  readonly clients?: Issued;
  /** @default it asks for none */
  readonly apiKey?: string;
}

/** Codes of gRPC (https://grpc.io/docs/guides/status-codes/). */
const UNAUTHENTICATED = '16';

export class TemporalGateway {
  /** `authorization` headers, and names in client certificates, of the calls that came. */
  readonly keys = new Set<string | undefined>();
  readonly clients = new Set<string | undefined>();
  private readonly front: http2.Http2SecureServer;
  private readonly back: http2.ClientHttp2Session;
  private readonly sockets = new Set<Socket>();

  private constructor(temporal: string, options: GatewayOptions) {
    this.back = http2.connect(`http://${temporal}`);
    const { server, clients, apiKey } = options;
    this.front = http2.createSecureServer({
      ...server.pem,
      ...(clients === undefined ? {} : { requestCert: true, rejectUnauthorized: true, ca: clients.pem.cert }),
    });
    this.front.on('connection', (socket: Socket) => this.sockets.add(socket));
    this.front.on('sessionError', () => undefined);
    this.front.on('stream', (stream, headers) => {
      const { authorization } = headers;
      this.keys.add(authorization);
      const socket = stream.session?.socket as TLSSocket | undefined;
      this.clients.add(String(socket?.getPeerCertificate().subject?.CN));
      if (apiKey !== undefined && authorization !== `Bearer ${apiKey}`) refuse(stream);
      else this.pass(stream, headers);
    });
  }

  static async start(temporal: string, options: GatewayOptions): Promise<TemporalGateway> {
    const gateway = new TemporalGateway(temporal, options);
    gateway.front.listen(0, '127.0.0.1');
    await once(gateway.front, 'listening');
    return gateway;
  }

  get port(): number {
    return (this.front.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.back.destroy();
    this.front.close();
    for (const socket of this.sockets) socket.destroy();
    await once(this.front, 'close');
  }

  private pass(stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders): void {
    const { ':method': method, ':path': path, authorization, ...rest } = headers;
    const plain = Object.entries(rest).filter(([name]) => !name.startsWith(':'));
    const onward = this.back.request({ ':method': method, ':path': path, ...Object.fromEntries(plain) });
    onward.on('response', (answer) => {
      stream.respond(answer, { waitForTrailers: true });
      // A failed call is answered with nothing but headers.
      if (answer['grpc-status'] !== undefined) stream.end();
    });
    let trailers: http2.IncomingHttpHeaders = {};
    onward.on('trailers', (told) => {
      trailers = told;
    });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.on('error', () => onward.close());
    stream.on('close', () => onward.close());
    onward.on('error', () => stream.close());
    stream.pipe(onward).pipe(stream);
  }
}

function refuse(stream: http2.ServerHttp2Stream): void {
  const answer = { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': UNAUTHENTICATED };
  stream.respond({ ...answer, 'grpc-message': 'Request unauthorized.' }, { endStream: true });
}
