/**
 * The spec file's own shape: every field with its meaning and default, as zod. JSON Schema, documentation and validation all read this.
 * The rule: what a file may leave out is filled in here or in `normalise.ts`, and nowhere later.
 */
import { z } from 'zod';

const SITE_KEY = /^[a-z0-9][a-z0-9-]{0,23}$/;
const VPN_NAME = /^[a-z0-9][a-z0-9-]{0,47}$/;
const DURATION = /^(\d+)(s|m|h|d)$/;
const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86400 };

export const ENCRYPTION = [
  '3des',
  'aes-128',
  'aes-192',
  'aes-256',
  'aes-128-ctr',
  'aes-192-ctr',
  'aes-256-ctr',
  ...['128', '192', '256'].flatMap((bits) =>
    ['ccm', 'gcm'].flatMap((mode) => ['8', '12', '16'].map((icv) => `aes-${bits}-${mode}-${icv}`)),
  ),
] as [string, ...string[]];
export const AUTH = ['sha1', 'sha256', 'sha384', 'sha512', 'aes-xcbc', 'aes-cmac'] as const;
export const PFS = ['group2', 'group5', ...Array.from({ length: 18 }, (_, index) => `group${index + 14}`)] as [
  string,
  ...string[],
];

/** A duration such as `90s`, `10m`, `24h`, `30d`, as seconds. */
const duration = z
  .string()
  .regex(DURATION, 'must be a duration such as 90s, 10m, 24h or 30d')
  .transform((text) => {
    const [, count, unit] = text.match(DURATION) ?? [];
    return Number(count) * (UNIT_SECONDS[unit ?? 's'] ?? 1);
  });

const lifetime = z.int().min(60, 'must be at least 60 seconds').describe('Lifetime in seconds, at least 60.');

const ike = z
  .strictObject({
    version: z.enum(['v1', 'v2']).describe('IKE version.').optional(),
    mode: z.enum(['main', 'aggressive']).describe('Phase 1 negotiation mode.').optional(),
    encryption: z.enum(ENCRYPTION).describe('Encryption algorithm.').optional(),
    auth: z.enum(AUTH).describe('Authentication hash.').optional(),
    pfs: z.enum(PFS).describe('Diffie-Hellman group.').optional(),
    lifetime: lifetime.optional(),
  })
  .describe('IKE policy, the same at both ends.');

const ipsec = z
  .strictObject({
    protocol: z.enum(['esp', 'ah']).describe('Transform protocol.').optional(),
    encapsulation: z.enum(['tunnel', 'transport']).describe('Encapsulation mode.').optional(),
    encryption: z.enum(ENCRYPTION).describe('Encryption algorithm.').optional(),
    auth: z.enum(AUTH).describe('Authentication hash.').optional(),
    pfs: z.enum(PFS).describe('Diffie-Hellman group.').optional(),
    lifetime: lifetime.optional(),
  })
  .describe('IPsec policy, the same at both ends.');

const createdSubnet = z.strictObject({
  name: z.string().describe('Name of the subnet; default from `names.subnet`.').optional(),
  cidr: z.string().describe('IPv4 network, such as 10.1.0.0/24.'),
  gateway: z.string().describe('Gateway address; default the first host of the network.').optional(),
  dns: z.array(z.string()).describe('Name servers.').default([]),
});

const createdNetwork = z.strictObject({
  name: z.string().describe('Name of the network; default from `names.network`.').optional(),
  router: z.string().describe('Name of the router; default from `names.router`.').optional(),
  subnets: z.tuple([createdSubnet], 'must be a list of exactly one subnet').describe('The subnet to make.'),
});

const existingNetwork = z.strictObject({
  router: z.string().describe('Existing router, by name or id.'),
  subnets: z
    .tuple([z.string()], 'must be a list of exactly one subnet, by name or id')
    .describe('Existing subnet, by name or id.'),
});

const site = z.strictObject({
  cloud: z
    .string()
    .describe("Entry in clouds.yaml; default the worker's own (OS_CLOUD, OS_*, or the only entry).")
    .optional(),
  region: z.string().min(1).describe('Region, as the catalog has it.'),
  externalNetwork: z.string().describe('External network of this site, by name or id.').optional(),
  network: z
    .union([createdNetwork, existingNetwork])
    .describe('The network to make (subnets with a cidr), or an existing one (router, and subnets by name).'),
});

