import { describe, expect, test } from 'vitest'
import { canonicalNetwork, isWithin } from './network.ts'

describe('a network in one spelling', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7/32'],
    [' 192.0.2.7/32 ', '192.0.2.7/32'],
    ['192.0.2.77/24', '192.0.2.0/24'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1/128'],
    ['2001:0db8:0000:0001:ffff:0000:0000:0001/64', '2001:db8:0:1::/64'],
    ['2001:db8::/32', '2001:db8::/32'],
    ['::1', '::1/128'],
    ['::/0', '::/0'],
    ['::ffff:192.0.2.7', '192.0.2.7/32'],
    ['::ffff:c000:0207', '192.0.2.7/32'],
    ['::FFFF:192.0.2.77/120', '192.0.2.0/24'],
    ['::ffff:0:0/96', '0.0.0.0/0'],
  ])('%s is %s', (text, expected) => {
    expect(canonicalNetwork(text)).toBe(expected)
    expect(canonicalNetwork(expected)).toBe(expected)
  })

  test.each([
    ['nothing', ''],
    ['a name', 'localhost'],
    ['an octal part', '010.0.0.1'],
    ['a hexadecimal part', '0x7f.0.0.1'],
    ['two parts', '10.1'],
    ['one number', '2130706433'],
    ['five parts', '10.0.0.0.1'],
    ['a part above 255', '10.0.0.256'],
    ['too many bits', '10.0.0.0/33'],
    ['too many bits of IPv6', '::/129'],
    ['negative bits', '10.0.0.0/-1'],
    ['broken bits', '10.0.0.0/8.5'],
    ['no bits', '10.0.0.0/'],
    ['two slashes', '10.0.0.0/8/8'],
    ['a netmask', '10.0.0.0/255.0.0.0'],
    ['a zone', 'fe80::1%eth0'],
    ['a port', '192.0.2.7:80'],
    ['brackets', '[::1]'],
    ['a block that is half IPv4', '::ffff:0:0/90'],
    ['two gaps', '1::2::3'],
  ])('%s is none', (_name, text) => {
    expect(canonicalNetwork(text)).toBeNull()
  })
})

describe('an address in a network', () => {
  const networks = ['192.0.2.0/24', '198.51.100.7/32', '2001:db8:0:1::/64']

  test.each([
    '192.0.2.0',
    '192.0.2.255',
    '198.51.100.7',
    '::ffff:192.0.2.9',
    '::ffff:c000:0209',
    '0:0:0:0:0:FFFF:192.0.2.9',
    '2001:db8:0:1::1',
    '2001:DB8:0:1:ffff:ffff:ffff:ffff',
    '2001:0db8:0000:0001::0',
    '2001:db8:0:1::1%eth0',
  ])('%s lies in one', (address) => {
    expect(isWithin(address, networks)).toBe(true)
  })

  test.each([
    '192.0.3.0',
    '198.51.100.8',
    '2001:db8:0:2::1',
    '2001:db8::1',
    '::192.0.2.9', // IPv4-compatible, not mapped: another address
    '64:ff9b::192.0.2.9',
    '0300.0.2.9', // octal
    '192.0.521', // three parts
    '3221225993', // one number
    '',
    'unknown',
    '192.0.2.9, 192.0.2.9',
  ])('%s lies in none', (address) => {
    expect(isWithin(address, networks)).toBe(false)
  })

  test('every IPv4 address lies in 0.0.0.0/0 and none in ::/0, also when it is written as IPv6', () => {
    for (const address of ['203.0.113.1', '::ffff:203.0.113.1']) {
      expect(isWithin(address, ['0.0.0.0/0'])).toBe(true)
      expect(isWithin(address, ['::/0'])).toBe(false)
    }
    expect(isWithin('2001:db8::1', ['0.0.0.0/0'])).toBe(false)
    expect(isWithin('2001:db8::1', ['::/0'])).toBe(true)
    expect(isWithin('2001:db8::1', [])).toBe(false)
  })
})
