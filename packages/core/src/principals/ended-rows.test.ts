import { userActor, uuidOf } from '@denizen/core'
import { databases, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

/**
 * The actions end a session and its tokens together, and whatever an impersonator had opened with them. What is read of a token asks for each
 * of them by itself all the same: somebody may have changed one row by hand, or restored one table.
 */
describe.each(databases)('a token on %s opens nothing once one of the rows that it hangs on is over:', (database) => {
  const world = useWorld({ database })

  /** An impersonation by a superadmin, and the sessions of both. */
  async function impersonated() {
    const admin = await world().asSuperadmin()
    const { accessToken: token } = await admin.as.auth.impersonate({ userId: (await world().newUser()).id, reason: 'ticket 4711' })
    const principal = await world().core.authenticate(token)
    if (principal === null || principal.sessionId === null || admin.principal.sessionId === null)
      throw new Error('an impersonation has a session')
    return { token, userId: admin.user.id, own: admin.principal.sessionId, session: principal.sessionId, tokenId: principal.tokenId }
  }
  type Impersonated = Awaited<ReturnType<typeof impersonated>>

  const changes: Readonly<Record<string, (one: Impersonated) => readonly [sql: string, id: string]>> = {
    'the token is revoked': ({ tokenId }) => [`update tokens set revoked_at = created_at where id = ? returning 1`, uuidOf(tokenId)],
    'the token has expired': ({ tokenId }) => [`update tokens set expires_at = created_at where id = ? returning 1`, uuidOf(tokenId)],
    'the session is ended': ({ session }) => [`update sessions set ended_at = created_at where id = ? returning 1`, uuidOf(session)],
    'the session has expired': ({ session }) => [`update sessions set expires_at = created_at where id = ? returning 1`, uuidOf(session)],
    'the impersonator is suspended': ({ userId }) => [`update users set status = 'suspended' where id = ? returning 1`, uuidOf(userId)],
    'the impersonator’s own session is ended': ({ own }) => [
      `update sessions set ended_at = created_at where id = ? returning 1`,
      uuidOf(own),
    ],
    'the impersonator’s own session has expired': ({ own }) => [
      `update sessions set expires_at = created_at where id = ? returning 1`,
      uuidOf(own),
    ],
  }

  test.each(Object.entries(changes))('%s', async (_, change) => {
    const one = await impersonated()
    const before = await world().another({}).authenticate(one.token)
    expect(before).toMatchObject({ sessionId: one.session })
    const [sql, id] = change(one)
    expect(await world().rows(sql, [id])).toHaveLength(1)
    const elsewhere = world().another({}) // it has nothing in memory
    expect(await elsewhere.authenticate(one.token)).toBeNull()
    // Whoever has the principal of before may not write with it: a command reads it again.
    if (before === null) throw new Error('it opened something before')
    await expect(elsewhere.as(userActor(before)).auth.signOut()).rejects.toMatchObject({ code: 'request.unauthenticated' })
  })
})
