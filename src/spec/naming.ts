/**
 * Names of resources: templates whose defaults are the tutorial's names.
 * The rule: a rendered name is one that every release of Neutron takes: 1 to 255 printable characters without space at either end.
 */
import { didYouMean } from './closest.js';
import type { Fault } from './problems.js';

/** Longest VPN and site names. With the owner mark they must fit 255 characters; see `validate.ts`. */
export const VPN_NAME_LIMIT = 48;
export const SITE_KEY_LIMIT = 24;
const NAME_LIMIT = 255;
/** Of a site's further network, whose name stands in the owner mark. */
const NETWORK_NAME_LIMIT = 63;

export const VPN_NAME = new RegExp(`^[a-z0-9][a-z0-9-]{0,${VPN_NAME_LIMIT - 1}}$`);
export const NETWORK_NAME = new RegExp(`^[A-Za-z0-9][A-Za-z0-9._-]{0,${NETWORK_NAME_LIMIT - 1}}$`);
export const NETWORK_NAME_FAULT: Fault = {
  message: 'cannot be the name of a further network',
  cure: `use 1 to ${NETWORK_NAME_LIMIT} letters, digits, dots, _ and -, a letter or digit first`,
};
export const SITE_KEY = new RegExp(`^[a-z0-9][a-z0-9-]{0,${SITE_KEY_LIMIT - 1}}$`);

/** What a template may refer to, with the longest that each may become. `{n}` is '' for the first site, then 2, 3, …; `{i}` the same of a site's subnets. */
const LONGEST = { vpn: VPN_NAME_LIMIT, site: SITE_KEY_LIMIT, peer: SITE_KEY_LIMIT, n: 2, i: 2 } as const;
export type Placeholder = keyof typeof LONGEST;
export type NameValues = Partial<Readonly<Record<Placeholder, string>>>;

const OF_A_SITE = ['vpn', 'site', 'n'] as const;
const OF_A_SUBNET = [...OF_A_SITE, 'i'] as const;
const OF_AN_END = ['vpn', 'site', 'peer', 'n'] as const;

/** Every name that can be set, with its default. */
export const NAME_TEMPLATES = {
  network: { template: '{site}-network', of: 'network', placeholders: OF_A_SITE },
  subnet: { template: '{site}-subnet{i}', of: 'subnet', placeholders: OF_A_SUBNET },
  router: { template: '{site}-router', of: 'router', placeholders: OF_A_SITE },
  ikePolicy: { template: 'ikepolicy', of: 'IKE policy', placeholders: OF_A_SITE },
  ipsecPolicy: { template: 'ipsecpolicy', of: 'IPsec policy', placeholders: OF_A_SITE },
  vpnService: { template: 'vpn{n}', of: 'VPN service', placeholders: OF_A_SITE },
  localEndpointGroup: { template: '{site}-local-epg', of: 'local endpoint group', placeholders: OF_A_SITE },
  peerEndpointGroup: { template: '{site}-peer-epg', of: 'peer endpoint group', placeholders: OF_AN_END },
  connection: { template: 'conn{n}', of: 'IPsec site connection', placeholders: OF_AN_END },
  securityGroup: { template: '{vpn}-check-{site}', of: "security group of a site's test VMs", placeholders: OF_A_SITE },
  port: { template: '{vpn}-check-{site}{i}', of: 'port of a test VM', placeholders: OF_A_SUBNET },
  server: { template: '{vpn}-check-{site}{i}', of: 'test VM', placeholders: OF_A_SUBNET },
} as const;

const PLACEHOLDER = /\{([^{}]*)\}/g;

/** Key of the link between two sites, in the order of the file. */
export function linkKey(left: string, right: string): string {
  return `${left}~${right}`;
}

/** The sites of a link, from its key. */
export function linkSites(key: string): readonly string[] {
  return key.split('~');
}

/** The tutorial's counting: `vpn` at the first site, `vpn2` at the second; and so a site's subnets. From 0. */
export function ordinal(index: number): string {
  return index === 0 ? '' : String(index + 1);
}

/** The name that a template gives. */
export function renderName(template: string, values: NameValues): string {
  return template.replaceAll(PLACEHOLDER, (whole, key: string) => values[key as Placeholder] ?? whole);
}

/** What is wrong with a template, if anything. */
export function templateFault(template: string, placeholders: readonly Placeholder[]): Fault | undefined {
  for (const [, key = ''] of template.matchAll(PLACEHOLDER)) {
    if ((placeholders as readonly string[]).includes(key)) continue;
    const known = placeholders.map((name) => `{${name}}`).join(', ');
    return {
      message: `has the unknown placeholder {${key}}`,
      cure: didYouMean(key, placeholders) ?? `it may have ${known}`,
    };
  }
  const longest = renderName(
    template,
    Object.fromEntries(Object.entries(LONGEST).map(([key, length]) => [key, 'x'.repeat(length)])),
  );
  if (longest.length > NAME_LIMIT && template.length <= NAME_LIMIT)
    return { message: `may become ${longest.length} characters long`, cure: `at most ${NAME_LIMIT} are possible` };
  return nameFault(template);
}

/** What is wrong with a test VM's name as the host name that it becomes, if anything. */
export function hostNameFault(name: string): Fault | undefined {
  if (!name.includes('.')) return undefined;
  return {
    message: "has a dot, behind which the network takes the rest of a VM's host name for a domain",
    cure: `write ${JSON.stringify(name.replaceAll('.', '-'))}`,
  };
}

/** What is wrong with a name, if anything. */
export function nameFault(name: string): Fault | undefined {
  if (name.trim() === '') return { message: 'is empty', cure: 'write a name, or leave the line out' };
  if (name.length > NAME_LIMIT)
    return { message: `has ${name.length} characters`, cure: `at most ${NAME_LIMIT} are possible` };
  if (name !== name.trim())
    return { message: 'begins or ends with a space', cure: `write ${JSON.stringify(name.trim())}` };
  // Neutron's own rule since neutron-lib 4.0.0 (bug 2095097); before it, such a name was a 500.
  if (/[\p{C}\p{Zl}\p{Zp}]|[\u{10000}-\u{10ffff}]/u.test(name))
    return { message: 'has characters that Neutron does not take', cure: 'use printable characters and no emoji' };
  return undefined;
}
