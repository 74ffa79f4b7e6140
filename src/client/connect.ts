/**
 * The way to Temporal, the same for every client and for a worker's preflight: given options before the environment before the profile file.
 * The rule: whoever cannot connect is told why and what to set, whatever the SDK makes of it.
 */
import { Connection, isGrpcServiceError } from '@temporalio/client';
import { environment } from '../secrets/environment.js';
import { TASK_QUEUE } from '../workflows/protocol.js';
import { TemporalConfigError, TemporalUnavailableError } from './errors.js';
import { GRPC } from './grpc-status.js';
import { readTemporalProfile, type TemporalProfile } from './temporal-profile.js';
import { speaksTls, tlsProblem } from './tls-handshake.js';

export interface ConnectOptions {
  /** Host and port of Temporal's gRPC. @default from TEMPORAL_ADDRESS or the profile in Temporal's configuration file */
  readonly address?: string;
  readonly namespace?: string;
  /** Whose workers carry out what is asked. @default from REGIONLINK_TASK_QUEUE, else regionlink */
  readonly taskQueue?: string;
  /** `false`: neither the environment nor Temporal's configuration file is read, as for a server of one's own on loopback. @default true */
  readonly profile?: boolean;
}

/** The queue that the workers take tasks from: their own default as well. */
export function taskQueueOf({ taskQueue, profile }: ConnectOptions = {}): string {
  const { REGIONLINK_TASK_QUEUE } = profile === false ? {} : environment();
  return taskQueue ?? (REGIONLINK_TASK_QUEUE || TASK_QUEUE);
}

export interface TemporalPlace {
  readonly connection: Connection;
  readonly address: string;
  readonly namespace: string;
}

/** Throws TemporalUnavailableError when no server answers, TemporalConfigError when what is configured cannot be used there. Who connects, closes. */
export async function connectToTemporal(options: ConnectOptions = {}): Promise<TemporalPlace> {
  const profile = readTemporalProfile(options, options.profile === false ? {} : environment());
  const { address, namespace } = profile;
  const problem = await tlsProblem(profile);
  if (problem !== undefined) throw new TemporalConfigError([problem], address);
  try {
    const connection = await Connection.connect({ ...profile.connectionOptions, connectTimeout: 5_000 });
    return { connection, address, namespace };
  } catch (error) {
    throw await explained(error as Error, profile);
  }
}

async function explained(error: Error, { address, connectionOptions }: TemporalProfile): Promise<Error> {
  const { cause } = error;
  if (isGrpcServiceError(cause) && (cause.code === GRPC.unauthenticated || cause.code === GRPC.permissionDenied)) {
    const said = cause.details === '' ? '' : ` (${cause.details})`;
    const { apiKey } = connectionOptions;
    const what = apiKey
      ? `it refuses the API key${said}: is it valid, and of this server?`
      : `it asks for credentials${said}: set TEMPORAL_API_KEY or api_key of the profile`;
    return new TemporalConfigError([what], address);
  }
  if (!connectionOptions.tls && (await speaksTls(address)))
    return new TemporalConfigError(['it speaks TLS: set TEMPORAL_TLS=true, or tls in the profile'], address);
  return new TemporalUnavailableError(address, error.message.split('\n')[0] ?? 'no reason given');
}
