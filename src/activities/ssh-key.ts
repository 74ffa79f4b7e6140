/**
 * The key that a run's test VMs let in: the server's step derives it for its public half, the ping for its private one, and it is stored nowhere.
 * The rule: the private half goes to the SSH client and nowhere else.
 */
import type { SitePins } from '../workflows/protocol.js';
import { refuse } from './failures.js';
import type { SshKey } from './key-ring.js';
import type { WorkerContext } from './worker-context.js';

/** Fails `WorkerMismatch` where this worker lacks the master key that the run is pinned to. */
export function sshKeyOf(of: {
  readonly vpn: string;
  readonly run: string;
  readonly site: SitePins;
  readonly worker: Pick<WorkerContext, 'keys'>;
}): SshKey {
  const { owner, keyId = '' } = of.site;
  const key = of.worker.keys.sshKey(keyId, { owner, vpn: of.vpn, nonce: of.run });
  if (key !== undefined) return key;
  throw refuse(
    'WorkerMismatch',
    `this worker's key ring has no master key ${keyId}, which the SSH key of the test VMs derives from; nothing was changed. Add that key to its ring`,
  );
}
