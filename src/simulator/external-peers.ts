/**
 * Ends of tunnels that are in no region: a data centre's gateway, another cloud, a strongSwan. A test declares one, and the data plane matches it as it matches a region's.
 * The rule: nothing but IKE and IPsec is known of them. No API shows them, and no host behind them answers.
 */
import { z } from 'zod';
import { type Delays, newId, RegionState, type Row } from './state.js';
import { touch } from './tunnel-status.js';

const END = z.strictObject({
  address: z.ipv4(),
  id: z.string().optional(),
  cidrs: z.array(z.cidrv4()).min(1).readonly(),
});
const TRANSFORM = { encryption_algorithm: z.string(), auth_algorithm: z.string(), pfs: z.string() };

/** An external end, and what it expects of its peer. Policies in Neutron's words. */
export const EXTERNAL_PEER = END.extend({
  peer: END,
  psk: z.string(),
  ike: z.strictObject({ ...TRANSFORM, ike_version: z.enum(['v1', 'v2']), phase1_negotiation_mode: z.string() }),
  ipsec: z.strictObject({ ...TRANSFORM, transform_protocol: z.string(), encapsulation_mode: z.string() }),
});
export type ExternalPeer = z.infer<typeof EXTERNAL_PEER>;

export class ExternalPeers {
  /** All of them, as a region that nobody can ask. */
  readonly region: RegionState;

  constructor(delays: Delays) {
    this.region = new RegionState('outside', delays, false);
  }

  add({ address, id = '', cidrs, peer, psk, ike, ipsec }: ExternalPeer): void {
    const { region } = this;
    const up = { admin_state_up: true };
    const router = region.insert('router', { id: newId(), ...up, external_gateway_info: {} });
    const service = { id: newId(), ...up, router_id: router.id, subnet_id: null, external_v4_ip: address };
    const subnets = cidrs.map((cidr) => region.insert('subnet', { id: newId(), cidr }).id);
    const connection: Row = {
      id: newId(),
      ...up,
      vpnservice_id: region.insert('vpnservice', service).id,
      ikepolicy_id: region.insert('ikepolicy', { id: newId(), ...ike }).id,
      ipsecpolicy_id: region.insert('ipsecpolicy', { id: newId(), ...ipsec }).id,
      local_ep_group_id: region.insert('endpoint_group', { id: newId(), endpoints: subnets }).id,
      peer_cidrs: peer.cidrs,
      local_id: id,
      peer_address: peer.address,
      peer_id: peer.id ?? peer.address,
      psk,
      initiator: 'bi-directional',
    };
    touch(connection, region);
    region.insert('ipsec_site_connection', connection);
  }

  clear(): void {
    this.region.restore(new RegionState('outside', this.region.delays, false).copy());
  }
}
