import { cheapCost, cipherContract, digestContract, hasherContract } from '@denizen/core/testing'
import { expect, test } from 'vitest'
import { aesCipher } from './cipher.ts'
import { wasmDigest } from './digest.ts'
import { argon2Hasher } from './hasher.ts'

hasherContract('hash-wasm', () => argon2Hasher(cheapCost))
cipherContract('Web Crypto', aesCipher)
digestContract('hash-wasm', wasmDigest)

test('the hasher costs by default what OWASP asks for', async () => {
  expect(await argon2Hasher().hash('password')).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
})

test.each([0, 16, 31, 33, 64])('a master key of %d bytes is refused', async (length) => {
  await expect(aesCipher(new Uint8Array(length))).rejects.toThrow('32 bytes')
})
