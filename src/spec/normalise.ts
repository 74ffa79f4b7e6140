/**
 * From the file's shape to the normalised spec: profile, names from templates, default gateway, links between sites.
 * The rule: pure; problems are found in `validate.ts`, which sees the same file.
 */
import ipaddr from 'ipaddr.js';
import type { SiteFile, SpecFile } from './schema.js';
import type { IkePolicySpec, IpsecPolicySpec, LinkSpec, SiteSpec, VpnSpec } from './types.js';

interface Profile {
  readonly ike: IkePolicySpec;
  readonly ipsec: IpsecPolicySpec;
}

/** `sound` works on every release since Rocky (13.0); `tutorial` is what the API's own defaults were when the tutorial was written. */
const PROFILES: Readonly<Record<SpecFile['profile'], Profile>> = {
  sound: {
    ike: { version: 'v2', mode: 'main', encryption: 'aes-256', auth: 'sha256', pfs: 'group14', lifetimeSeconds: 3600 },
    ipsec: {
      protocol: 'esp',
      encapsulation: 'tunnel',
      encryption: 'aes-256',
      auth: 'sha256',
      pfs: 'group14',
      lifetimeSeconds: 3600,
    },
  },
  tutorial: {
    ike: { version: 'v1', mode: 'main', encryption: 'aes-128', auth: 'sha1', pfs: 'group5', lifetimeSeconds: 3600 },
    ipsec: {
      protocol: 'esp',
      encapsulation: 'tunnel',
      encryption: 'aes-128',
      auth: 'sha1',
      pfs: 'group5',
      lifetimeSeconds: 3600,
    },
  },
};

export function normaliseSpec(file: SpecFile): VpnSpec {
  const keys = Object.keys(file.sites);
  const { ike, ipsec } = PROFILES[file.profile];
  const { dpd } = file.connection;
  return {
    name: file.name,
    sites: Object.entries(file.sites).map(([key, site], index) => normaliseSite(file, key, site, index)),
    links: linksOf(file, keys),
    ike: {
      version: file.ike.version ?? ike.version,
      mode: file.ike.mode ?? ike.mode,
      encryption: file.ike.encryption ?? ike.encryption,
      auth: file.ike.auth ?? ike.auth,
      pfs: file.ike.pfs ?? ike.pfs,
      lifetimeSeconds: file.ike.lifetime ?? ike.lifetimeSeconds,
    },
    ipsec: {
      protocol: file.ipsec.protocol ?? ipsec.protocol,
      encapsulation: file.ipsec.encapsulation ?? ipsec.encapsulation,
      encryption: file.ipsec.encryption ?? ipsec.encryption,
      auth: file.ipsec.auth ?? ipsec.auth,
      pfs: file.ipsec.pfs ?? ipsec.pfs,
      lifetimeSeconds: file.ipsec.lifetime ?? ipsec.lifetimeSeconds,
    },
    connection: {
      dpd: { action: dpd.action, intervalSeconds: dpd.interval, timeoutSeconds: dpd.timeout },
      mtu: file.connection.mtu,
      initiator: file.connection.initiator,
    },
    psk:
      file.psk === 'generated'
        ? { from: 'generated' }
        : 'env' in file.psk
          ? { from: 'env', name: file.psk.env }
          : { from: 'file', path: file.psk.file },
    check: normaliseCheck(file),
    onFailure: file.onFailure,
    retryForSeconds: file.retryFor,
    rollbackForSeconds: file.rollbackFor,
    tunnelTimeoutSeconds: file.tunnelTimeout,
    settleTimeSeconds: file.settleTime,
  };
}

function normaliseCheck({ check }: SpecFile): VpnSpec['check'] {
  if (check.via === 'none') return { via: 'none' };
  const { image, flavor } = 'image' in check || 'flavor' in check ? check : {};
  return { via: 'console', ...(image === undefined ? {} : { image }), ...(flavor === undefined ? {} : { flavor }) };
}

/** The tutorial numbers its second side's resources: `vpn` and `vpn2`. */
function ordinal(index: number): string {
  return index === 0 ? '' : String(index + 1);
}

/** Fills a name template. Unknown placeholders stay, and `validate.ts` tells them. */
export function fillTemplate(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (whole, key: string) => values[key] ?? whole);
}

function normaliseSite(file: SpecFile, key: string, site: SiteFile, index: number): SiteSpec {
  const { names } = file;
  const name = (template: string) => fillTemplate(template, { vpn: file.name, site: key, n: ordinal(index) });
  const { network } = site;
  const [subnet] = network.subnets;
  return {
    key,
    ...(site.cloud === undefined ? {} : { cloud: site.cloud }),
    region: site.region,
    externalNetwork: site.externalNetwork ?? file.externalNetwork,
    network:
      typeof subnet === 'string'
        ? { kind: 'existing', router: network.router ?? '', subnet }
        : {
            kind: 'created',
            name: ('name' in network ? network.name : undefined) ?? name(names.network),
            router: network.router ?? name(names.router),
            subnet: {
              name: subnet.name ?? name(names.subnet),
              cidr: subnet.cidr,
              gateway: subnet.gateway ?? firstHost(subnet.cidr),
              dns: subnet.dns,
            },
          },
    names: {
      ikePolicy: name(names.ikePolicy),
      ipsecPolicy: name(names.ipsecPolicy),
      vpnService: name(names.vpnService),
      localEndpointGroup: name(names.localEndpointGroup),
    },
  };
}

/** First host of a network; empty for what is no network, which `validate.ts` tells. */
export function firstHost(cidr: string): string {
  if (!ipaddr.IPv4.isValidCIDR(cidr)) return '';
  const bytes = ipaddr.IPv4.networkAddressFromCIDR(cidr).toByteArray();
  return new ipaddr.IPv4([...bytes.slice(0, 3), (bytes[3] ?? 0) + 1]).toString();
}

/** One link between each two neighbours in the file's order: for two sites the tutorial's one. */
function linksOf(file: SpecFile, keys: readonly string[]): readonly LinkSpec[] {
  const end = (site: string, peer: string) => {
    const name = (template: string) =>
      fillTemplate(template, { vpn: file.name, site, peer, n: ordinal(keys.indexOf(site)) });
    return {
      site,
      peer,
      names: { peerEndpointGroup: name(file.names.peerEndpointGroup), connection: name(file.names.connection) },
    };
  };
  return keys.slice(1).map((right, index) => {
    const left = keys[index] ?? '';
    return { key: `${left}~${right}`, ends: [end(left, right), end(right, left)] };
  });
}
