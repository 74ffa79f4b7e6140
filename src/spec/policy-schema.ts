/**
 * The part of the file's shape that is about IPsec itself: both policies and the options of the connections, for all sites and again for one.
 * The rule: fields and values are Neutron's. No field has its default here, since what a site leaves out is what is said for all; `policies.ts` applies
 * them, and each field's text tells its own.
 */
import { z } from 'zod';
import { CRYPTO, PROFILES } from './crypto.js';
import { name, text } from './fields.js';
import { idFault } from './ids.js';

/** Defaults of a connection's options, which are the API's. */
export const CONNECTION = {
  dpd: { action: 'hold', interval: 30, timeout: 120 },
  mtu: 1500,
  initiator: 'bi-directional',
  adminStateUp: true,
} as const;

const description = () =>
  name().optional().describe('Words of your own in its description, behind the owner mark. Default: none.');

function policyDefaults(policy: 'ike' | 'ipsec', field: string): string {
  const value = (profile: keyof typeof PROFILES) => (PROFILES[profile][policy] as Record<string, unknown>)[field];
  const other = value('tutorial') === value('sound') ? '' : ` (profile tutorial: ${value('tutorial')})`;
  return `Default: ${value('sound')}${other}.`;
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
      .describe(
        `Lifetime of its keys in seconds; may differ between the ends. ${policyDefaults(policy, 'lifetimeSeconds')}`,
      ),
    description: description(),
  };
}

export const ike = z.strictObject({
  version: z
    .enum(CRYPTO.version)
    .optional()
    .describe(`IKE version. ${policyDefaults('ike', 'version')}`),
  mode: z
    .enum(CRYPTO.mode)
    .optional()
    .describe(`Phase 1 negotiation of IKE v1. ${policyDefaults('ike', 'mode')}`),
  ...cryptoFields('ike'),
});

export const ipsec = z.strictObject({
  protocol: z
    .enum(CRYPTO.protocol)
    .optional()
    .describe(`Transform protocol. ${policyDefaults('ipsec', 'protocol')}`),
  encapsulation: z
    .enum(CRYPTO.encapsulation)
    .optional()
    .describe(`Encapsulation mode. ${policyDefaults('ipsec', 'encapsulation')}`),
  ...cryptoFields('ipsec'),
});

export const connection = z.strictObject({
  dpd: z
    .strictObject({
      action: z
        .enum(['hold', 'clear', 'restart', 'disabled', 'restart-by-peer'])
        .optional()
        .describe(`What to do when the peer is dead. Default: ${CONNECTION.dpd.action}.`),
      interval: z
        .int()
        .min(1)
        .max(86_400)
        .optional()
        .describe(`Seconds between probes. Default: ${CONNECTION.dpd.interval}.`),
      timeout: z
        .int()
        .min(2)
        .max(86_400)
        .optional()
        .describe(`Seconds until the peer counts as dead; more than interval. Default: ${CONNECTION.dpd.timeout}.`),
    })
    .optional()
    .describe('Dead peer detection.'),
  mtu: z
    .int()
    .min(68)
    .max(65_535)
    .optional()
    .describe(
      `Largest packet sent into the tunnel, in bytes; strongSwan's driver does not use it. Default: ${CONNECTION.mtu}.`,
    ),
  initiator: z
    .enum(['bi-directional', 'response-only'])
    .optional()
    .describe(
      `Whether an end may start the tunnel, or only answers; one end must start it. Default: ${CONNECTION.initiator}.`,
    ),
  adminStateUp: z
    .boolean()
    .optional()
    .describe(
      `false sets the connection down: the tunnel is prepared and stays down. Only with check: none. Default: ${CONNECTION.adminStateUp}.`,
    ),
  description: description(),
});

/** Of one end: an id names it and no other. */
export const endConnection = connection.extend({
  localId: text(idFault, { minLength: 1, maxLength: 255 })
    .optional()
    .describe(
      "Id that this end presents, and that the other end expects of it (its peer id): an IPv4 address, or a name if the other end has an id as well. Default: its VPN service's address.",
    ),
});
