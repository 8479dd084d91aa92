import { describe, expect, it } from 'vitest'
import { TrustedProxies } from './addresses.ts'

const none = new TrustedProxies([])
const some = new TrustedProxies(['10.0.0.0/8', '192.0.2.7', 'fd00::/8', '::ffff:172.16.0.0/108'])

describe('the address of a client', () => {
  it.each([
    ['the socket, whatever the header says', none, '203.0.113.9', '198.51.100.1', '203.0.113.9'],
    ['the socket, from a peer that is no proxy', some, '203.0.113.9', '198.51.100.1', '203.0.113.9'],
    ['the hop before a trusted proxy', some, '10.1.2.3', '198.51.100.1', '198.51.100.1'],
    [
      'the rightmost hop that is no proxy: the rest was written by the caller',
      some,
      '10.1.2.3',
      '6.6.6.6, 198.51.100.1, 10.9.9.9',
      '198.51.100.1',
    ],
    ['C10: the hop before an empty element, which is none', some, '10.1.2.3', '198.51.100.1,, 10.9.9.9 , ', '198.51.100.1'],
    ['the leftmost, when all are proxies', some, '10.1.2.3', '10.0.0.1, 192.0.2.7', '10.0.0.1'],
    ['the proxy itself, when it sends no header', some, '10.1.2.3', undefined, '10.1.2.3'],
    ['the last good hop, when what is before it is no address', some, '10.1.2.3', 'unknown, 10.0.0.5', '10.0.0.5'],
    ['the proxy, when the hop is no address', some, '10.1.2.3', '127.1', '10.1.2.3'],
    ['no octal spelling', some, '10.1.2.3', '010.0.0.1', '10.1.2.3'],
    ['IPv4 in IPv6 as IPv4', none, '::ffff:203.0.113.9', undefined, '203.0.113.9'],
    ['IPv4 in IPv6 in hexadecimal', some, '::ffff:a01:203', '::ffff:c633:6401', '198.51.100.1'],
    ['a proxy in a mapped range', some, '172.16.4.4', '198.51.100.1', '198.51.100.1'],
    ['IPv6 in one spelling', none, '2001:DB8:0:0:0:0:0:1', undefined, '2001:db8::1'],
    ['IPv6 without its zone', none, 'fe80::1%eth0', undefined, 'fe80::1'],
    ['a hop with a port', some, '10.1.2.3', '198.51.100.1:4711', '198.51.100.1'],
    ['an IPv6 hop with brackets and a port', some, 'fd00::1', '[2001:db8::5]:443', '2001:db8::5'],
    ['nothing, on a socket without an address', none, undefined, '198.51.100.1', null],
  ] as const)('is %s', (_, proxies, peer, header, expected) => {
    expect(proxies.clientAddress(peer, header)).toBe(expected)
  })

  it.each(['10.0.0.0/33', '10.0.0/8', 'proxy.example', '::1/129', '', '10.0.0.0/'])(
    'refuses %o as a range, when the server is made',
    (range) => {
      expect(() => new TrustedProxies([range])).toThrow(TypeError)
    },
  )
})
