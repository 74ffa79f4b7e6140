/** Ends of tunnels outside the simulator's regions, declared over HTTP as a test in any language would. */
import type { ExternalPeer } from '../../src/simulator/external-peers.js';
import type { Simulator } from '../../src/simulator/index.js';

export function addPeer(simulator: Simulator, peer: ExternalPeer): Promise<void> {
  return request(simulator, { method: 'POST', body: JSON.stringify(peer) });
}

export function forgetPeers(simulator: Simulator): Promise<void> {
  return request(simulator, { method: 'DELETE' });
}

async function request({ url }: Simulator, { method, body }: { method: string; body?: string }): Promise<void> {
  const answer = await fetch(`${url}/_simulator/peers`, {
    method,
    ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } }),
  });
  if (!answer.ok) throw new Error(`${method} /_simulator/peers: ${answer.status} ${await answer.text()}`);
}
