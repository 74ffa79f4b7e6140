/**
 * Why TLS with a Temporal server does not come about. The SDK tells no more than that it took too long.
 * The rule: each reason comes with what to set; what is no matter of TLS (nobody listens there) is left to the SDK's own error.
 */
import { isIP } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import type { TemporalProfile } from './temporal-profile.js';

/** Milliseconds for it all. */
const LIMIT_MS = 5_000;

/** By the start of an OpenSSL or Node error code. `{detail}` is what was said. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [
    /^(SELF_SIGNED|DEPTH_ZERO_SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF))/,
    "its certificate is signed by an authority that is not known here: name that authority's certificate by tls.server_ca_cert_path of the profile or TEMPORAL_TLS_SERVER_CA_CERT_PATH",
  ],
  [/^CERT_HAS_EXPIRED/, 'its certificate, or that of the authority, has expired: have the server’s renewed'],
  [/^CERT_NOT_YET_VALID/, 'its certificate is not valid yet: is the clock of this machine right?'],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID/,
    'its certificate is for another name ({detail}): use that one as the address, or say it by tls.server_name of the profile or TEMPORAL_TLS_SERVER_NAME',
  ],
  [
    /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)/,
    'it does not speak TLS there: another port, or TEMPORAL_TLS=false and no API key',
  ],
];

const ALERT = /^ERR_SSL_.*ALERT_(.*)/;

/** Our own code: TLS was agreed, and then it hung up without a word. */
const ENDED = 'ENDED';

/** Why a server refuses TLS with this profile, or is refused; undefined where it works, where no TLS is set, and where it is no matter of TLS. */
export async function tlsProblem({
  address,
  connectionOptions: { tls },
}: TemporalProfile): Promise<string | undefined> {
  if (tls === undefined || tls === null || tls === false) return undefined;
  const { serverNameOverride, serverRootCACertificate, clientCertPair } = tls === true ? {} : tls;
  const error = await handshake(address, {
    ...(serverNameOverride ? { servername: serverNameOverride } : {}),
    ...(serverRootCACertificate ? { ca: Buffer.from(serverRootCACertificate) } : {}),
    ...(clientCertPair ? { cert: Buffer.from(clientCertPair.crt), key: Buffer.from(clientCertPair.key) } : {}),
  });
  const code = error?.code ?? '';
  const shown = clientCertPair !== undefined && clientCertPair !== null;
  const alert = ALERT.exec(code)?.[1] ?? (shown && code === ENDED ? 'it says no reason' : undefined);
  if (alert !== undefined) return refusal(alert, shown);
  const reason = REASONS.find(([pattern]) => pattern.test(code))?.[1];
  return reason?.replace('{detail}', error?.message.replace(/^.*altnames: /, '') ?? '');
}

/** What the server ended it with, in the words of RFC 8446, 6.2. */
function refusal(alert: string, withCertificate: boolean): string {
  const why = alert.toLowerCase().replaceAll('_', ' ');
  return withCertificate
    ? `it refuses the client certificate (${why}): is it of an authority that the server knows, and valid?`
    : `it asks for a client certificate (${why}): name one by tls.client_cert_path and tls.client_key_path of the profile, or by TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH`;
}

/** Whether a server that was called without TLS answers with it. */
export async function speaksTls(address: string): Promise<boolean> {
  const error = await handshake(address, { rejectUnauthorized: false });
  return error === undefined || ALERT.test(error.code ?? '');
}

/** Shakes hands and waits for the first bytes, since with TLS 1.3 a server refuses a client's certificate after that. */
function handshake(address: string, options: ConnectionOptions): Promise<NodeJS.ErrnoException | undefined> {
  // What is no address is for the SDK to refuse.
  if (!URL.canParse(`tcp://${address}`)) return Promise.resolve(hungUp());
  const { hostname, port } = new URL(`tcp://${address}`);
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const socket: TLSSocket = connect({
      host,
      port: Number(port || 7233),
      ALPNProtocols: ['h2'],
      ...(isIP(host) ? {} : { servername: host }),
      ...options,
    });
    let agreed = false;
    socket.once('secureConnect', () => {
      agreed = true;
    });
    const end = (error?: NodeJS.ErrnoException) => {
      socket.destroy();
      resolve(agreed && error?.code === 'ECONNRESET' ? hungUp() : error);
    };
    socket.setTimeout(LIMIT_MS, () => end(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })));
    socket.once('error', end);
    // Bytes of HTTP/2, which the server speaks first.
    socket.once('data', () => end());
    socket.once('end', () => end(hungUp()));
  });
}

function hungUp(): NodeJS.ErrnoException {
  return Object.assign(new Error('hung up'), { code: ENDED });
}
