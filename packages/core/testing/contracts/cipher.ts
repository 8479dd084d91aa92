import type { Cipher } from '@denizen/core'
import { describe, expect, test } from 'vitest'

/** What every Cipher does. `make` gives a cipher under the key. */
export function cipherContract(name: string, make: (masterKey: Uint8Array<ArrayBuffer>) => Cipher | Promise<Cipher>): void {
  const key = () => new Uint8Array(32).fill(7)

  describe(`Cipher: ${name}`, () => {
    test.each(['', 'text', 'päß 🔑', 'x'.repeat(100_000)])('opens what it sealed', async (plaintext) => {
      const cipher = await make(key())
      expect(await cipher.open('context', await cipher.seal('context', plaintext))).toBe(plaintext)
    })

    test('opens what the same key sealed in another process', async () => {
      const sealed = await (await make(key())).seal('context', 'text')
      expect(await (await make(key())).open('context', sealed)).toBe('text')
    })

    test('gives null in another context and under another key', async () => {
      const cipher = await make(key())
      const sealed = await cipher.seal('context', 'text')
      expect(await cipher.open('other', sealed)).toBeNull()
      expect(await (await make(new Uint8Array(32).fill(8))).open('context', sealed)).toBeNull()
    })

    test('gives null for every single letter changed, dropped or added', async () => {
      const cipher = await make(key())
      const sealed = await cipher.seal('context', 'text')
      const opened: [text: string | null, at: number][] = []
      for (let at = 0; at < sealed.length; at++) {
        const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1)
        for (const forged of [changed, sealed.slice(0, at), `${sealed.slice(0, at)}A${sealed.slice(at)}`]) {
          const text = await cipher.open('context', forged)
          if (text !== null) opened.push([text, at])
        }
      }
      // The last letter of base64 has bits that mean nothing: the bytes may be the same.
      expect(opened.filter(([text, at]) => text !== 'text' || at !== sealed.length - 1)).toEqual([])
    })

    test.each(['', '.', '..', '1..', '1.AAAA.AAAA', '2.AAAA.AAAA', 'not sealed', '1.ä.ä', '🔑'])('gives null for %j', async (text) => {
      expect(await (await make(key())).open('context', text)).toBeNull()
    })

    test('seals the same text differently each time, and shows nothing of it', async () => {
      const cipher = await make(key())
      const sealed = await Promise.all(Array.from({ length: 20 }, () => cipher.seal('context', 'plaintext')))
      expect(new Set(sealed).size).toBe(20)
      for (const text of sealed) expect(text).toMatch(/^[A-Za-z0-9._-]+$/)
      expect(sealed.join()).not.toContain(btoa('plaintext').slice(0, 8))
    })

    test('fingerprints are equal for equal texts only, and worth nothing under another key or in another context', async () => {
      const cipher = await make(key())
      const fingerprint = await cipher.fingerprint('context', 'text')
      expect(await (await make(key())).fingerprint('context', 'text')).toBe(fingerprint)
      expect(await cipher.fingerprint('context', 'texu')).not.toBe(fingerprint)
      expect(await cipher.fingerprint('other', 'text')).not.toBe(fingerprint)
      expect(await (await make(new Uint8Array(32).fill(8))).fingerprint('context', 'text')).not.toBe(fingerprint)
    })
  })
}