const NAME_FIELDS = {
  network: '{site}-network',
  subnet: '{site}-subnet',
  router: '{site}-router',
  ikePolicy: 'ikepolicy',
  ipsecPolicy: 'ipsecpolicy',
  vpnService: 'vpn{n}',
  localEndpointGroup: '{site}-local-epg',
  peerEndpointGroup: '{site}-peer-epg',
  connection: 'conn{n}',
} as const;

const names = z
  .strictObject({
    network: nameTemplate('network'),
    subnet: nameTemplate('subnet'),
    router: nameTemplate('router'),
    ikePolicy: nameTemplate('ikePolicy'),
    ipsecPolicy: nameTemplate('ipsecPolicy'),
    vpnService: nameTemplate('vpnService'),
    localEndpointGroup: nameTemplate('localEndpointGroup'),
    peerEndpointGroup: nameTemplate('peerEndpointGroup'),
    connection: nameTemplate('connection'),
  })
  .describe(
    'Names of the resources, with {vpn}, {site}, {peer} and {n} (nothing for the first site, 2 for the second).',
  );

function nameTemplate(field: keyof typeof NAME_FIELDS) {
  return z.string().min(1).max(255).default(NAME_FIELDS[field]);
}

const check = z.strictObject({
  via: z
    .enum(['console', 'none'])
    .describe('`console`: ping between test VMs, read from their consoles. `none`: the VPN is not proven.'),
  image: z.string().describe('Image of the test VMs; default the smallest.').optional(),
  flavor: z.string().describe('Flavor of the test VMs; default the smallest that fits.').optional(),
});

const psk = z
  .union([
    z.literal('generated'),
    z.strictObject({ env: z.string().min(1).describe('Variable of the worker that holds the key.') }),
    z.strictObject({ file: z.string().min(1).describe('File on the worker that holds the key.') }),
  ])
  .describe('Where the pre-shared key comes from; never the key itself.');

export const specSchema = z
  .strictObject({
    name: z
      .string()
      .regex(VPN_NAME, 'must be 1 to 48 small letters, digits and dashes, beginning with a letter or digit')
      .describe('Identity of the VPN.'),
    profile: z
      .enum(['sound', 'tutorial'])
      .describe("Defaults of the policies: today's sound choices, or the tutorial's of 2018.")
      .default('sound'),
    externalNetwork: z.string().min(1).describe('External network of every site, by name or id.').default('ext-net'),
    sites: z
      .record(z.string().regex(SITE_KEY, 'must be 1 to 24 small letters, digits and dashes'), site)
      .describe('The two sites, by a short name each.'),
    names: names.prefault({}),
    ike: ike.prefault({}),
    ipsec: ipsec.prefault({}),
    connection: z
      .strictObject({
        dpd: z
          .strictObject({
            action: z.enum(['clear', 'hold', 'restart', 'disabled', 'restart-by-peer']).default('hold'),
            interval: z.int().min(1).default(30),
            timeout: z.int().min(2).default(120),
          })
          .prefault({}),
        mtu: z.int().min(68).default(1500),
        initiator: z.enum(['bi-directional', 'response-only']).default('bi-directional'),
      })
      .prefault({})
      .describe('Dead peer detection (seconds), MTU and initiator of both connections.'),
    psk: psk.default('generated'),
    check: z
      .union([z.enum(['console', 'none']).transform((via) => ({ via })), check])
      .describe('How the tunnel is proven.')
      .default({ via: 'console' }),
    onFailure: z
      .enum(['rollback', 'keep'])
      .describe('What a failed run leaves: the clouds as they were, or what it made.')
      .default('rollback'),
    retryFor: duration.prefault('24h').describe('How long failing steps are retried before rollback.'),
    rollbackFor: duration.prefault('30d').describe('How long a rollback is tried.'),
    tunnelTimeout: duration
      .prefault('10m')
      .describe('How long the tunnel may take from its connections to its first ping.'),
    settleTime: duration.prefault('5m').describe('How long late effects of uncertain writes are looked for.'),
  })
  .describe('A site-to-site VPN between two OpenStack regions.');

/** The spec as its file has it, defaults of single fields applied. */
export type SpecFile = z.infer<typeof specSchema>;
export type SiteFile = SpecFile['sites'][string];
