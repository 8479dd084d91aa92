import type { Id } from '@denizen/core'
import { bothDatabases, type SignedInUser, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { builtInRoles } from '../../grants/index.ts'

const noRole = { code: 'request.notFound', details: { type: 'role' } }

let names = 0
const newName = () => `role ${++names}`

describe.each(bothDatabases)('lists of roles on %s', (database) => {
  const world = useWorld({ database })
  let listed: Id<'org'>
  let boss: SignedInUser
  let superadmin: SignedInUser
  beforeAll(async () => {
    superadmin = await world().asSuperadmin()
    listed = await world().newOrganization()
    boss = await world().asMember(listed, 'owner')
    for (const name of ['delta', 'alpha', 'charlie', 'bravo', 'a_b']) await boss.as.roles.create({ organizationId: listed, name })
  })

  test('are in the order of the names, page by page, and are searched by a part of the name', async () => {
    const first = await boss.as.roles.list({ organizationId: listed, limit: 2, total: true })
    expect(first.total).toBe(5)
    const seen: string[] = []
    for await (const { name } of boss.as.roles.list({ organizationId: listed, limit: 2 })) seen.push(name)
    expect(seen).toHaveLength(5)
    expect(seen.filter((name) => name !== 'a_b')).toEqual(['alpha', 'bravo', 'charlie', 'delta'])
    const search = async (text: string) =>
      (await boss.as.roles.list({ organizationId: listed, search: text, total: true })).items.map(({ name }) => name)
    expect(await search('AL')).toEqual(['alpha'])
    expect(await search('_')).toEqual(['a_b'])
    expect(await search('%')).toEqual([])
  })

  test('are chosen by what they include, and by what includes them, through others too', async () => {
    const there = await world().newOrganization()
    const run = (await world().asMember(there, 'owner')).as
    const make = async (name: string, includes: Id<'rol'>[] = []) => (await run.roles.create({ organizationId: there, name, includes })).id
    const low = await make('low')
    const middle = await make('middle', [low])
    const top = await make('top', [middle])
    const namesOf = async (filter: object) => (await run.roles.list({ organizationId: there, ...filter })).items.map(({ name }) => name)
    expect(await namesOf({ including: low })).toEqual(['middle', 'top'])
    expect(await namesOf({ includedIn: top })).toEqual(['low', 'middle'])
    expect(await namesOf({ including: top })).toEqual([])
    // Nor is it told what a role of another organization includes.
    const { id: plain } = await superadmin.as.roles.create({ name: newName(), permissions: ['document.read'] })
    const { id: theirs } = await boss.as.roles.create({ organizationId: listed, name: 'zulu', includes: [plain] })
    expect(await namesOf({ includedIn: theirs, installation: true })).toEqual([])
    await boss.as.roles.delete({ roleId: theirs })
  })

  test('16: a cursor does not travel to another organization or another filter', async () => {
    const { nextCursor } = await boss.as.roles.list({ organizationId: listed, limit: 1 })
    const cursor = nextCursor ?? ''
    const invalid = { code: 'request.invalid' }
    await expect(boss.as.roles.list({ organizationId: listed, limit: 1, search: 'a', cursor })).rejects.toMatchObject(invalid)
    await expect(superadmin.as.roles.list({ organizationId: await world().newOrganization(), limit: 1, cursor })).rejects.toMatchObject(
      invalid,
    )
  })

  test('of the installation are for who runs it; beside those of an organization they are what can be used there', async () => {
    const [plain, high] = [
      await superadmin.as.roles.create({ name: newName(), permissions: ['document.read'] }),
      await superadmin.as.roles.create({ name: newName(), permissions: ['users.promote'] }),
    ]
    await expect(boss.as.roles.list({})).rejects.toMatchObject({ code: 'request.denied' })
    await expect(boss.as.roles.get({ roleId: plain.id })).rejects.toMatchObject(noRole)
    const all = (await superadmin.as.roles.list({ limit: 100 })).items.map(({ id }) => id)
    expect(all).toEqual(expect.arrayContaining([plain.id, high.id, builtInRoles.superadmin.id]))
    expect((await boss.as.roles.list({ organizationId: listed, limit: 100 })).items).toHaveLength(5)
    const usable = (await boss.as.roles.list({ organizationId: listed, installation: true, limit: 100 })).items.map(({ id }) => id)
    expect(usable).toContain(plain.id)
    expect(usable).not.toContain(high.id)
    expect(usable).not.toContain(builtInRoles.monitor.id)
    const both = (await superadmin.as.roles.list({ organizationId: listed, installation: true, limit: 100 })).items.map(({ id }) => id)
    expect(both).toEqual(expect.arrayContaining([...usable, high.id, builtInRoles.monitor.id]))
  })
})
