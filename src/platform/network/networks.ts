/**
 * IP addresses and networks (CIDR, RFC 4632): one reading of both for what comes in (proxies) and what goes out
 * (outbound calls). An IPv4 address inside IPv6 (`::ffff:192.0.2.1`) is the IPv4 address everywhere. Refuses the short,
 * octal and hexadecimal spellings of IPv4 (`127.1`, `0x7f000001`) that programs read in different ways.
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';

type Address = ReturnType<typeof ipaddr.process>;

/** A parsed list of networks. */
export type Networks = readonly (readonly [Address, number])[];

/** Of addresses that were seen: each request asks for that of its proxy and of its client several times. */
const seen = new LRUCache<string, Address>({ max: 2_000 });

function parse(text: string): Address | undefined {
  const known = seen.get(text);
  if (known || isIP(text) === 0) return known;
  const address = ipaddr.process(text);
  seen.set(text, address);
  return address;
}

/**
 * @param list networks such as `10.0.0.0/8`, or single addresses
 * @throws where an entry is neither: a list that guards something is never half read
 */
export function parseNetworks(list: readonly string[]): Networks {
  return list.map((entry) => {
    const address = parse(entry);
    if (address) return [address, address.kind() === 'ipv4' ? 32 : 128] as const;
    if (!ipaddr.isValidCIDR(entry) || isIP(entry.slice(0, entry.indexOf('/'))) === 0)
      throw new Error(`not a network: ${entry}`);
    const [network, bits] = ipaddr.parseCIDR(entry);
    if (network instanceof ipaddr.IPv6 && network.isIPv4MappedAddress() && bits >= 96)
      return [network.toIPv4Address(), bits - 96] as const;
    return [network, bits] as const;
  });
}

/** The one spelling of an address, without an IPv6 zone; undefined where the text is none. */
export function normalizeAddress(text: string): string | undefined {
  const address = parse(text.replace(/%.*$/, ''));
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address?.toString();
}

/** False for what is not an address at all. */
export function isInNetworks(text: string, networks: Networks): boolean {
  const address = parse(text);
  return address !== undefined && networks.some(([network, bits]) => matches(address, network, bits));
}

/** The first and the last address of a network or of a single address, each in its one spelling. */
export function rangeOf(network: string): { lowest: string; highest: string } {
  const [parsed] = parseNetworks([network]);
  if (!parsed) throw new Error(`not a network: ${network}`);
  const [address, bits] = parsed;
  const bytes = address.toByteArray();
  const end = (rest: 0 | 255) =>
    ipaddr.fromByteArray(
      bytes.map((byte, index) => {
        const host = Math.min(8, Math.max(0, 8 * (index + 1) - bits));
        return (byte & (255 << host)) | (rest & (255 >> (8 - host)));
      }),
    );
  return { lowest: end(0).toString(), highest: end(255).toString() };
}

/** A network such as one organisation may have, or a single address: an IPv4 /16 or an IPv6 /32 at the widest. */
export function isNarrowNetwork(text: string): boolean {
  try {
    return parseNetworks([text]).every(([address, bits]) => bits >= (address.kind() === 'ipv4' ? 16 : 32));
  } catch {
    return false;
  }
}

function matches(address: Address, network: Address, bits: number): boolean {
  return address.kind() === network.kind() && address.match(network, bits);
}

const globalUnicast = ipaddr.parseCIDR('2000::/3');

/**
 * True for an address that the public internet routes to one host: not private, loopback, link-local, unique local,
 * shared (CGNAT), multicast, reserved, documentation or benchmarking, nor a tunnel or translation (6to4, Teredo, NAT64)
 * that carries another address inside. Source: the IANA special-purpose address registries (RFC 6890).
 */
export function isPublicAddress(text: string): boolean {
  const address = parse(text);
  if (address?.range() !== 'unicast') return false;
  // Only this block of IPv6 has been given out (RFC 4291 section 2.4); elsewhere `::a.b.c.d` still hides IPv4.
  return address.kind() === 'ipv4' || address.match(globalUnicast);
}
