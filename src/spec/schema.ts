/**
 * The spec file's shape, every field documented: editors, the published JSON Schema, the checks and the defaults all read this.
 * The rule: a check of one value by itself stands here; what compares two places of the file stands in `validate.ts`.
 */
import { z } from 'zod';
import { externalSite, oneForm } from './external-schema.js';
import { duration, matching, name, template, text } from './fields.js';
import { addressFault, cidrFault } from './ipv4.js';
import { NAME_TEMPLATES, NETWORK_NAME, NETWORK_NAME_FAULT, SITE_KEY, VPN_NAME, VPN_NAME_LIMIT } from './naming.js';
import { connection, endConnection, ike, ipsec } from './policy-schema.js';

/** Subnets of a site: each is some twenty events of a run's history, and with a check of all pairs a test VM. */
export const MOST_SUBNETS = 16;

const subnet = z.strictObject({
  name: name().optional().describe('Name of this subnet, instead of names.subnet.'),
  network: matching(NETWORK_NAME, NETWORK_NAME_FAULT)
    .optional()
    .describe("Name of a further network that it is on, with all that say the same. Default: the site's own network."),
  cidr: text(cidrFault, { examples: ['10.1.0.0/24'] }).describe(
    'Its IPv4 range. The ranges of linked sites must not overlap.',
  ),
  gateway: text(addressFault).optional().describe('Address of the router in it. Default: the first of the range.'),
  dns: z.array(text(addressFault)).default([]).describe('DNS servers that its hosts are given.'),
});

const network = z
  .strictObject({
    name: name()
      .optional()
      .describe("Name of the site's own network, instead of names.network. Only when it is created."),
    router: name()
      .optional()
      .describe(
        'Of created networks: name of their router, instead of names.router. Of existing ones: name or id, required.',
      ),
    subnets: z
      .array(z.union([name(), subnet]))
      .meta({ minItems: 1, maxItems: MOST_SUBNETS })
      .describe(
        'The subnets that the tunnel joins, all behind one router. A mapping is created, with its network and the router. A name or id is an existing subnet on any network, attached to the existing router. Either, not both.',
      ),
  })
  .describe('The networks that this site brings into the VPN: created, or existing and then left as they are.');

const mode = () =>
  z
    .enum(['endpoint-groups', 'legacy'])
    .optional()
    .describe(
      "How the networks of a tunnel are told to the cloud. endpoint-groups: any number of them. legacy: the older way, one subnet of the VPN service and one range of the peer. Default: as the router's VPN service has it, and endpoint-groups where there is none.",
    );

const openstackSite = z.strictObject({
  cloud: name()
    .optional()
    .describe("Entry in clouds.yaml. Default: the worker's own (OS_CLOUD, OS_* or the only entry)."),
  region: name().describe('OpenStack region.'),
  externalNetwork: name().optional().describe('External network of this site, instead of the one for all.'),
  mode: mode(),
  network,
  ike: ike
    .optional()
    .describe('Options of ike for this site alone. Only lifetime and description may differ between the ends.'),
  ipsec: ipsec
    .optional()
    .describe('Options of ipsec for this site alone. Only lifetime and description may differ between the ends.'),
  connection: endConnection
    .optional()
    .describe("Options of connection for this site's end alone; all may differ between the ends. And its id:"),
});

const site = z.preprocess(oneForm, z.union([openstackSite, externalSite]));

/** Every image has it, and its SSH server takes root's keys unless it was told otherwise (OpenSSH: `prohibit-password`; dropbear: all). See decision 009. */
export const SSH_USER = 'root';

/** What `useradd` takes: nothing that a shell would read as more than a word. */
const USER = /^[a-z_][a-z0-9_-]{0,31}$/;

