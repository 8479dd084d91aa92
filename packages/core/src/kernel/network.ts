import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/**
 * Addresses and CIDR blocks in canonical form (RFC 5952, RFC 4632), IPv4-mapped IPv6 as IPv4, so that a rule holds for every spelling.
 * null: not an address, or one that programs read differently (010.0.0.1, 10.1).
 */
export function canonicalNetwork(text: string): string | null {
  const [address = '', bits, ...more] = text.trim().split('/')
  const parsed = parse(address)
  if (parsed === null || more.length > 0) return null
  const width = parsed.kind() === 'ipv4' ? 32 : 128
  const length = bits === undefined ? width : /^\d{1,3}$/.test(bits) ? Number(bits) : NaN
  return length <= width ? blockOf(parsed, length) : null
}

function blockOf(address: Address, bits: number): string | null {
  if (address instanceof ipaddr.IPv4) return `${ipaddr.IPv4.networkAddressFromCIDR(`${address.toString()}/${bits}`).toString()}/${bits}`
  if (!address.isIPv4MappedAddress())
    return `${ipaddr.IPv6.networkAddressFromCIDR(`${address.toString()}/${bits}`).toRFC5952String()}/${bits}`
  return bits < 96 ? null : blockOf(address.toIPv4Address(), bits - 96)
}

/** The network by which failed attempts are counted: /64 for IPv6, because hosts get a whole one. null: not an address. */
export function networkOf(address: string): string | null {
  const parsed = parse(address.replace(/%.*$/, ''))
  if (parsed === null) return null
  return blockOf(parsed, parsed.kind() === 'ipv4' ? 32 : parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress() ? 128 : 64)
}

/** The block of addresses that usually belongs to one customer of a network: /24 for IPv4, /48 for IPv6. null: not an address. */
export function neighbourhoodOf(address: string): string | null {
  const parsed = parse(address.replace(/%.*$/, ''))
  if (parsed === null) return null
  return blockOf(parsed, parsed.kind() === 'ipv4' ? 24 : parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress() ? 120 : 48)
}

/** Whether an address is in one of the canonical blocks. An invalid address is in none. */
export function isWithin(address: string, networks: readonly string[]): boolean {
  const parsed = parse(address.replace(/%.*$/, ''))
  if (parsed === null) return false
  const plain = parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress() ? parsed.toIPv4Address() : parsed
  return networks.some((network) => {
    const [range, bits] = ipaddr.parseCIDR(network)
    return range.kind() === plain.kind() && plain.match(range, bits)
  })
}

/** IPv4 in four decimal parts only; IPv6 in any form but without a zone, which only has a meaning on one machine. */
function parse(text: string): Address | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text)
  const hexadecimal = text.replace(/(?<=:)\d+(?:\.\d+){3}$/, inHexadecimal)
  return !/[%.]/.test(hexadecimal) && ipaddr.IPv6.isValid(hexadecimal) ? ipaddr.IPv6.parse(hexadecimal) : null
}

/** The last 32 bits of an IPv6 address in IPv4 notation: ipaddr.js reads `::192.0.2.1` as `::ffff:192.0.2.1`, which is another address. */
function inHexadecimal(tail: string): string {
  if (!ipaddr.IPv4.isValidFourPartDecimal(tail)) return tail
  const [a = 0, b = 0, c = 0, d = 0] = ipaddr.IPv4.parse(tail).toByteArray()
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
}

/**
 * Whether a user may act from where a call comes from. No networks: from anywhere.
 * A call that came over none, from within the process, is not asked for an address.
 */
export function mayActFrom(networks: readonly string[], { ip, remote }: { readonly ip: string | null; readonly remote?: true }): boolean {
  if (networks.length === 0) return true
  return ip === null ? remote !== true : isWithin(ip, networks)
}
