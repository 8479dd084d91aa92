import { SoftAuthenticator, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { uuidOf } from '../kernel/id.ts'

const callers = 50
const origin = 'http://localhost:4000'
/** PGlite runs one transaction after the other and hides every race: all of these are on PostgreSQL. */
const world = useWorld({ connections: 26 })

async function registered() {
  const ada = await world().signUp()
  const key = new SoftAuthenticator({ origin, counts: false })
  const { challenge, options } = await ada.as.passkeys.beginRegistration({})
  const { passkey } = await ada.as.passkeys.finishRegistration({ challenge, response: await key.create(options) })
  return { ada, key, passkey }
}
const succeeded = (results: readonly PromiseSettledResult<unknown>[]) => results.filter(({ status }) => status === 'fulfilled').length

describe('1: of 50 at once', () => {
  test('one opens a session with an assertion', async () => {
    const { ada, key } = await registered()
    const anybody = world().asAnonymous()
    const { challenge, options } = await anybody.passkeys.beginSignIn({})
    const response = await key.get(options)
    const all = await Promise.allSettled(Array.from({ length: callers }, () => anybody.passkeys.finishSignIn({ challenge, response })))
    expect(succeeded(all)).toBe(1)
    const [row] = await world().rows<{ count: number }>(
      `select count(*)::int as count from sessions where user_id = ? and assurance = 'aal2'`,
      [uuidOf(ada.user.id)],
    )
    expect(row?.count).toBe(1)
  })

  test('one registers a passkey with a response', async () => {
    const ada = await world().signUp()
    const { challenge, options } = await ada.as.passkeys.beginRegistration({})
    const response = await new SoftAuthenticator({ origin }).create(options)
    const all = await Promise.allSettled(Array.from({ length: callers }, () => ada.as.passkeys.finishRegistration({ challenge, response })))
    expect(succeeded(all)).toBe(1)
    expect((await ada.as.passkeys.list({})).passkeys).toHaveLength(1)
  })

  test('35: two that remove the last two ways in leave one', async () => {
    for (let round = 0; round < 5; round++) {
      const { ada, passkey } = await registered()
      const { challenge, options } = await ada.as.passkeys.beginRegistration({})
      const second = new SoftAuthenticator({ origin })
      const { passkey: other } = await ada.as.passkeys.finishRegistration({ challenge, response: await second.create(options) })
      await world().rows('delete from passwords where user_id = ? returning 1', [uuidOf(ada.user.id)])
      const all = await Promise.allSettled([passkey, other].map(({ id }) => ada.as.passkeys.remove({ passkeyId: id })))
      expect(succeeded(all)).toBe(1)
      expect((await ada.as.passkeys.list({})).passkeys).toHaveLength(1)
    }
  })
})
