/**
 * What a region can, as far as reads tell: one function a question. Plan asks them for a spec, doctor for every cloud, a worker the first two before it starts.
 * The rule: what only a write or an administrator could find out is `unknown`, and never guessed.
 */
import { verdictOn } from '../openstack/error-table.js';
import { CloudConfigError, OpenStackError } from '../openstack/errors.js';
import type { CallOptions } from '../openstack/http.js';
import type { Region } from '../openstack/region.js';
import type { NetworkCollection } from '../openstack/types.js';
import type { SiteSpec } from '../spec/types.js';
import type { Finding } from '../workflows/protocol.js';

/** How a question calls a cloud: `attempt.read` in an activity. */
export type Ask = <T>(call: (options: CallOptions) => Promise<T>) => Promise<T>;

/** A finding as its question gives it; what it is about is the question's name. */
export type Answer = Omit<Finding, 'about'>;

export type Question = (region: Region, ask: Ask) => Promise<readonly Answer[]>;

/** Puts all questions at once. One that a cloud does not answer is told as `unanswered`; a cancel, and an error of ours, is thrown. */
export async function askAll(
  questions: Readonly<Record<string, Question>>,
  unanswered: Finding['verdict'],
  region: Region,
  ask: Ask,
): Promise<readonly Finding[]> {
  const asked = Object.entries(questions).map(async ([about, question]) => {
    const answers = await question(region, ask).catch((error: unknown) => [notAnswered(error, unanswered)]);
    return answers.map((answer) => ({ about, ...answer }));
  });
  return (await Promise.all(asked)).flat();
}

function notAnswered(error: unknown, verdict: Finding['verdict']): Answer {
  if (error instanceof CloudConfigError) return { verdict, said: error.message };
  if (!(error instanceof OpenStackError)) throw error;
  const { retry, cure } = verdictOn(error);
  if (retry !== 'wait') return { verdict, said: error.message, cure };
  // The same words whatever was asked, so that a service that is away is told once.
  const { service, status, code } = error.fields;
  return {
    verdict,
    said: `the ${service} service gives no usable answer: ${status ?? code ?? ''} ${error.said}`,
    cure: 'ask again once it does',
  };
}

/** What VPNs take of Neutron, by alias. */
const NEEDED = ['vpnaas', 'vpn-endpoint-groups'];

/** Listed by the plugin for OVN only. */
const OF_OVN = 'vpn-agent-scheduler';

/** Listed together with the ciphers of 2025.1. */
const NEW_CIPHERS = 'vpn-aes-ctr';

/** Defined in neutron-lib for releases without them; until now no plugin lists it. */
const WITHOUT_SHA1_AND_3DES = 'vpn-no-sha1-3des';

async function aliasesOf(region: Region, ask: Ask): Promise<ReadonlySet<string>> {
  const extensions = await ask((call) => region.list('extensions', call));
  return new Set(extensions.map(({ alias }) => alias));
}

export async function vpnExtensions(region: Region, ask: Ask): Promise<readonly Answer[]> {
  const aliases = await aliasesOf(region, ask);
  const missing = NEEDED.filter((alias) => !aliases.has(alias));
  if (missing.length === 0) return [{ verdict: 'ok', said: `has the extensions ${NEEDED.join(' and ')}` }];
  return [
    {
      verdict: 'problem',
      said: `lacks the extension ${missing.join(' and ')}: it offers no VPNaaS with endpoint groups`,
      cure: 'choose another region, or ask the cloud for it',
    },
  ];
}

export async function vpnPlugin(region: Region, ask: Ask): Promise<readonly Answer[]> {
  const ovn = await isOvn(region, ask);
  const said = ovn
    ? 'OVN: each VPN service takes an external address, a subnet and a port more'
    : 'not OVN: a VPN service has the address of its router';
  return [{ verdict: 'ok', said }];
}

export async function isOvn(region: Region, ask: Ask): Promise<boolean> {
  return (await aliasesOf(region, ask)).has(OF_OVN);
}

