import { actions, userActor } from '@denizen/core'
import { useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

describe('who a token says it is', () => {
  const world = useWorld()

  test('told with any scopes: whose it is and what limits it, and no more of its user than the scopes name', async () => {
    const admin = await world().asSuperadmin()
    const whoAmI = async (input: { scopes?: string[]; lifetimeDays?: number }) => {
      const { secret, token } = await admin.as.tokens.create({ name: 'nightly backup', ...input })
      const principal = await world().core.authenticate(secret)
      if (principal === null) throw new Error('the token opens nothing')
      return { answer: await world().core.as(userActor(principal)).sessions.whoami(), token }
    }
    const { id, username, email } = admin.user
    const narrow = await whoAmI({ scopes: ['users.get', 'users.list'], lifetimeDays: 90 })
    expect(narrow.answer).toEqual({
      user: { id, username, email: null, displayName: null, status: 'active' },
      session: null,
      organization: null,
      roles: [],
      token: { scopes: ['users.get', 'users.list'], expiresAt: narrow.token.expiresAt },
    })
    const wide = { user: { email }, roles: expect.arrayContaining(['superadmin']) }
    const told = { user: { email }, roles: [], token: { scopes: ['sessions.whoami'] } }
    expect((await whoAmI({ scopes: ['sessions.whoami'] })).answer, 'it may not do what the role does').toMatchObject(told)
    expect((await whoAmI({})).answer).toMatchObject({ ...wide, token: { scopes: null, expiresAt: null } })
    expect(await admin.as.sessions.whoami()).toMatchObject({ ...wide, token: null })
  })

  test('no other action may be called with any scopes', () => {
    expect([...actions].filter(([, { withAnyScope }]) => withAnyScope === true).map(([name]) => name)).toEqual(['sessions.whoami'])
  })
})
