/**
 * Addresses and ranges as a spec may have them, and what is wrong with those it may not have.
 * The rule: only the four-part decimal form is taken. Libraries differ on all others (`010.1.0.0` is 8.1.0.0 to some), and two regions must agree.
 */
import ipaddr from 'ipaddr.js';
import type { Fault } from './problems.js';

/** First and last address of a range, as numbers. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** Longest prefix that has room for a gateway, a DHCP port and a test VM. */
const LONGEST_PREFIX = 29;

/** Ranges that no router forwards as a private network's. */
const RESERVED = [
  { cidr: '0.0.0.0/8', use: '"this network"' },
  { cidr: '127.0.0.0/8', use: 'loopback' },
  { cidr: '169.254.0.0/16', use: 'link-local, with the metadata service in it' },
  { cidr: '224.0.0.0/4', use: 'multicast' },
  { cidr: '240.0.0.0/4', use: 'reserved' },
] as const;

const DECIMAL = /^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/;
const IPV6_REFUSED = 'is IPv6, which this release does not do: peer addresses and test VMs are IPv4';

/** What is wrong with an address, if anything. */
export function addressFault(text: string): Fault | undefined {
  if (ipaddr.IPv6.isValid(text)) return { message: IPV6_REFUSED, cure: 'write an IPv4 address such as 10.1.0.1' };
  if (numberOf(text) === undefined)
    return { message: 'is not an IPv4 address', cure: 'write four decimal numbers such as 10.1.0.1' };
  return undefined;
}

/** What is wrong with a subnet's CIDR by itself, if anything. */
export function cidrFault(text: string): Fault | undefined {
  const fault = rangeFault(text);
  if (fault !== undefined || (partsOf(text)?.prefix ?? 0) <= LONGEST_PREFIX) return fault;
  return {
    message: `is too small for a gateway, a DHCP port and a test VM`,
    cure: `use a prefix of /${LONGEST_PREFIX} or shorter`,
  };
}

/** What is wrong with a range that stands somewhere already, of one address or more, if anything. */
export function rangeFault(text: string): Fault | undefined {
  const example = 'write one such as 10.1.0.0/24';
  if (ipaddr.IPv6.isValidCIDR(text) || ipaddr.IPv6.isValid(text)) return { message: IPV6_REFUSED, cure: example };
  if (numberOf(text) !== undefined)
    return { message: 'has no prefix length', cure: `write ${text}/24 or as long as it is` };
  const parts = partsOf(text);
  const range = rangeOf(text);
  if (parts === undefined || range === undefined) return { message: 'is not an IPv4 CIDR', cure: example };
  if (parts.address !== range.first)
    return { message: 'has host bits set', cure: `write ${textOf(range.first)}/${parts.prefix}` };
  const reserved = RESERVED.find(({ cidr }) => overlap(range, rangeOf(cidr)));
  if (reserved !== undefined)
    return {
      message: `lies in ${reserved.cidr} (${reserved.use})`,
      cure: 'use a private range: 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16',
    };
  return undefined;
}

/** What is wrong with a gateway for that CIDR, if anything. Both must be well formed, else there is nothing to say here. */
export function gatewayFault(gateway: string, cidr: string): Fault | undefined {
  const address = numberOf(gateway);
  const range = rangeOf(cidr);
  if (address === undefined || range === undefined) return undefined;
  const cure = `use an address between ${textOf(range.first + 1)} and ${textOf(range.last - 1)}`;
  if (address < range.first || address > range.last) return { message: `is not inside ${cidr}`, cure };
  if (address === range.first) return { message: `is the network address of ${cidr}`, cure };
  if (address === range.last) return { message: `is the broadcast address of ${cidr}`, cure };
  return undefined;
}

/** First and last address of a CIDR. Forgiving (host bits, IPv4-mapped IPv6), so that overlaps are seen beside other faults. */
export function rangeOf(cidr: string): Range | undefined {
  const parts = partsOf(cidr) ?? mappedPartsOf(cidr);
  if (parts === undefined) return undefined;
  const size = 2 ** (32 - parts.prefix);
  const first = Math.floor(parts.address / size) * size;
  return { first, last: first + size - 1 };
}

/** Whether two ranges share an address. */
export function overlap(a: Range | undefined, b: Range | undefined): boolean {
  return a !== undefined && b !== undefined && a.first <= b.last && b.first <= a.last;
}

/** First host of a CIDR: the gateway unless a spec names another. */
export function firstHost(cidr: string): string {
  const range = rangeOf(cidr);
  if (range === undefined) throw new RangeError(`not a CIDR: ${cidr}`);
  return textOf(range.first + 1);
}

function partsOf(cidr: string): { readonly address: number; readonly prefix: number } | undefined {
  const [text = '', length = '', ...rest] = cidr.split('/');
  const address = numberOf(text);
  const prefix = /^(0|[1-9]\d?)$/.test(length) ? Number(length) : 33;
  return address === undefined || prefix > 32 || rest.length > 0 ? undefined : { address, prefix };
}

function mappedPartsOf(cidr: string): { readonly address: number; readonly prefix: number } | undefined {
  if (!ipaddr.IPv6.isValidCIDR(cidr)) return undefined;
  const [address, prefix] = ipaddr.IPv6.parseCIDR(cidr);
  if (!address.isIPv4MappedAddress() || prefix < 96) return undefined;
  return { address: ofOctets(address.toIPv4Address().octets), prefix: prefix - 96 };
}

function numberOf(text: string): number | undefined {
  if (!DECIMAL.test(text) || !ipaddr.IPv4.isValidFourPartDecimal(text)) return undefined;
  return ofOctets(ipaddr.IPv4.parse(text).octets);
}

function ofOctets(octets: readonly number[]): number {
  return octets.reduce((sum, octet) => sum * 256 + octet, 0);
}

function textOf(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}
