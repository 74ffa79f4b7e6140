/**
 * `regionlink peer-config NAME`: what an external site has to be set to for its end of the tunnel, and its PSK into a file where that is asked for.
 * The rule: the PSK derives here, from the master key of this environment; it goes into a new file of mode 0600 and nowhere else.
 */
import { basename } from 'node:path';
import { checkName, type ExternalEnd, RegionLink, VpnNotFoundError } from '../../client/index.js';
import { environment } from '../../secrets/environment.js';
import { readKeyRing } from '../../worker-config.js';
import { awaitWorker } from '../await-worker.js';
import { UsageError } from '../exit-codes.js';
import { peerText } from '../peer-text.js';
import { swanctlConf, swanctlSecrets } from '../swanctl.js';
import { writeNew } from '../write-new.js';

export interface PeerConfigOptions {
  readonly format: 'text' | 'swanctl';
  readonly pskFile?: string;
  readonly json?: boolean;
}

export async function peerConfig(name: string, options: PeerConfigOptions): Promise<void> {
  checkName(name);
  // First, so that nobody waits to be told that it is missing.
  const keys = options.pskFile === undefined ? undefined : keysHere();
  const link = await RegionLink.connect();
  try {
    const ends = await awaitWorker(link, 'looks at our end', options, () => link.externalEnds(name));
    const [end] = ends;
    if (end === undefined)
      throw new VpnNotFoundError(
        name,
        `no connection of ${name} to an external site stands in any region of the workers`,
      );
    if (options.pskFile !== undefined && keys !== undefined) {
      const psk = pskOf(end, keys);
      writeNew('--psk-file', options.pskFile, options.format === 'swanctl' ? swanctlSecrets(end, psk) : `${psk}\n`);
      console.error(`the PSK is in ${options.pskFile}, which only you can read`);
    }
    console.log(options.json ? JSON.stringify(ends) : inFormat(end, options));
  } finally {
    await link.close();
  }
}

type Keys = ReturnType<typeof readKeyRing>;

function keysHere(): Keys {
  try {
    return readKeyRing(environment());
  } catch (error) {
    throw new UsageError(`--psk-file derives the PSK from the workers' master key: ${(error as Error).message}`);
  }
}

function inFormat(end: ExternalEnd, { format, pskFile }: PeerConfigOptions): string {
  if (format === 'swanctl') return swanctlConf(end, pskFile === undefined ? undefined : basename(pskFile));
  return peerText(end, pskFile === undefined ? whereIs(end) : `in ${pskFile}`);
}

function whereIs({ psk }: ExternalEnd): string {
  return psk === undefined ? 'your own, from where psk in the spec says' : 'generated: --psk-file FILE writes it';
}

function pskOf({ vpn, link, psk }: ExternalEnd, keys: Keys): string {
  if (psk === undefined)
    throw new UsageError(`the PSK of ${vpn} is your own: it is where psk in its spec says, and nothing derives it`);
  const derived = keys.psk(psk.keyId, { owner: psk.owner, vpn, link, nonce: psk.nonce });
  if (derived !== undefined) return derived;
  throw new UsageError(
    `the PSK of ${vpn} derives from master key ${psk.keyId}, and this environment has another one: run it with the workers' own`,
  );
}
