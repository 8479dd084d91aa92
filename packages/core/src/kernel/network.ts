import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/**
 * Addresses and blocks of them, each in one spelling (RFC 5952, RFC 4632), an
 * IPv4 address inside IPv6 as IPv4: whatever the spelling, a rule about it holds.
 * null: it is none, or one that programs read differently (010.0.0.1, 10.1).
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

/** The network that an address stands for when somebody's tries are counted: IPv6 hands out whole /64s. null: it is no address. */
export function networkOf(address: string): string | null {
  const parsed = parse(address.replace(/%.*$/, ''))
  if (parsed === null) return null
  return blockOf(parsed, parsed.kind() === 'ipv4' ? 32 : parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress() ? 128 : 64)
}

/** Whether an address, however it is spelt, lies in one of the blocks, which are canonical. What is no address lies in none. */
export function isWithin(address: string, networks: readonly string[]): boolean {
  const parsed = parse(address.replace(/%.*$/, ''))
  if (parsed === null) return false
  const plain = parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress() ? parsed.toIPv4Address() : parsed
  return networks.some((network) => {
    const [range, bits] = ipaddr.parseCIDR(network)
    return range.kind() === plain.kind() && plain.match(range, bits)
  })
}

/** IPv4 in four decimal parts only, IPv6 in any spelling but without a zone: a zone means something on one machine alone. */
function parse(text: string): Address | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text)
  const hexadecimal = text.replace(/(?<=:)\d+(?:\.\d+){3}$/, inHexadecimal)
  return !/[%.]/.test(hexadecimal) && ipaddr.IPv6.isValid(hexadecimal) ? ipaddr.IPv6.parse(hexadecimal) : null
}

/** The last 32 bits of an IPv6 address that are written as IPv4: ipaddr.js takes `::192.0.2.1` for `::ffff:192.0.2.1`, which is another address. */
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
