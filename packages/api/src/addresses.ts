import { isIPv4, isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'

type Range = readonly [address: ipaddr.IPv4 | ipaddr.IPv6, bits: number]

/** The proxies that are trusted to say where a request came from. */
export class TrustedProxies {
  readonly #ranges: readonly Range[]

  /** @param ranges addresses and CIDR ranges (RFC 4632): `10.0.0.0/8`, `::1`. Throws on anything else. */
  constructor(ranges: readonly string[]) {
    this.#ranges = ranges.map(rangeOf)
  }

  /**
   * The client's address: that of the socket or, behind trusted proxies, the last entry of
   * X-Forwarded-For that is not a trusted proxy. Entries further left were written by the
   * client and prove nothing.
   */
  clientAddress(peer: string | undefined, forwardedFor: string | undefined): string | null {
    let address = normalized(peer ?? '')
    if (address === null || forwardedFor === undefined || this.#ranges.length === 0) return address
    for (const hop of elementsOf(forwardedFor).toReversed()) {
      if (!this.#trusts(address)) break
      const before = normalized(withoutPort(hop))
      if (before === null) break
      address = before
    }
    return address
  }

  #trusts(address: string): boolean {
    const parsed = ipaddr.parse(address)
    return this.#ranges.some(([range, bits]) => range.kind() === parsed.kind() && parsed.match(range, bits))
  }
}

/** The elements of a list in a header; empty ones do not count (RFC 9110: 5.6.1.2). */
function elementsOf(field: string): readonly string[] {
  return field
    .split(',')
    .map((element) => element.trim())
    .filter((element) => element !== '')
}

/** The canonical form of an address (RFC 5952): IPv4-mapped addresses as IPv4, no zone. null: not an address. */
function normalized(text: string): string | null {
  if (isIPv4(text)) return text
  if (!isIPv6(text)) return null
  const parsed = ipaddr.process(text.replace(/%.*$/, ''))
  return parsed.kind() === 'ipv4' ? parsed.toString() : (parsed as ipaddr.IPv6).toRFC5952String()
}

/** Some proxies write `192.0.2.1:4711` and `[2001:db8::1]:4711`. */
function withoutPort(hop: string): string {
  return /^\[(.*)\](?::\d+)?$/.exec(hop)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(hop)?.[1] ?? hop
}

function rangeOf(text: string): Range {
  const [address = '', bits] = text.trim().split('/')
  const known = isIPv4(address) || isIPv6(address)
  const parsed = known ? ipaddr.parse(address) : null
  const width = parsed?.kind() === 'ipv4' ? 32 : 128
  const length = bits === undefined ? width : /^\d{1,3}$/.test(bits) ? Number(bits) : NaN
  if (parsed === null || !(length <= width)) throw new TypeError(`A trusted proxy has to be an address or a CIDR range, not "${text}".`)
  const mapped = parsed.kind() === 'ipv6' && (parsed as ipaddr.IPv6).isIPv4MappedAddress() && length >= 96
  return mapped ? [(parsed as ipaddr.IPv6).toIPv4Address(), length - 96] : [parsed, length]
}
