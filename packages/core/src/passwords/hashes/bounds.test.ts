import { describe, expect, test } from 'vitest'
import { longestPassword, verifyImported, workOf } from './index.ts'

describe('what a comparison may cost', () => {
  test.each([
    ['many rounds of SHA-512', `$6$rounds=700000$saltsalt$${'A'.repeat(86)}`, 95],
    ['many rounds of SHA-256', `$5$rounds=700000$saltsalt$${'A'.repeat(43)}`, 95],
    ['many rounds of MD5', `$phpass$c=18$saltsalt$${'A'.repeat(22)}`, 256],
    ['as many as WordPress makes', `$phpass$c=13$saltsalt$${'A'.repeat(22)}`, 512],
    ['as many as md5-crypt makes', `$1$saltsalt$${'A'.repeat(22)}`, 512],
  ])('34: a long password does not multiply the rounds: %s', (_, hash, longest) => {
    expect(longestPassword(hash)).toBe(longest)
  })

  test.each([
    ['$pbkdf2-sha3-224$i=200000', 48, null],
    ['$pbkdf2-sha3-256$i=100000', 64, 200_000],
    ['$pbkdf2-sha3-512$i=200000', 64, 200_000],
    ['$pbkdf2-sha1$i=1500000', 64, 6_000_000],
  ])('34: PBKDF2 is bounded by the rounds of all blocks: %s for %d bytes', (parameters, bytes, work) => {
    const hash = Buffer.alloc(bytes).toString('base64').replaceAll('=', '')
    expect(workOf(`${parameters}$c2FsdHNhbHQ$${hash}`)).toBe(work)
  })

  test('34: a password is compared up to that length, and no longer one', async () => {
    // Each was made of as many x, by the algorithm of phpass.
    const hashes = { 512: '$phpass$c=7$saltsalt$xfPuFZYx9wBTgChJpuDGb0', 513: '$phpass$c=7$saltsalt$whXcf2GaJAjkSTAFsq/9o1' }
    expect(longestPassword(hashes[512])).toBe(512)
    expect([await verifyImported(hashes[512], 'x'.repeat(512)), await verifyImported(hashes[513], 'x'.repeat(513))]).toEqual([true, false])
  })

  test('what was stored beyond the bounds, by whatever way, is not compared', async () => {
    const salt = 'c2FsdCBvZiBzaXh0ZWVuIQ'
    for (const hash of [
      `$pbkdf2-sha256$i=9999999$${salt}$${'A'.repeat(43)}`,
      `$scrypt$ln=20,r=8,p=1$${salt}$${'A'.repeat(43)}`,
      '$bcrypt$v=2b,c=30$',
      '$6$',
      '',
    ])
      expect(await verifyImported(hash, 'password')).toBe(false)
  })
})
