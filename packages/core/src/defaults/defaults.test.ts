import { cheapCost, cipherContract, digestContract, hasherContract } from '@denizen/core/testing'
import { expect, test } from 'vitest'
import { aesCipher } from './cipher.ts'
import { wasmDigest } from './digest.ts'
import { argon2Hasher } from './hasher.ts'
import { webCryptoRandom } from './system.ts'

hasherContract('hash-wasm', () => argon2Hasher(cheapCost))
cipherContract('Web Crypto', aesCipher)
digestContract('hash-wasm', wasmDigest)

test('the hasher costs by default what OWASP asks for', async () => {
  expect(await argon2Hasher().hash('password')).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
})

test.each([0, 16, 31, 33, 64])('a master key of %d bytes is refused', async (length) => {
  await expect(aesCipher(new Uint8Array(length))).rejects.toThrow('32 bytes')
})

test('random bytes come in any number, and never twice', () => {
  const lengths = [0, 1, 10, 64, 511, 512, 513, 5000]
  expect(lengths.map((length) => webCryptoRandom.bytes(length).length)).toEqual(lengths)
  const drawn = Array.from({ length: 20_000 }, () => webCryptoRandom.bytes(10).join())
  expect(new Set(drawn).size).toBe(drawn.length)
  const ones = drawn
    .join()
    .split(',')
    .filter((byte) => Number(byte) >= 128).length
  expect(ones / 200_000).toBeCloseTo(0.5, 1)
})
