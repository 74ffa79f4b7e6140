/**
 * What a caller can meet, one small class each. The CLI's exit codes and another service's decisions go by class, never by text.
 */
import { VPN_NAME_LIMIT } from '../spec/naming.js';
import { type FailureType, type Leftover, operationWord, type Phase } from '../workflows/protocol.js';
import { registrationCommand } from './search-attributes.js';

/** What was given as a name of a VPN is none, so nothing was asked of Temporal. */
export class InvalidNameError extends Error {
  override readonly name = 'InvalidNameError';
  constructor(readonly vpn: string) {
    super(
      `${JSON.stringify(vpn)} is not a VPN name: use 1 to ${VPN_NAME_LIMIT} lower-case letters, digits and hyphens, a letter or digit first`,
    );
  }
}

/** Another operation runs on this VPN. */
export class VpnBusyError extends Error {
  override readonly name = 'VpnBusyError';
  constructor(
    readonly vpn: string,
    readonly operation: string,
    readonly runId: string,
    readonly since: Date,
    readonly requestedBy: string,
    /** Absent until a worker has taken the run up. */
    readonly phase?: Phase,
  ) {
    const where = phase === undefined ? '' : `, ${phase} by now`;
    const who = requestedBy === '' ? '' : `, asked for by ${requestedBy}`;
    super(
      `${vpn} is busy: ${operationWord(operation)} runs since ${since.toISOString()}${where}${who} (run ${runId}). Watch it with: regionlink status ${vpn} --watch`,
    );
  }
}

/** A run ended without its VPN. Decide by `type`; the message is for people. `leftovers`: what the run could not remove. */
export class VpnFailedError extends Error {
  override readonly name = 'VpnFailedError';
  constructor(
    readonly vpn: string,
    readonly type: FailureType,
    message: string,
    readonly leftovers: readonly Leftover[],
  ) {
    super(message);
  }
}

/** A run was cancelled or terminated. */
export class VpnCancelledError extends Error {
  override readonly name = 'VpnCancelledError';
  constructor(
    readonly vpn: string,
    how: string,
  ) {
    super(how);
  }
}

/** There is no such VPN: Temporal knows no run of it, or what `how` says. */
export class VpnNotFoundError extends Error {
  override readonly name = 'VpnNotFoundError';
  constructor(
    readonly vpn: string,
    how = `Temporal knows no run of ${vpn}; see all with: regionlink list`,
  ) {
    super(how);
  }
}

/** What is configured for the way to Temporal cannot be used, or the server refuses it: certificates, API key, profile. */
export class TemporalConfigError extends Error {
  override readonly name = 'TemporalConfigError';
  constructor(
    readonly problems: readonly string[],
    address?: string,
  ) {
    const what = address === undefined ? 'the connection to Temporal' : `the connection to Temporal at ${address}`;
    super(`${what} cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

/** No worker answers for a run, which goes on once one does. */
export class WorkerSilentError extends Error {
  override readonly name = 'WorkerSilentError';
  constructor(
    readonly vpn: string,
    reason: string,
  ) {
    super(`no worker answers for ${vpn} (${reason}). Start one with: regionlink worker`);
  }
}

/** No Temporal server answers. */
export class TemporalUnavailableError extends Error {
  override readonly name = 'TemporalUnavailableError';
  constructor(
    readonly address: string,
    reason: string,
  ) {
    super(
      `no Temporal server answers at ${address} (${reason}). Start one, for example: temporal server start-dev; or set TEMPORAL_ADDRESS`,
    );
  }
}

/** The namespace lacks what runs are found by. */
export class SearchAttributesMissingError extends Error {
  override readonly name = 'SearchAttributesMissingError';
  constructor(
    readonly namespace: string,
    said: string,
  ) {
    const commands = (['VpnName', 'VpnPhase', 'VpnRegions'] as const).map((name) =>
      registrationCommand(namespace, name),
    );
    super(
      `namespace ${namespace} lacks the search attributes by which runs are found: ${said}. A worker adds them when it starts (regionlink worker); where it may not, run:\n${commands.join('\n')}`,
    );
  }
}
