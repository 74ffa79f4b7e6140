/**
 * The part of the file's shape that is about IPsec itself: both policies and the options of the connections.
 * The rule: fields and values are Neutron's; a policy's defaults depend on the profile and are documented from its table.
 */
import { z } from 'zod';
import { CRYPTO, PROFILES } from './crypto.js';

/** Dead peer detection's defaults, which are the API's. */
export const DPD = { action: 'hold', interval: 30, timeout: 120 } as const;

function policyDefaults(policy: 'ike' | 'ipsec', field: string): string {
  const value = (profile: keyof typeof PROFILES) => (PROFILES[profile][policy] as Record<string, unknown>)[field];
  return `Default: ${value('sound')} (profile tutorial: ${value('tutorial')}).`;
}

function cryptoFields(policy: 'ike' | 'ipsec') {
  return {
    encryption: z
      .enum(CRYPTO.encryption)
      .optional()
      .describe(`Encryption algorithm. ${policyDefaults(policy, 'encryption')}`),
    auth: z
      .enum(CRYPTO.auth)
      .optional()
      .describe(`Authentication hash. ${policyDefaults(policy, 'auth')}`),
    pfs: z
      .enum(CRYPTO.pfs)
      .optional()
      .describe(`Diffie-Hellman group for perfect forward secrecy. ${policyDefaults(policy, 'pfs')}`),
    lifetime: z
      .int()
      .min(60)
      .max(2_147_483_647)
      .optional()
      .describe(`Lifetime of its keys in seconds, from 60. ${policyDefaults(policy, 'lifetimeSeconds')}`),
  };
}

export const ike = z
  .strictObject({
    version: z
      .enum(CRYPTO.version)
      .optional()
      .describe(`IKE version. ${policyDefaults('ike', 'version')}`),
    mode: z
      .enum(CRYPTO.mode)
      .optional()
      .describe(`Phase 1 negotiation of IKE v1. ${policyDefaults('ike', 'mode')}`),
    ...cryptoFields('ike'),
  })
  .prefault({})
  .describe('IKE policy, the same at every site.');

export const ipsec = z
  .strictObject({
    protocol: z
      .enum(CRYPTO.protocol)
      .optional()
      .describe(`Transform protocol. ${policyDefaults('ipsec', 'protocol')}`),
    encapsulation: z
      .enum(CRYPTO.encapsulation)
      .optional()
      .describe(`Encapsulation mode. ${policyDefaults('ipsec', 'encapsulation')}`),
    ...cryptoFields('ipsec'),
  })
  .prefault({})
  .describe('IPsec policy, the same at every site.');

export const connection = z
  .strictObject({
    dpd: z
      .strictObject({
        action: z
          .enum(['hold', 'clear', 'restart', 'disabled', 'restart-by-peer'])
          .default(DPD.action)
          .describe('What to do when the peer is dead.'),
        interval: z.int().min(1).max(86_400).default(DPD.interval).describe('Seconds between probes.'),
        timeout: z
          .int()
          .min(2)
          .max(86_400)
          .default(DPD.timeout)
          .describe('Seconds until the peer counts as dead; more than interval.'),
      })
      .prefault({})
      .describe('Dead peer detection.'),
    mtu: z.int().min(68).max(65_535).default(1500).describe('Largest packet sent into the tunnel, in bytes.'),
    initiator: z
      .enum(['bi-directional', 'response-only'])
      .default('bi-directional')
      .describe('Whether the two ends may start the tunnel, or only answer.'),
  })
  .prefault({})
  .describe('Options of the IPsec site connections, the same at both ends.');
