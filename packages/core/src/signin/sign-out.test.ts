import { useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

describe.each(['postgres', 'embedded'] as const)('auth.signOut on %s', (database) => {
  const world = useWorld({ database })

  test('ends this session and its token in every process, and no other', async () => {
    const user = await world().newUser()
    const [here, there] = [await world().signIn(user), await world().signIn(user)]
    const stranger = await world().signUp()
    expect(await here.as.auth.signOut()).toEqual({ sessionsEnded: 1, tokensEnded: 1 })
    expect(world().core.authenticated(here.token)).toBeUndefined()
    for (const core of [world().core, world().another({})]) {
      expect(await core.authenticate(here.token)).toBeNull()
      for (const { token } of [there, stranger]) expect(await core.authenticate(token)).not.toBeNull()
    }
    const ended = 'select end_reason, ended_at = ? as now from sessions s join users u on u.id = user_id where email = ? order by ended_at'
    expect(await world().rows(ended, [world().clock.now(), user.email])).toEqual([
      { end_reason: 'signedOut', now: true },
      { end_reason: null, now: null },
    ])
  })

  test('is told once: what is over cannot be ended again', async () => {
    const ada = await world().signUp()
    await ada.as.auth.signOut()
    const before = await world().counts()
    await expect(ada.as.auth.signOut()).rejects.toMatchObject({ code: 'request.unauthenticated', kind: 'unauthenticated' })
    expect({ ...(await world().counts()), audit_entries: 0 }).toEqual({ ...before, audit_entries: 0 })
    await expect(world().asAnonymous().auth.signOut()).rejects.toMatchObject({ code: 'request.unauthenticated' })
    const entries = `select outcome, error_code from audit_entries where action = 'auth.signOut' and actor_id = (select id from users where email = ?) order by outcome desc`
    expect(await world().rows(entries, [ada.user.email])).toEqual([
      { outcome: 'succeeded', error_code: null },
      { outcome: 'denied', error_code: 'request.unauthenticated' },
    ])
    expect(await world().rows(`select payload from events where type = 'auth.signedOut' and subject = ?`, [ada.user.id])).toEqual([
      { payload: { userId: ada.user.id, sessionId: ada.principal.sessionId } },
    ])
    expect(await world().rows('select keys from invalidations where ? = any(keys)', [ada.principal.sessionId])).toHaveLength(1)
  })
})