/** What every supported release since Zed offers, but for sha1 and 3des from 2026.2 on. */
const OLD_CIPHERS = {
  encryption: ['3des', 'aes-128', 'aes-192', 'aes-256'],
  auth: ['sha1', 'sha256', 'sha384', 'sha512'],
  pfs: ['group2', 'group5', 'group14'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

const CIPHER_FIELDS = Object.keys(OLD_CIPHERS) as readonly (keyof typeof OLD_CIPHERS)[];

/** What LibreSwan does with them differs from strongSwan, and the API does not tell which of the two a cloud has. */
const DAEMON_DEPENDENT = /ccm|gcm|ctr|xcbc|cmac|group(2[5-9]|30)$/;

/** Without policies: which set there is. With them: what of theirs is not in it. */
export function ciphers(policies?: Pick<SiteSpec, 'ike' | 'ipsec'>): Question {
  return async (region, ask) => {
    const aliases = await aliasesOf(region, ask);
    const offersNew = aliases.has(NEW_CIPHERS);
    const gone = aliases.has(WITHOUT_SHA1_AND_3DES);
    if (policies === undefined) {
      const said = offersNew
        ? 'the set of 2025.1 and later; not known whether with sha1 and 3des, which 2026.2 has dropped'
        : `the set of before 2025.1: ${Object.values(OLD_CIPHERS).flat().join(', ')}`;
      return [{ verdict: 'ok', said }];
    }
    const wanted = Object.entries({ ike: policies.ike, ipsec: policies.ipsec }).flatMap(([policy, values]) =>
      CIPHER_FIELDS.map((field) => {
        const offered: readonly string[] = OLD_CIPHERS[field];
        return { at: `${policy}.${field}`, value: values[field], offered };
      }),
    );
    const answers = wanted.flatMap(({ at, value, offered }): Answer[] => {
      const old = offered.includes(value);
      const dropped = value === 'sha1' || value === '3des';
      const cure = `set ${at} to one of ${offered.join(', ')}`;
      if ((!old && !offersNew) || (dropped && gone))
        return [{ verdict: 'problem', said: `${at} ${value} is not offered`, cure }];
      if (dropped && offersNew)
        return [
          {
            verdict: 'unknown',
            said: `${at} ${value}: not known whether it is offered, since OpenStack 2026.2 has dropped it`,
            cure,
          },
        ];
      if (DAEMON_DEPENDENT.test(value))
        return [
          {
            verdict: 'unknown',
            said: `${at} ${value}: not known whether the agents' IPsec daemon has it; without, the tunnel stays down`,
            cure,
          },
        ];
      return [];
    });
    return answers.length > 0 ? answers : [{ verdict: 'ok', said: 'all that the policies name is offered' }];
  };
}

const VPN_OBJECTS: readonly NetworkCollection[] = [
  'vpnServices',
  'ikePolicies',
  'ipsecPolicies',
  'endpointGroups',
  'siteConnections',
];

export async function vpnObjects(region: Region, ask: Ask): Promise<readonly Answer[]> {
  await Promise.all(VPN_OBJECTS.map((collection) => ask((call) => region.list(collection, call))));
  return [{ verdict: 'ok', said: 'the credentials may list VPN objects' }];
}

/** Which external networks there are that may have IPv4; a problem where there are none. */
export async function externalNetworks(region: Region, ask: Ask): Promise<readonly Answer[]> {
  const external = (await ask((call) => region.list('networks', call))).filter((network) => network['router:external']);
  if (external.length === 0)
    return [{ verdict: 'problem', said: 'shows no external network', cure: 'ask the cloud for one' }];
  const ofEach = (await Promise.all(external.map(({ id }) => ipv4Of(id, region, ask)))).flat();
  const usable = ofEach.filter(({ verdict }) => verdict !== 'problem');
  return usable.length > 0 ? usable : ofEach;
}

/** Whether an external network has IPv4 addresses to give. Most clouds show its subnets to its owner alone. */
export async function ipv4Of(id: string, region: Region, ask: Ask): Promise<readonly Answer[]> {
  const [networks, subnets] = await Promise.all([
    ask((call) => region.list('networks', call)),
    ask((call) => region.list('subnets', call)),
  ]);
  const network = networks.find((one) => one.id === id);
  const name = network?.name || id;
  // Of nobody else's subnets is anything read but the id: they may be odd.
  const visible = subnets.filter((subnet) => network?.subnets.includes(subnet.id));
  if (visible.some((subnet) => subnet.ip_version === 4)) return [{ verdict: 'ok', said: `${name} has IPv4` }];
  if (network !== undefined && visible.length === network.subnets.length)
    return [
      {
        verdict: 'problem',
        said: `external network ${name} has no IPv4 subnet, so a tunnel's ends get no address`,
        cure: 'name another externalNetwork, or ask the cloud for a subnet',
      },
    ];
  return [
    { verdict: 'unknown', said: `not known whether ${name} has IPv4: its subnets are not shown to this project` },
  ];
}

/** How many external addresses are left is an administrator's to see (network-ip-availability). */
export async function externalAddressesLeft(): Promise<readonly Answer[]> {
  return [{ verdict: 'unknown', said: 'not known how many are left: shown to administrators only' }];
}

/** Whether consoles can be read, from a VM that the project has already; one line of it is asked for and dropped. */
export async function consoleOutput(region: Region, ask: Ask): Promise<readonly Answer[]> {
  const running = (await ask((call) => region.listServers(call))).find(({ status }) => status === 'ACTIVE');
  if (running === undefined)
    return [
      {
        verdict: 'unknown',
        said: 'not known whether it may be read: only a running VM would tell, and the project has none',
      },
    ];
  try {
    await ask((call) => region.consoleOutput(running.id, 1, call));
    return [{ verdict: 'ok', said: `can be read, as that of ${running.name} can` }];
  } catch (error) {
    if (!(error instanceof OpenStackError) || verdictOn(error).retry === 'wait') throw error;
    return [{ verdict: 'problem', said: error.message, cure: 'prove the tunnel by SSH: check: ssh' }];
  }
}
