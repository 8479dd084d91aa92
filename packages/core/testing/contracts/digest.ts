import type { Digest } from '@denizen/core'
import { describe, expect, test } from 'vitest'

/** What every Digest does: the examples of FIPS 180-4, and what Web Crypto says. */
export function digestContract(name: string, make: () => Digest | Promise<Digest>): void {
  describe(`Digest: ${name}`, () => {
    test.each([
      ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
      ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
      ['abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq', '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1'],
    ])('of %j', async (text, expected) => {
      expect((await make()).sha256(text)).toBe(expected)
    })

    test('of any text in UTF-8, as Web Crypto has it', async () => {
      const digest = await make()
      for (const text of ['päß 🔑', 'x'.repeat(65_536), '\u0000']) {
        const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
        expect(digest.sha256(text)).toBe([...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(''))
      }
    })

    test('of one text does not depend on the one before', async () => {
      const digest = await make()
      const alone = digest.sha256('abc')
      digest.sha256('something else')
      expect(digest.sha256('abc')).toBe(alone)
    })
  })
}
