/** Neutron's extensions, by which clients learn what a cloud can. Release 21 with ML2/OVS and VPNaaS. */
import { type Answer, neutronError } from '../errors.js';
import type { RegionState } from '../state.js';

export const DEFAULT_EXTENSIONS = [
  'router',
  'ext-gw-mode',
  'extraroute',
  'external-net',
  'security-group',
  'port-security',
  'quotas',
  'quota_details',
  'binding',
  'dns-integration',
  'pagination',
  'sorting',
  'standard-attr-description',
  'standard-attr-tag',
  'standard-attr-timestamp',
  'standard-attr-revisions',
  'project-id',
  'agent',
  'availability_zone',
  'allowed-address-pairs',
  'extra_dhcp_opt',
  'provider',
  'subnet_allocation',
  'net-mtu',
  'vpnaas',
  'vpn-endpoint-groups',
  'vpn-flavors',
];

const NAMES: Readonly<Record<string, string>> = {
  vpnaas: 'VPN service',
  'vpn-endpoint-groups': 'VPN Endpoint Groups',
  router: 'Neutron L3 Router',
};

function show(alias: string) {
  return {
    name: NAMES[alias] ?? alias,
    alias,
    description: `Extension ${alias}`,
    updated: '2013-05-29T10:00:00-00:00',
    links: [],
  };
}

export function extensionList(region: RegionState): readonly unknown[] {
  return [...region.extensions].map(show);
}

export function showExtension(region: RegionState, alias: string): Answer {
  if (!region.extensions.has(alias))
    throw neutronError(404, 'HTTPNotFound', `Extension with alias ${alias} does not exist`);
  return { status: 200, body: { extension: show(alias) } };
}
