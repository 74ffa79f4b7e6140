/**
 * What of a project's quotas is left, against what is to be made.
 * The rule: a quota that cannot be read is not known, and one without a limit is never short.
 */
import type { ResourceKind } from '../graph/types.js';
import type { Flavor } from '../openstack/types.js';
import { type Answer, isOvn, type Question } from './capabilities.js';

type Amounts = Readonly<Record<string, number>>;

/** What one of a kind takes, by Neutron's names of quotas. Nova counts the test VMs. */
const TAKES: Readonly<Record<ResourceKind, Amounts>> = {
  network: { network: 1 },
  // A port of its DHCP agent comes with it.
  subnet: { subnet: 1, port: 1 },
  router: { router: 1 },
  // Its port is of no project.
  externalGateway: {},
  routerInterface: { port: 1 },
  ikePolicy: { ikepolicy: 1 },
  ipsecPolicy: { ipsecpolicy: 1 },
  vpnService: { vpnservice: 1 },
  localEndpointGroup: { endpoint_group: 1 },
  peerEndpointGroup: { endpoint_group: 1 },
  siteConnection: { ipsec_site_connection: 1 },
  // It comes with two rules that let everything out.
  securityGroup: { security_group: 1, security_group_rule: 2 },
  securityGroupRule: { security_group_rule: 1 },
  sshRule: { security_group_rule: 1 },
  port: { port: 1 },
  server: {},
  floatingIp: { floatingip: 1 },
};

/** With OVN a VPN service has a transit subnet in its project, and its router an interface there. */
const OVN_SERVICE: Amounts = { subnet: 1, port: 1 };

/** Whether Neutron's quotas leave room for one of each of `kinds`. `short`: what it is where they do not. */
export function networkQuota(kinds: readonly ResourceKind[], short: 'problem' | 'warning'): Question {
  return async (region, ask) => {
    const [quotas, ovn] = await Promise.all([ask((call) => region.quotas(call)), isOvn(region, ask)]);
    const needed = sum(kinds.flatMap((kind) => [TAKES[kind], ...(ovn && kind === 'vpnService' ? [OVN_SERVICE] : [])]));
    return shortages(
      needed,
      (name) => {
        const quota = quotas[name];
        return quota === undefined ? undefined : { limit: quota.limit, used: quota.used + (quota.reserved ?? 0) };
      },
      short,
    );
  };
}

/** Whether Nova's quotas leave room for a VM of each of `flavors`. */
export function computeQuota(flavors: readonly Flavor[], short: 'problem' | 'warning'): Question {
  return async (region, ask) => {
    const limits = await ask((call) => region.limits(call));
    const needed = sum(flavors.map(({ vcpus, ram }) => ({ instances: 1, cores: vcpus, ram })));
    const quotas = {
      instances: [limits.maxTotalInstances, limits.totalInstancesUsed],
      cores: [limits.maxTotalCores, limits.totalCoresUsed],
      ram: [limits.maxTotalRAMSize, limits.totalRAMUsed],
    } as const;
    return shortages(
      needed,
      (name) => {
        const [limit, used] = quotas[name as keyof typeof quotas];
        return typeof limit === 'number' && typeof used === 'number' ? { limit, used } : undefined;
      },
      short,
    );
  };
}

function sum(amounts: readonly Amounts[]): Amounts {
  const total: Record<string, number> = {};
  for (const [name, amount] of amounts.flatMap((one) => Object.entries(one))) total[name] = (total[name] ?? 0) + amount;
  return total;
}

function shortages(
  needed: Amounts,
  quotaOf: (name: string) => { readonly limit: number; readonly used: number } | undefined,
  short: 'problem' | 'warning',
): readonly Answer[] {
  const answers = Object.entries(needed).flatMap(([name, amount]): Answer[] => {
    const quota = quotaOf(name);
    if (quota === undefined)
      return [{ verdict: 'unknown', said: `not known what is left of ${name}: the cloud does not tell` }];
    const { limit, used } = quota;
    if (limit < 0 || limit - used >= amount) return [];
    const said = `${name}: ${amount} needed, ${Math.max(0, limit - used)} left (${used} of ${limit} used)`;
    return [{ verdict: short, said, cure: 'remove some, or ask the cloud for more' }];
  });
  return answers.length > 0 ? answers : [{ verdict: 'ok', said: 'enough is left' }];
}
