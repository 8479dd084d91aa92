import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { wasmDigest, webCryptoRandom } from '../defaults/index.ts'
import { newId } from '../kernel/id.ts'
import type { Digest } from '../ports/digest.ts'
import type { TokenId } from './model.ts'
import { maximumTokenLength, mintToken, parseToken } from './opaque.ts'

const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_'

describe('opaque tokens', () => {
  let digest: Digest
  let id: TokenId
  beforeAll(async () => {
    digest = await wasmDigest()
    id = newId('tok', new Date(), webCryptoRandom.bytes(10))
  })
  const mint = () => mintToken('access', id, { random: webCryptoRandom, digest })

  test('say their kind and id', () => {
    for (const kind of ['access', 'refresh', 'api'] as const) {
      const { text } = mintToken(kind, id, { random: webCryptoRandom, digest })
      expect(parseToken(text)).toEqual({ kind, id })
      expect(text.length).toBeLessThanOrEqual(maximumTokenLength)
    }
  })

  test('are kept as the SHA-256 of their text', async () => {
    const { text, hash } = mint()
    const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
    expect(hash).toBe([...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(''))
  })

  test('with any single letter changed, dropped or doubled are refused', () => {
    const { text } = mint()
    for (let at = 0; at < text.length; at++) {
      for (const letter of letters) {
        if (letter !== text[at]) expect(parseToken(text.slice(0, at) + letter + text.slice(at + 1))).toBeNull()
      }
      expect(parseToken(text.slice(0, at) + text.slice(at + 1))).toBeNull()
      expect(parseToken(text.slice(0, at + 1) + text.slice(at))).toBeNull()
    }
  })

  test('carry the CRC-32 of what stands before it', () => {
    // A generator that gives zeros: the secret is 43 times "0", and the checksum is known.
    const zeros = { bytes: (length: number) => new Uint8Array(length) }
    const { text } = mintToken('access', 'tok_00000000000000000000000000', { random: zeros, digest })
    expect(text.slice(0, -6)).toBe(`dnz_access_00000000000000000000000000_${'0'.repeat(43)}`)
    expect(decode62(text.slice(-6))).toBe(crc32(text.slice(0, -6)))
  })

  test('draw every letter of their secret evenly', () => {
    const counts = new Map<string, number>()
    for (let round = 0; round < 1000; round++)
      for (const letter of mint().text.slice(-49, -6)) counts.set(letter, (counts.get(letter) ?? 0) + 1)
    expect(counts.size).toBe(62)
    const expected = (1000 * 43) / 62
    // 62 letters, 43 000 draws: the standard deviation is 26, so six of them are 158.
    for (const count of counts.values()) expect(Math.abs(count - expected)).toBeLessThan(158)
  })

  test('no other text is one', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseToken(text)).toBeNull()
      }),
    )
    expect(parseToken('x'.repeat(1_000_000))).toBeNull()
  })
})

function decode62(text: string): number {
  return [...text].reduce((value, letter) => value * 62 + letters.indexOf(letter), 0)
}

/** By the table method, where the code under test goes bit by bit. */
function crc32(text: string): number {
  const table = Array.from({ length: 256 }, (_, index) => {
    let value = index
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
    return value >>> 0
  })
  const last = new TextEncoder().encode(text).reduce((crc, byte) => (crc >>> 8) ^ (table[(crc ^ byte) & 255] ?? 0), 0xffffffff)
  return (last ^ 0xffffffff) >>> 0
}
