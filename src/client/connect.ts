/**
 * The way to Temporal, the same for every client and for a worker's preflight: given options before the environment before the profile file.
 */
import { Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { TemporalUnavailableError } from './errors.js';

export interface ConnectOptions {
  /** Host and port of Temporal's gRPC. @default from TEMPORAL_ADDRESS or the profile in Temporal's configuration file */
  readonly address?: string;
  readonly namespace?: string;
  readonly taskQueue?: string;
}

export interface TemporalPlace {
  readonly connection: Connection;
  readonly address: string;
  readonly namespace: string;
}

/** Throws TemporalUnavailableError when no server answers. Who connects, closes. */
export async function connectToTemporal(options: ConnectOptions = {}): Promise<TemporalPlace> {
  const profile = loadClientConnectConfig();
  const address = options.address ?? profile.connectionOptions.address ?? 'localhost:7233';
  try {
    const connection = await Connection.connect({ ...profile.connectionOptions, address, connectTimeout: 5_000 });
    return { connection, address, namespace: options.namespace ?? profile.namespace ?? 'default' };
  } catch (error) {
    throw new TemporalUnavailableError(address, (error as Error).message.split('\n')[0] ?? 'no reason given');
  }
}
