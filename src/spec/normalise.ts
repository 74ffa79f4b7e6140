/**
 * From the file's shape to the normalised spec: every default applied, every name spelled out.
 * The rule: no choice is made later. What a cloud must be asked for (ids, images) stays a name; all else is decided here.
 */
import { secondsOf } from './duration.js';
import { firstHost } from './ipv4.js';
import { linkKey, type NameValues, ordinal, renderName } from './naming.js';
import { policiesAt } from './policies.js';
import { type OpenstackSiteFile, type SiteFile, type SpecFile, SSH_USER } from './schema.js';
import type { CheckSpec, ExternalPeer, LinkEndSpec, LinkSpec, SiteNetwork, SiteSpec, VpnSpec } from './types.js';

/** The normalised form of a file that has passed schema and cross checks. */
export function normaliseSpec(file: SpecFile): VpnSpec {
  const sites = Object.entries(file.sites).flatMap(([key, site], index) =>
    'external' in site ? [] : [siteSpec(file, site, key, { vpn: file.name, site: key, n: ordinal(index) })],
  );
  return {
    name: file.name,
    sites,
    links: linksOf(file),
    psk: pskSource(file.psk),
    // Nothing can be pinged at an external site.
    check: hasExternalSite(file) ? { via: 'none' } : checkSpec(file.check, sites),
    onFailure: file.onFailure,
    retryForSeconds: secondsOf(file.retryFor),
    rollbackForSeconds: secondsOf(file.rollbackFor),
    tunnelTimeoutSeconds: secondsOf(file.tunnelTimeout),
    settleTimeSeconds: secondsOf(file.settleTime),
  };
}

function siteSpec(file: SpecFile, site: OpenstackSiteFile, key: string, values: NameValues): SiteSpec {
  const { names } = file;
  const perSubnet = (template: string) =>
    site.network.subnets.map((_, index) => renderName(template, { ...values, i: ordinal(index) }));
  return {
    key,
    ...(site.cloud === undefined ? {} : { cloud: site.cloud }),
    region: site.region,
    externalNetwork: site.externalNetwork ?? file.externalNetwork,
    network: siteNetwork(file, site, values),
    mode: site.mode ?? file.mode ?? 'automatic',
    names: {
      ikePolicy: renderName(names.ikePolicy, values),
      ipsecPolicy: renderName(names.ipsecPolicy, values),
      vpnService: renderName(names.vpnService, values),
      localEndpointGroup: renderName(names.localEndpointGroup, values),
      securityGroup: renderName(names.securityGroup, values),
      ports: perSubnet(names.port),
      servers: perSubnet(names.server),
    },
    ...policiesAt(file, site),
  };
}

function siteNetwork({ names }: SpecFile, { network }: OpenstackSiteFile, values: NameValues): SiteNetwork {
  const existing = network.subnets.filter((subnet) => typeof subnet === 'string');
  if (existing.length > 0) {
    if (network.router === undefined)
      throw new RangeError('an existing subnet without its router has not passed the checks');
    return { kind: 'existing', router: network.router, subnets: existing };
  }
  const name = network.name ?? renderName(names.network, values);
  return {
    kind: 'created',
    name,
    router: network.router ?? renderName(names.router, values),
    subnets: network.subnets
      .filter((subnet) => typeof subnet !== 'string')
      .map((subnet, index) => ({
        name: subnet.name ?? renderName(names.subnet, { ...values, i: ordinal(index) }),
        network: subnet.network ?? name,
        cidr: subnet.cidr,
        gateway: subnet.gateway ?? firstHost(subnet.cidr),
        dns: subnet.dns,
      })),
  };
}

/** Whether a site of the file is not OpenStack. */
export function hasExternalSite({ sites }: SpecFile): boolean {
  return Object.values(sites).some((site) => 'external' in site);
}

/** Each site linked with the one before it: with two sites, the one link. */
function linksOf({ name, names, sites }: SpecFile): readonly LinkSpec[] {
  const keys = Object.keys(sites);
  const endAt = (site: string, peer: string): readonly LinkEndSpec[] => {
    if (externalPeer(site, sites[site]) !== undefined) return [];
    const values = { vpn: name, site, peer, n: ordinal(keys.indexOf(site)) };
    const external = externalPeer(peer, sites[peer]);
    const end = {
      site,
      peer,
      ...(external === undefined ? {} : { external }),
      names: {
        peerEndpointGroup: renderName(names.peerEndpointGroup, values),
        connection: renderName(names.connection, values),
      },
    };
    return [end];
  };
  return keys.slice(1).flatMap((right, index) => {
    const left = keys[index] ?? right;
    const [first, ...rest] = [...endAt(left, right), ...endAt(right, left)];
    return first === undefined ? [] : [{ key: linkKey(left, right), ends: [first, ...rest] }];
  });
}

function externalPeer(site: string, file: SiteFile | undefined): ExternalPeer | undefined {
  if (file === undefined || !('external' in file)) return undefined;
  const { address, id = address, cidrs } = file.external;
  return { site, address, id, cidrs };
}

function pskSource(psk: SpecFile['psk']): VpnSpec['psk'] {
  if (psk === 'generated') return { from: 'generated' };
  return 'env' in psk ? { from: 'env', name: psk.env } : { from: 'file', path: psk.file };
}

function checkSpec(check: SpecFile['check'], sites: readonly SiteSpec[]): CheckSpec {
  const { via, image, flavor, user, site, pairs = 'one' } = typeof check === 'string' ? { via: check } : check;
  if (via === 'none') return { via };
  const by = { ...(image === undefined ? {} : { image }), ...(flavor === undefined ? {} : { flavor }), pairs };
  if (via === 'console') return { via, ...by };
  return { via, ...by, user: user ?? SSH_USER, site: site ?? sites[0]?.key ?? '' };
}
