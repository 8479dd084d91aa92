import { randomBytes } from 'node:crypto'
import { aesCipher } from '@denizen/core'
import { cipherContract, digestContract } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { nodeCipher } from './cipher.ts'
import { nodeDigest } from './digest.ts'

cipherContract('nodeCipher', nodeCipher)
digestContract('nodeDigest', nodeDigest)

const key = new Uint8Array(randomBytes(32))
const cipher = nodeCipher(key)

describe('nodeCipher', () => {
  test.each(['', 'a', 'pässwörd 🔑', 'x'.repeat(100_000)])('opens what it sealed (%#)', async (text) => {
    const sealed = await cipher.seal('totp:1', text)
    expect(sealed).toMatch(/^[A-Za-z0-9._-]+$/)
    expect(await cipher.open('totp:1', sealed)).toBe(text)
  })

  test('seals the same text differently each time', async () => {
    expect(await cipher.seal('c', 'text')).not.toBe(await cipher.seal('c', 'text'))
  })

  test('opens nothing under another context or key', async () => {
    const sealed = await cipher.seal('totp:1', 'text')
    expect(await cipher.open('totp:2', sealed)).toBeNull()
    expect(await nodeCipher(new Uint8Array(randomBytes(32))).open('totp:1', sealed)).toBeNull()
  })

  test('refuses every changed, cut or respelled text', async () => {
    const sealed = await cipher.seal('c', 'text')
    for (let at = 0; at < sealed.length; at++) {
      const other = sealed[at] === 'A' ? 'B' : 'A'
      expect(await cipher.open('c', sealed.slice(0, at) + other + sealed.slice(at + 1))).toBeNull()
    }
    for (const text of ['', '1', '1..', sealed.slice(0, -1), `${sealed}=`, `${sealed}.`, ` ${sealed}`]) {
      expect(await cipher.open('c', text)).toBeNull()
    }
  })

  test('fingerprints are equal for equal texts, contexts and keys only', async () => {
    const print = await cipher.fingerprint('a', 'bc')
    expect(await nodeCipher(key).fingerprint('a', 'bc')).toBe(print)
    expect(await cipher.fingerprint('b', 'bc')).not.toBe(print)
    expect(await cipher.fingerprint('a', 'bd')).not.toBe(print)
    expect(await nodeCipher(new Uint8Array(randomBytes(32))).fingerprint('a', 'bc')).not.toBe(print)
  })

  test("reads and writes the same as core's portable cipher", async () => {
    const portable = await aesCipher(key)
    expect(await portable.open('c', await cipher.seal('c', 'pässwörd'))).toBe('pässwörd')
    expect(await cipher.open('c', await portable.seal('c', 'pässwörd'))).toBe('pässwörd')
    expect(await cipher.fingerprint('c', 'pässwörd')).toBe(await portable.fingerprint('c', 'pässwörd'))
  })

  test('takes no key of another length', () => {
    expect(() => nodeCipher(new Uint8Array(16))).toThrow('32 bytes')
  })
})
