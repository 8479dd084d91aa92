import { passwordsBusy, stopping, type Hasher } from '@denizen/core'
import { describe, expect, test } from 'vitest'
import { hashPatiently, verifyOrDecoy } from './verify.ts'

describe('hashing for a batch', () => {
  /** Fails with each of these in turn, then hashes. */
  function failing(...errors: readonly Error[]): { readonly hasher: Hasher; asked(): number } {
    let asked = 0
    const hash = async (text: string) => {
      const error = errors[asked++]
      if (error !== undefined) throw error
      return `hash of ${text}`
    }
    return { hasher: { hash, verify: async () => false, isOutdated: () => false }, asked: () => asked }
  }

  test('waits while too many passwords are hashed', async () => {
    const { hasher, asked } = failing(passwordsBusy({ retryAfter: 1 }))
    expect(await hashPatiently(hasher, 'secret')).toBe('hash of secret')
    expect(asked()).toBe(2)
  })

  test('ends when the process does: nothing is hashed any more', async () => {
    const { hasher, asked } = failing(stopping({}), stopping({}))
    await expect(hashPatiently(hasher, 'secret')).rejects.toMatchObject({ code: 'request.stopping' })
    expect(asked()).toBe(1)
  })
})

test('a queue that is full before there is a decoy refuses known and unknown users alike', async () => {
  const full: Hasher = {
    hash: () => Promise.reject(passwordsBusy({ retryAfter: 2 })),
    verify: async () => false,
    isOutdated: () => false,
  }
  for (const hash of ['$argon2id$known', null])
    await expect(verifyOrDecoy(full, hash, 'a guess')).rejects.toMatchObject({ code: 'passwords.busy' })
})
