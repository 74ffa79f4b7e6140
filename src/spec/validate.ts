/**
 * What a schema cannot say: rules between fields and sites. All problems at once, each with its path, its value and its cure.
 * The rule: checked here means refused before any cloud is touched.
 */
import ipaddr from 'ipaddr.js';
import type { SpecFile } from './schema.js';
import type { SiteSpec, VpnSpec } from './types.js';

/** One thing wrong with a spec. `path` as in the file: `sites.left.network.subnets[0].cidr`. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

const PLACEHOLDERS = ['vpn', 'site', 'peer', 'n'];
const WEAK = new Set(['sha1', '3des', 'group2', 'group5']);
/** Ranges that no tenant network can be in. */
const RESERVED = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3'];
/** Smallest network that holds gateway, DHCP port and test VM. */
const LONGEST_PREFIX = 29;

/** Every problem of a spec whose fields are well-formed. */
export function problemsOf(file: SpecFile, spec: VpnSpec): readonly Problem[] {
  const { dpd } = file.connection;
  return [
    ...(spec.sites.length === 2
      ? []
      : [{ path: 'sites', message: `has ${spec.sites.length} sites; a VPN joins exactly two` }]),
    ...spec.sites.flatMap(networkProblems),
    ...overlaps(spec.sites),
    ...templateProblems(file),
    ...(dpd.timeout > dpd.interval
      ? []
      : [
          {
            path: 'connection.dpd.timeout',
            message: `${dpd.timeout} must be larger than the interval ${dpd.interval}`,
          },
        ]),
  ];
}

/** What works but should be known: weak algorithms that the spec names itself. */
export function warningsOf(file: SpecFile): readonly string[] {
  const named = [...Object.entries(file.ike), ...Object.entries(file.ipsec)].filter(
    ([, value]) => typeof value === 'string' && WEAK.has(value),
  );
  const weak = [...new Set(named.map(([, value]) => String(value)))];
  if (file.profile === 'tutorial') weak.push('the tutorial profile (IKEv1, sha1, group5)');
  return weak.map(
    (what) => `${what} is weak by today's standards; newer clouds refuse some of it. Leave it out for sound defaults`,
  );
}

function networkProblems(site: SiteSpec): readonly Problem[] {
  if (site.network.kind === 'existing') return [];
  const { cidr, gateway, dns } = site.network.subnet;
  const base = `sites.${site.key}.network.subnets[0]`;
  const path = `${base}.cidr`;
  if (ipaddr.IPv6.isValidCIDR(cidr)) {
    return [
      {
        path,
        message: `${cidr} is IPv6; VPN services of most clouds have an IPv4 address only, so give an IPv4 network`,
      },
    ];
  }
  if (!ipaddr.IPv4.isValidCIDRFourPartDecimal(cidr))
    return [{ path, message: `"${cidr}" is no IPv4 network such as 10.1.0.0/24` }];
  const [address, prefix] = ipaddr.IPv4.parseCIDR(cidr);
  const network = ipaddr.IPv4.networkAddressFromCIDR(cidr);
  const broadcast = ipaddr.IPv4.broadcastAddressFromCIDR(cidr);
  const problems: Problem[] = [];
  if (address.toString() !== network.toString())
    problems.push({ path, message: `${cidr} has host bits set; the network is ${network}/${prefix}` });
  if (prefix > LONGEST_PREFIX)
    problems.push({
      path,
      message: `${cidr} is too small for gateway, DHCP and a test VM; use /${LONGEST_PREFIX} or larger`,
    });
  const reserved = RESERVED.find((range) => address.match(ipaddr.IPv4.parseCIDR(range)));
  if (reserved !== undefined) problems.push({ path, message: `${cidr} is in the reserved range ${reserved}` });
  const gatewayPath = `${base}.gateway`;
  if (!ipaddr.IPv4.isValidFourPartDecimal(gateway))
    problems.push({ path: gatewayPath, message: `"${gateway}" is no IPv4 address` });
  else if (!ipaddr.IPv4.parse(gateway).match(network, prefix))
    problems.push({ path: gatewayPath, message: `${gateway} is outside ${cidr}` });
  else if ([network.toString(), broadcast.toString()].includes(gateway))
    problems.push({ path: gatewayPath, message: `${gateway} is the network's own or its broadcast address` });
  for (const [index, server] of dns.entries()) {
    if (!ipaddr.isValid(server))
      problems.push({ path: `${base}.dns[${index}]`, message: `"${server}" is no IP address` });
  }
  return problems;
}

function overlaps(sites: readonly SiteSpec[]): readonly Problem[] {
  const ranges = sites.flatMap((site) => {
    const range = site.network.kind === 'created' ? rangeOf(site.network.subnet.cidr) : undefined;
    return range === undefined || site.network.kind !== 'created'
      ? []
      : [{ site: site.key, cidr: site.network.subnet.cidr, range }];
  });
  return ranges.flatMap((one, index) =>
    ranges
      .slice(0, index)
      .filter((other) => one.range[0].match(other.range[0], Math.min(one.range[1], other.range[1])))
      .map((other) => ({
        path: `sites.${one.site}.network.subnets[0].cidr`,
        message: `${one.cidr} overlaps ${other.cidr} of site ${other.site}: packets between them could not be routed. Choose another network`,
      })),
  );
}

/** A network as IPv4, IPv4-mapped IPv6 included. */
function rangeOf(cidr: string): [ipaddr.IPv4, number] | undefined {
  if (!ipaddr.isValidCIDR(cidr)) return undefined;
  const [address, prefix] = ipaddr.parseCIDR(cidr);
  if (address.kind() === 'ipv4') return [address as ipaddr.IPv4, prefix];
  const six = address as ipaddr.IPv6;
  return six.isIPv4MappedAddress() && prefix >= 96 ? [six.toIPv4Address(), prefix - 96] : undefined;
}

function templateProblems(file: SpecFile): readonly Problem[] {
  return Object.entries(file.names).flatMap(([field, template]) => {
    const unknown = [...template.matchAll(/\{(\w*)\}/g)]
      .map((match) => match[1] ?? '')
      .filter((key) => !PLACEHOLDERS.includes(key));
    return unknown.map((key) => ({
      path: `names.${field}`,
      message: `has the placeholder {${key}}; known are ${PLACEHOLDERS.map((one) => `{${one}}`).join(', ')}`,
    }));
  });
}