const check = z
  .union([
    z.enum(['console', 'ssh', 'none'], { error: 'must be console, ssh or none, or a mapping with via' }),
    z.strictObject({
      via: z
        .enum(['console', 'ssh', 'none'])
        .describe(
          'console: the test VMs tell it on their consoles, and nothing reaches them. ssh: the worker logs in to one through a floating IP, and to the other through that one and the tunnel.',
        ),
      image: name().optional().describe('Image of the test VMs, name or id. Default: the smallest that fits.'),
      flavor: name().optional().describe('Flavor of the test VMs, name or id. Default: the smallest that fits.'),
      pairs: z
        .enum(['one', 'all'])
        .optional()
        .describe(
          "one: a test VM in each site's first subnet. all: one in every subnet, and each pings all subnets of the other site. Default: one.",
        ),
      user: matching(USER, {
        message: 'is not the name of a user',
        cure: 'use 1 to 32 lower-case letters, digits, _ and -, a letter or _ first',
      })
        .optional()
        .describe(
          `With ssh: the user that the worker logs in as, one that the image has. Default: ${SSH_USER}, which every image has; name another one where the image's SSH server refuses it.`,
        ),
      site: name()
        .optional()
        .describe('With ssh: the site whose test VM gets the floating IP. Default: the first in the file.'),
    }),
  ])
  .default('console')
  .describe(
    'How the tunnel is proven: two test VMs ping each other and tell it on their consoles or by SSH, or not at all. With an external site it is none, and nothing else is possible.',
  );

const PSK_FAULT =
  'must be generated, { env: NAME } or { file: PATH }: a key itself has no place in a spec, which is recorded';

const psk = z
  .union([
    z.literal('generated', { error: PSK_FAULT }),
    z.strictObject({
      env: matching(/^[A-Za-z_][A-Za-z0-9_]*$/, { message: 'is not the name of an environment variable' }).describe(
        "Variable of the worker's environment.",
      ),
    }),
    z.strictObject({ file: name().describe('File on the worker.') }),
  ])
  .default('generated')
  .describe('Where the pre-shared key comes from. Never the key itself: a spec is recorded.');

const names = z
  .strictObject(
    Object.fromEntries(
      Object.entries(NAME_TEMPLATES).map(([key, { template: standard, of, placeholders }]) => [
        key,
        template(key, placeholders)
          .default(standard)
          .describe(`Name of each ${of}, from ${placeholders.map((word) => `{${word}}`).join(' ')}; in quotes.`),
      ]),
    ) as Record<keyof typeof NAME_TEMPLATES, z.ZodDefault<z.ZodType<string>>>,
  )
  .prefault({})
  .describe(
    "Names of what is made. The defaults are the tutorial's. {n} is empty at the first site, then 2, 3, …; {i} the same of a site's subnets.",
  );

/** The file's shape. */
export const specFile = z
  .strictObject({
    name: matching(VPN_NAME, {
      message: 'is not a VPN name',
      cure: `use 1 to ${VPN_NAME_LIMIT} lower-case letters, digits and hyphens, a letter or digit first`,
    }).describe('Identity of the VPN. Another name means another VPN.'),
    profile: z
      .enum(['sound', 'tutorial'])
      .default('sound')
      .describe("Crypto defaults: today's sound ones, or the OpenStack tutorial's of 2018."),
    externalNetwork: name()
      .default('ext-net')
      .describe('Name or id of the external network that the routers are linked to.'),
    sites: z
      .record(z.string().meta({ pattern: SITE_KEY.source }), site)
      .meta({ minProperties: 2, maxProperties: 2 })
      .describe(
        'The sites by name, two in this release, of which one may be external: 1 to 24 lower-case letters, digits and hyphens. The first in the file is the first in names.',
      ),
    mode: mode(),
    ike: ike.prefault({}).describe('IKE policy of every site, as far as a site says nothing else.'),
    ipsec: ipsec.prefault({}).describe('IPsec policy of every site, as far as a site says nothing else.'),
    connection: connection
      .prefault({})
      .describe('Options of the IPsec site connections at both ends, as far as a site says nothing else.'),
    psk,
    check,
    onFailure: z
      .enum(['rollback', 'keep'])
      .default('rollback')
      .describe('After a failure: undo what this run did, or keep it to look at and go on from.'),
    retryFor: duration().default('24h').describe('How long failed steps are tried again before the run fails.'),
    rollbackFor: duration().default('30d').describe('How long failed undo steps are tried again.'),
    tunnelTimeout: duration().default('10m').describe('How long the tunnel may take to carry its first ping.'),
    settleTime: duration()
      .default('5m')
      .describe('How long after a write without an answer its late effect is looked for.'),
    names,
  })
  .meta({ title: 'regionlink VPN', description: 'A site-to-site IPsec VPN between OpenStack regions.' });

/** A spec file with its static defaults applied. */
export type SpecFile = z.output<typeof specFile>;
export type SiteFile = SpecFile['sites'][string];
export type OpenstackSiteFile = z.output<typeof openstackSite>;
