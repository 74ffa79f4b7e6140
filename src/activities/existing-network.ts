/**
 * A site's existing network: its router with its gateway, and the subnets behind it, as a spec names them and as the region has them.
 * The rule: it is looked at and checked, never changed; every problem is told at once, with the candidates or with the command that mends it.
 */
import { siteStepKey } from '../graph/step-keys.js';
import type { StepOutput } from '../graph/types.js';
import type { Port, Router, Subnet } from '../openstack/types.js';
import type { SiteNetwork, SiteSpec } from '../spec/types.js';
import { candidates, nameAndId, oneOf } from './one-of.js';

export type ExistingNetwork = Extract<SiteNetwork, { kind: 'existing' }>;

/** What a region has, as far as it matters here. */
export interface Listed {
  readonly routers: readonly Router[];
  readonly subnets: readonly Subnet[];
  readonly ports: readonly Port[];
}

/** Outputs by the key that a step would have, and what is wrong, a sentence each. Only without problems are the outputs whole. */
export interface GivenNetwork {
  readonly given: Readonly<Record<string, StepOutput>>;
  readonly problems: readonly string[];
}

/** The parts of a site's existing network. `region`: its name, for the problems. */
export function existingNetwork(
  { key, externalNetwork }: Pick<SiteSpec, 'key' | 'externalNetwork'>,
  network: ExistingNetwork,
  listed: Listed,
  region: string,
): GivenNetwork {
  const router = oneOf('router', network.router, listed.routers, region);
  const subnets = network.subnets.map((wanted) => oneOf('subnet', wanted, listed.subnets, region, withRange));
  const known = subnets.filter((one) => typeof one !== 'string');
  const problems = [
    ...[router, ...subnets].filter((one) => typeof one === 'string'),
    ...known.flatMap(subnetProblems),
    ...(typeof router === 'string'
      ? []
      : [
          ...gatewayProblems(router, externalNetwork, listed),
          ...known.flatMap((subnet) => attachmentProblems(subnet, router, listed)),
        ]),
  ];
  if (typeof router === 'string') return { given: {}, problems };
  const existing = ({ id, name }: Router | Subnet) => ({ id, name, action: 'existing' }) as const;
  const gateway = router.external_gateway_info?.network_id;
  return {
    given: {
      [siteStepKey(key, 'router')]: existing(router),
      [siteStepKey(key, 'externalGateway')]: {
        ...existing(router),
        ...(gateway === undefined ? {} : { parent: gateway }),
      },
      ...Object.fromEntries(
        known.map((subnet, index) => [
          siteStepKey(key, 'subnet', index === 0 ? '' : String(index + 1)),
          { ...existing(subnet), cidr: subnet.cidr, parent: subnet.network_id },
        ]),
      ),
    },
    problems,
  };
}

function withRange({ id, name, cidr }: Subnet): string {
  return `${name} (${id}, ${cidr})`;
}

function subnetProblems(subnet: Subnet, index: number, all: readonly Subnet[]): readonly string[] {
  return [
    ...(subnet.ip_version === 4
      ? []
      : [`subnet ${withRange(subnet)} is IPv6, which this release does not do: name an IPv4 subnet`]),
    ...(all.findIndex((other) => other.id === subnet.id) === index
      ? []
      : [`subnet ${withRange(subnet)} is listed twice, by name and by id: leave one out`]),
  ];
}

function gatewayProblems(router: Router, externalNetwork: string, { routers }: Listed): readonly string[] {
  if (router.external_gateway_info !== null) return [];
  const others = routers.filter((one) => one.external_gateway_info !== null);
  return [
    `router ${nameAndId(router)} has no external gateway; set one: openstack router set ${router.id} --external-gateway ${externalNetwork}; or name a router that has one: ${candidates(others)}`,
  ];
}

function attachmentProblems(subnet: Subnet, router: Router, { routers, subnets, ports }: Listed): readonly string[] {
  const isOn = (one: Router, of: Subnet) =>
    ports.some((port) => port.device_id === one.id && port.fixed_ips.some((ip) => ip.subnet_id === of.id));
  if (isOn(router, subnet)) return [];
  const elsewhere = routers.filter((one) => isOn(one, subnet));
  const but = elsewhere.length === 0 ? '' : ` but to ${candidates(elsewhere)}`;
  const there = subnets.filter((one) => isOn(router, one));
  return [
    `subnet ${withRange(subnet)} is not attached to router ${nameAndId(router)}${but}; attach it: openstack router add subnet ${router.id} ${subnet.id}; or name one that is: ${candidates(there, withRange)}`,
  ];
}
