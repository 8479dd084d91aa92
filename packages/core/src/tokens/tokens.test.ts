import { userActor, type Core } from '@denizen/core'
import { useWorld, type SignedInUser, type World } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { mostApiTokens } from './model.ts'

const minute = 60_000
const day = 24 * 60 * minute

/** Every action, as whoever shows the token; null: it opens nothing. */
async function through(core: Core, secret: string, origin: { ip?: string; remote?: true } = {}) {
  const principal = await core.authenticate(secret)
  return principal === null ? null : core.as(userActor(principal), origin)
}

const refused = (code: string) => expect.objectContaining({ code })

describe.each(['postgres', 'embedded'] as const)('API tokens on %s', (database) => {
  const world = useWorld({ database })
  const core = () => world().core

  async function opening(secret: string) {
    const calls = await through(core(), secret)
    if (calls === null) throw new Error('the token opens nothing')
    return calls
  }

  test('stand for their user, without a session, and are shown once', async () => {
    const ada = await world().signUp()
    const { token, secret } = await ada.as.tokens.create({ name: 'backup' })
    expect(secret).toMatch(new RegExp(`^${token.prefix}_[0-9A-Za-z]{49}$`))
    expect(token).toMatchObject({ name: 'backup', userId: ada.user.id, state: 'active', scopes: null, expiresAt: null, createdBy: ada.user.id })
    const calls = await opening(secret)
    expect(await calls.sessions.whoami()).toMatchObject({ user: { id: ada.user.id }, session: null })
    const shown = [await ada.as.tokens.get({ tokenId: token.id }), ...(await ada.as.tokens.list()).items]
    expect(shown).toEqual([token, token])
    expect(JSON.stringify(await world().rows('select * from tokens where kind = ?', ['api']))).not.toContain(secret)
    expect(JSON.stringify(await world().rows('select * from audit_entries'))).not.toContain(secret)
  })

  test('make no other tokens and do nothing that wants a fresh proof, however fresh their making', async () => {
    const ada = await world().signUp()
    const { secret, token } = await ada.as.tokens.create({ name: 'would be more' })
    const calls = await opening(secret)
    await expect(calls.tokens.create({ name: 'another' })).rejects.toEqual(refused('auth.ownSessionRequired'))
    await expect(calls.tokens.rotate({ tokenId: token.id })).rejects.toEqual(refused('auth.ownSessionRequired'))
    world().clock.advance(5 * minute)
    await expect(ada.as.tokens.create({ name: 'late' })).rejects.toEqual(refused('auth.freshProofRequired'))
  })

  test('do only what their scopes name', async () => {
    const admin = await world().asSuperadmin()
    const { secret } = await admin.as.tokens.create({ name: 'reads', scopes: ['users.get', 'tokens.*'] })
    const calls = await opening(secret)
    await expect(calls.users.get({ userId: admin.user.id })).resolves.toMatchObject({ id: admin.user.id })
    await expect(calls.users.find({ identifier: admin.user.username })).rejects.toEqual(refused('auth.outOfScope'))
    await expect(calls.users.create({ username: 'never-was' })).rejects.toEqual(refused('auth.outOfScope'))
    expect((await calls.tokens.list()).items).toHaveLength(1)
  })

  test('ABUSE 19, 22, 42: nobody names in a scope what they may not do', async () => {
    const [ada, monitor] = [await world().signUp(), await world().asMonitor()]
    for (const scopes of [['*'], ['queries'], ['users.*'], ['users.archive'], ['tokens.verify'], ['no.such']])
      await expect(ada.as.tokens.create({ name: 'wide', scopes }), scopes.join()).rejects.toEqual(refused('tokens.scopeTooWide'))
    await expect(ada.as.tokens.create({ name: 'own', scopes: ['users.current', 'organizations.create', 'tokens.list'] })).resolves.toBeDefined()
    await expect(monitor.as.tokens.create({ name: 'sees', scopes: ['queries'] })).resolves.toBeDefined()
    await expect(monitor.as.tokens.create({ name: 'does', scopes: ['users.archive'] })).rejects.toEqual(refused('tokens.scopeTooWide'))
  })

  test('do less as soon as their user may do less', async () => {
    const [admin] = [await world().asSuperadmin(), await world().asSuperadmin()]
    const { secret } = await admin.as.tokens.create({ name: 'everything', scopes: ['*'] })
    await expect((await opening(secret)).users.count({})).resolves.toBeDefined()
    await world().asSystem().users.demote({ userId: admin.user.id })
    await expect((await opening(secret)).users.count({})).rejects.toEqual(refused('request.denied'))
  })
})
