/**
 * Addresses as numbers: networks, pools, overlap, and the canonical text that Neutron stores. IPv4 and IPv6 alike.
 * The rule: pure; which addresses are taken is known to address-allocation.ts.
 */
import ipaddr from 'ipaddr.js';

export interface FixedIp {
  readonly subnet_id: string;
  readonly ip_address: string;
}

export interface Pool {
  readonly start: string;
  readonly end: string;
}

/** A network as numbers. */
interface Block {
  readonly version: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
  readonly prefix: number;
}

export function versionOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

export function toNumber(address: string): bigint {
  return ipaddr
    .parse(address)
    .toByteArray()
    .reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
}

export function toAddress(value: bigint, version: 4 | 6): string {
  const length = version === 4 ? 4 : 16;
  const bytes = Array.from({ length }, (_, index) => Number((value >> BigInt(8 * (length - 1 - index))) & 255n));
  return canonicalAddress(ipaddr.fromByteArray(bytes).toString());
}

export function blockOf(cidr: string): Block {
  const [address, prefix] = ipaddr.parseCIDR(cidr);
  const version = address.kind() === 'ipv4' ? 4 : 6;
  const hostBits = BigInt((version === 4 ? 32 : 128) - prefix);
  const first = (toNumber(address.toString()) >> hostBits) << hostBits;
  return { version, first, last: first + (1n << hostBits) - 1n, prefix };
}

export function canonicalAddress(address: string): string {
  const parsed = ipaddr.parse(address);
  return parsed.kind() === 'ipv4' ? parsed.toString() : (parsed as ipaddr.IPv6).toRFC5952String();
}

/** The network that a CIDR with host bits is in. */
export function canonicalCidr(cidr: string): string {
  const { first, version, prefix } = blockOf(cidr);
  return `${toAddress(first, version)}/${prefix}`;
}

/** Addresses and networks written in full: no `10.1`, no `256`. */
export function isAddress(value: unknown): value is string {
  return typeof value === 'string' && (ipaddr.IPv4.isValidFourPartDecimal(value) || ipaddr.IPv6.isValid(value));
}

export function isCidr(value: unknown): value is string {
  return typeof value === 'string' && ipaddr.isValidCIDR(value) && isAddress(value.split('/')[0]);
}

/** Whether an address is in a network; false for what is neither. */
export function inCidr(address: string, cidr: string): boolean {
  if (!ipaddr.isValid(address) || !ipaddr.isValidCIDR(cidr)) return false;
  const { version, first, last } = blockOf(cidr);
  const value = toNumber(address);
  return versionOf(address) === version && value >= first && value <= last;
}

export function overlapping(a: string, b: string): boolean {
  const [one, other] = [blockOf(a), blockOf(b)];
  return one.version === other.version && one.first <= other.last && other.first <= one.last;
}

/** First and last address that a host may have. */
export function hostRange(cidr: string): { readonly first: bigint; readonly last: bigint; readonly version: 4 | 6 } {
  const { version, first, last, prefix } = blockOf(cidr);
  if (version === 4) return prefix > 30 ? { version, first, last } : { version, first: first + 1n, last: last - 1n };
  return { version, first: prefix > 126 ? first : first + 1n, last };
}

/** A subnet's default gateway: its first host. */
export function firstHost(cidr: string): string {
  const { version, first } = blockOf(cidr);
  return toAddress(first + 1n, version);
}

/** A subnet's default pools: all hosts but its gateway. */
export function defaultPools(cidr: string, gateway: string | null): readonly Pool[] {
  const { first, last, version } = hostRange(cidr);
  const without = gateway === null || versionOf(gateway) !== version ? -1n : toNumber(gateway);
  const ranges: readonly (readonly [bigint, bigint])[] =
    without < first || without > last
      ? [[first, last]]
      : [
          [first, without - 1n],
          [without + 1n, last],
        ];
  return ranges
    .filter(([start, end]) => start <= end)
    .map(([start, end]) => ({ start: toAddress(start, version), end: toAddress(end, version) }));
}

/** Whether a host of the network may have the address: in it, and neither its own nor its broadcast address. */
export function isHostIn(address: string, cidr: string): boolean {
  if (!inCidr(address, cidr)) return false;
  const { version, first, last, prefix } = blockOf(cidr);
  const value = toNumber(address);
  if (version === 4 && prefix > 30) return true;
  return value !== first && !(version === 4 && value === last);
}

/** The address that a host makes itself from its MAC address in a /64 (RFC 4291, EUI-64). */
export function eui64(cidr: string, mac: string): string {
  const bytes = mac.split(':').map((byte) => Number.parseInt(byte, 16));
  const id = [(bytes[0] ?? 0) ^ 2, bytes[1], bytes[2], 0xff, 0xfe, bytes[3], bytes[4], bytes[5]];
  const suffix = id.reduce<bigint>((sum, byte) => sum * 256n + BigInt(byte ?? 0), 0n);
  return toAddress(blockOf(cidr).first + suffix, 6);
}
