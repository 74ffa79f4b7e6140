/**
 * From the file's shape to the normalised spec: every default applied, every name spelled out.
 * The rule: no choice is made later. What a cloud must be asked for (ids, images) stays a name; all else is decided here.
 */
import { secondsOf } from './duration.js';
import { firstHost } from './ipv4.js';
import { linkKey, type NameValues, ordinal, renderName } from './naming.js';
import { policiesAt } from './policies.js';
import { type SiteFile, type SpecFile, SSH_USER } from './schema.js';
import type { CheckSpec, LinkEndSpec, LinkSpec, SiteNetwork, SiteSpec, VpnSpec } from './types.js';

/** The normalised form of a file that has passed schema and cross checks. */
export function normaliseSpec(file: SpecFile): VpnSpec {
  const sites = Object.entries(file.sites).map(([key, site], index) =>
    siteSpec(file, site, key, { vpn: file.name, site: key, n: ordinal(index) }),
  );
  return {
    name: file.name,
    sites,
    links: linksOf(file, sites),
    psk: pskSource(file.psk),
    check: checkSpec(file.check, sites),
    onFailure: file.onFailure,
    retryForSeconds: secondsOf(file.retryFor),
    rollbackForSeconds: secondsOf(file.rollbackFor),
    tunnelTimeoutSeconds: secondsOf(file.tunnelTimeout),
    settleTimeSeconds: secondsOf(file.settleTime),
  };
}

function siteSpec(file: SpecFile, site: SiteFile, key: string, values: NameValues): SiteSpec {
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

function siteNetwork({ names }: SpecFile, { network }: SiteFile, values: NameValues): SiteNetwork {
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

/** Each site linked with the one before it: with two sites, the one link. */
function linksOf({ name, names }: SpecFile, sites: readonly SiteSpec[]): readonly LinkSpec[] {
  const end = (site: SiteSpec, peer: SiteSpec): LinkEndSpec => {
    const values = { vpn: name, site: site.key, peer: peer.key, n: ordinal(sites.indexOf(site)) };
    return {
      site: site.key,
      peer: peer.key,
      names: {
        peerEndpointGroup: renderName(names.peerEndpointGroup, values),
        connection: renderName(names.connection, values),
      },
    };
  };
  return sites.slice(1).flatMap((right, index) => {
    const left = sites[index];
    return left === undefined
      ? []
      : [{ key: linkKey(left.key, right.key), ends: [end(left, right), end(right, left)] }];
  });
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
