import { DenizenError, uuidOf } from '@denizen/core'
import { databases, newEmail, password, useWorld } from '@denizen/core/testing'
import { describe, expect, it } from 'vitest'

const refused = { code: 'request.invalid' }
const codeOf = (error: unknown): string | undefined => (error instanceof DenizenError ? error.code : undefined)
const taken = { code: 'users.usernameTaken' }

describe.each(databases)('62: a name has one form, whichever way it comes in, on %s', (database) => {
  const world = useWorld({ database })
  const users = () => world().asSystem().users
  /** Ways to a username, as what is stored. */
  const ways = {
    create: async (username: string) => (await users().create({ username }))?.username,
    update: async (username: string) => (await users().update({ userId: (await world().newUser()).id, username })).username,
    updateCurrent: async (username: string) => (await (await world().signUp()).as.users.updateCurrent({ username })).username,
    async bulkCreate(username: string) {
      const { succeeded, failed } = await users().bulkCreate({ users: [{ username }] })
      if (succeeded[0] === undefined) return Promise.reject(failed[0] ?? new Error('nothing was answered'))
      return (await users().get({ userId: succeeded[0].userId })).username
    },
    async import(username: string) {
      const email = newEmail()
      const { failed } = await users().import({ format: 'keycloak', realm: { realm: 'r', users: [{ username, email, enabled: true }] } })
      if (failed[0] !== undefined) return Promise.reject(failed[0])
      return (await users().find({ identifier: email }))?.username
    },
  }

  it.each(Object.entries(ways))('S20: %s stores the form, and refuses what cannot be seen', async (way, store) => {
    const name = `j\u030c-${way.toLowerCase()}`
    expect(await store(`Ｊ\u030c-${way}`)).toBe(name.normalize('NFC'))
    for (const spelling of [name, name.normalize('NFC').toUpperCase(), name.replace('j', 'ｊ')])
      await expect(store(spelling)).rejects.toMatchObject(taken)
    for (const hidden of [`${way}\u034f`, `\u3164${way}`, `${way}\u202e`, `${way}\u200b`])
      await expect(store(hidden)).rejects.toHaveProperty('code')
    expect(await users().find({ identifier: `Ｊ\u030c-${way}` })).toMatchObject({ username: name.normalize('NFC') })
  })

  it.each(Object.entries(ways))('S20: %s refuses a name that looks like one that is there, before and after', async (way, store) => {
    await users().create({ username: `scope-${way}` })
    await expect(store(`ѕсоре-${way}`)).rejects.toMatchObject(taken)
    await store(`раѕе-${way}`)
    await expect(store(`pase-${way}`)).rejects.toMatchObject(taken)
  })

  it.each(Object.entries(ways))('S4: %s refuses a name with the form of an id', async (_way, store) => {
    const victim = await world().newUser()
    for (const form of [victim.id, uuidOf(victim.id), uuidOf(victim.id).replaceAll('-', ''), victim.id.toUpperCase()])
      await expect(store(form)).rejects.toHaveProperty('code')
  })

  it('S20: a chosen name that looks like another gets a suffix', async () => {
    await users().create({ username: `info${database}`, email: newEmail() })
    const { username } = (await users().create({ email: `info${database}@chosen.example` })) ?? {}
    expect(username).toMatch(new RegExp(`^info${database}-`))
  })

  it('S4: wrong passwords are counted by account, under whichever of its names', async () => {
    const user = await world().newUser()
    const names = [user.username, user.email ?? '', user.id]
    const attempt = (n: number, typed: string) =>
      world()
        .core.as({ kind: 'anonymous' }, { ip: `10.77.${n}.1` })
        .auth.signIn({ identifier: names[n % 3] ?? '', password: typed })
        .then(() => undefined, codeOf)
    for (let n = 0; n < 20; n++) expect(await attempt(n, 'wrong')).toBe('auth.invalidCredentials')
    // Above the budget nothing is right, under none of the names; and nobody is told to wait, because that would show whose names they are.
    for (let n = 20; n < 23; n++) expect(await attempt(n, password)).toBe('auth.invalidCredentials')
    world().clock.advance(60_000)
    expect(await attempt(23, password)).toBeUndefined()
  })

  it('S4: what was counted for a name that is no account weighs on no account', async () => {
    const user = await world().newUser()
    for (let n = 0; n < 30; n++)
      await world()
        .core.as({ kind: 'anonymous' }, { ip: `10.78.${n}.1` })
        .auth.signIn({ identifier: uuidOf(user.id), password: 'wrong' })
        .catch(() => null)
    const signedIn = await world()
      .core.as({ kind: 'anonymous' }, { ip: '10.79.0.1' })
      .auth.signIn({ identifier: user.email ?? '', password })
    expect(signedIn.status).toBe('signedIn')
  })

  it('C4: takes addresses that are valid, in one spelling', async () => {
    for (const [typed, stored] of [
      ['Info@почта.рф', 'info@xn--80a1acny.xn--p1ai'],
      ["O'Donnel%a/b@example.com", "o'donnel%a/b@example.com"],
    ] as const) {
      const user = await users().create({ email: typed })
      expect(user?.email).toBe(stored)
      await expect(users().create({ email: stored })).rejects.toMatchObject({ code: 'users.emailTaken' })
      expect(await users().find({ identifier: typed })).toMatchObject({ id: user?.id })
    }
    await expect(users().create({ email: '\u212aim@example.com' })).rejects.toMatchObject(refused)
  })
})

describe('users of a database with a Turkish locale', () => {
  const world = useWorld({ locale: 'tr-TR' })

  it('C6: are found by their own names', async () => {
    const users = world().asSystem().users
    const user = await users.create({ username: 'IRIS.I', fullName: 'Iris Irmak İnci', displayName: 'IRIS', email: newEmail() })
    const found = async (where: NonNullable<Parameters<typeof users.list>[0]>['where']) => (await users.list({ where })).items.length
    for (const query of ['Iris', 'IRIS', 'iris', 'Iris Irmak', 'irmak', 'IRMAK', 'İnci', 'inci', 'INCI'])
      expect([query, (await users.search({ query })).items.map(({ id }) => id)]).toEqual([query, [user?.id]])
    for (const text of ['Iris Irmak İnci', 'iris irmak inci', 'IRIS IRMAK INCI']) expect(await found({ fullName: text })).toBe(1)
    for (const text of ['IRIS', 'iris']) expect(await found({ displayName: { startsWith: text } })).toBe(1)
    expect(await found({ username: { contains: 'IRIS' } })).toBe(1)
  })
})
