/**
 * What IKE and IPsec policies may say, the two profiles of defaults, and what is too weak to pass without a word.
 * The rule: words are Neutron's own. What a certain cloud does not offer is that cloud's to refuse; nothing here knows releases.
 */
import type { IkePolicySpec, IpsecPolicySpec } from './types.js';

const KEY_SIZES = ['128', '192', '256'] as const;
const AEAD_MODES = ['ctr', 'ccm-8', 'ccm-12', 'ccm-16', 'gcm-8', 'gcm-12', 'gcm-16'] as const;

/** Values of the API's enums, over all releases that are in use. */
export const CRYPTO = {
  version: ['v1', 'v2'],
  mode: ['main', 'aggressive'],
  protocol: ['esp', 'ah'],
  encapsulation: ['tunnel', 'transport'],
  encryption: [
    '3des',
    ...KEY_SIZES.map((size) => `aes-${size}`),
    ...KEY_SIZES.flatMap((size) => AEAD_MODES.map((mode) => `aes-${size}-${mode}`)),
  ],
  auth: ['sha1', 'sha256', 'sha384', 'sha512', 'aes-xcbc', 'aes-cmac'],
  pfs: ['group2', 'group5', 'group14', ...Array.from({ length: 17 }, (_, index) => `group${index + 15}`)],
} as const;

export interface CryptoDefaults {
  readonly ike: IkePolicySpec;
  readonly ipsec: IpsecPolicySpec;
}

const TUTORIAL = { encryption: 'aes-128', auth: 'sha1', pfs: 'group5', lifetimeSeconds: 3600 } as const;
const SOUND = { encryption: 'aes-256', auth: 'sha256', pfs: 'group14', lifetimeSeconds: 3600 } as const;

/** Defaults by profile. `sound` is what a spec without a profile gets: the strongest that every release since Rocky offers. */
export const PROFILES = {
  sound: {
    ike: { version: 'v2', mode: 'main', ...SOUND },
    ipsec: { protocol: 'esp', encapsulation: 'tunnel', ...SOUND },
  },
  tutorial: {
    ike: { version: 'v1', mode: 'main', ...TUTORIAL },
    ipsec: { protocol: 'esp', encapsulation: 'tunnel', ...TUTORIAL },
  },
} as const satisfies Record<string, CryptoDefaults>;

const WEAK: Readonly<Record<string, string>> = {
  v1: 'IKEv1 is obsolete (RFC 9395): v2 is better',
  aggressive: 'aggressive mode shows a hash of the PSK to whoever listens: main is better',
  '3des': '3des is weak, and gone since OpenStack 2026.2: aes-256 is better',
  sha1: 'sha1 is weak, and gone since OpenStack 2026.2: sha256 is better',
  group2: 'group2 (1024 bits) can be broken: group14 is better',
  group5: 'group5 (1536 bits) is weak: group14 is better',
};

/** One sentence for each weak value of the two policies, but for those that the profile has: whoever chose it has chosen them. */
export function weakCrypto({ ike, ipsec }: CryptoDefaults, profile: keyof typeof PROFILES): readonly string[] {
  return Object.entries({ ike, ipsec }).flatMap(([policy, values]) => {
    const chosen: Readonly<Record<string, unknown>> = PROFILES[profile][policy as keyof CryptoDefaults];
    return Object.entries(values).flatMap(([field, value]) => {
      const sentence = WEAK[String(value)];
      return field === 'description' || sentence === undefined || chosen[field] === value
        ? []
        : [`${policy}.${field}: ${sentence}`];
    });
  });
}
