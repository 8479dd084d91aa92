import type { Id } from '@denizen/core'
import { bothDatabases, type SignedInUser, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'

const unknownUser = 'usr_01h455vb4pex5vsknk084sn02q'

describe.each(bothDatabases)('lists of teams on %s', (database) => {
  const world = useWorld({ database })
  let listed: Id<'org'>
  let elsewhere: Id<'org'>
  let boss: SignedInUser
  let stranger: SignedInUser
  beforeAll(async () => {
    listed = await world().newOrganization()
    boss = await world().asMember(listed, 'owner')
    for (const name of ['delta', 'Alpha', 'charlie', 'Bravo', 'Écho']) {
      const { id: teamId } = await boss.as.teams.create({ organizationId: listed, name })
      if (name !== 'charlie') await boss.as.teams.addMember({ teamId, userId: boss.user.id })
    }
    elsewhere = await world().newOrganization()
    stranger = await world().asMember(elsewhere, 'admin')
    await stranger.as.teams.create({ organizationId: elsewhere, name: 'Theirs' })
  })

  test('are in the order of the names, page by page, with how many sit in each', async () => {
    const seen: [string, number][] = []
    const page = { organizationId: listed, limit: 2, total: true }
    const first = await boss.as.teams.list(page)
    expect(first.total).toBe(5)
    for await (const { name, memberCount } of boss.as.teams.list(page)) seen.push([name, memberCount])
    expect(seen).toHaveLength(5)
    expect(seen.slice(0, 4)).toEqual([
      ['Alpha', 1],
      ['Bravo', 1],
      ['charlie', 0],
      ['delta', 1],
    ])
    expect((await boss.as.teams.list({ organizationId: listed })).total).toBeNull()
  })

  test('of one member hold the teams it sits in, and nothing for strangers, known or not', async () => {
    const { items, total } = await boss.as.teams.list({ organizationId: listed, userId: boss.user.id, total: true })
    expect(items.map(({ name }) => name).sort()).toEqual(['Alpha', 'Bravo', 'delta', 'Écho'])
    expect(total).toBe(4)
    for (const userId of [stranger.user.id, unknownUser] as const)
      expect(await boss.as.teams.list({ organizationId: listed, userId, total: true })).toEqual({ items: [], nextCursor: null, total: 0 })
  })

  test('do not go on with a cursor of another organization, or of another member', async () => {
    const { nextCursor } = await boss.as.teams.list({ organizationId: listed, limit: 1 })
    const cursor = nextCursor ?? ''
    const superadmin = (await world().asSuperadmin()).as
    const invalid = { code: 'request.invalid' }
    await expect(superadmin.teams.list({ organizationId: elsewhere, cursor })).rejects.toMatchObject(invalid)
    await expect(superadmin.teams.list({ organizationId: listed, userId: boss.user.id, cursor })).rejects.toMatchObject(invalid)
    expect((await superadmin.teams.list({ organizationId: listed, limit: 1, cursor })).items[0]).toMatchObject({ name: 'Bravo' })
  })

  test('of members show each as the organization does, page by page', async () => {
    const there = await world().newOrganization()
    const lead = await world().asMember(there, 'owner')
    await world().ownDomain(there, `managed-${database}.example`)
    const managed = await lead.as.users.create({ email: `m@managed-${database}.example`, organizationId: there, displayName: 'M' })
    if (managed === null) throw new Error('users.create answered null without ifAbsent')
    const { id: teamId } = await lead.as.teams.create({ organizationId: there, name: 'Full' })
    const others = [await world().asMember(there), await world().asMember(there, 'admin')]
    for (const id of [managed.id, ...others.map(({ user }) => user.id)]) await lead.as.teams.addMember({ teamId, userId: id })
    const seen: object[] = []
    for await (const one of lead.as.teams.listMembers({ teamId, limit: 2 })) seen.push(one)
    const user = { id: managed.id, username: managed.username, email: managed.email, displayName: 'M', avatarUrl: null, status: 'active' }
    expect(seen).toHaveLength(3)
    expect(seen).toContainEqual({ user, role: 'member', managed: true, joinedAt: expect.any(Date) })
    for (const [index, role] of [
      [0, 'member'],
      [1, 'admin'],
    ] as const)
      expect(seen).toContainEqual(
        expect.objectContaining({
          role,
          managed: false,
          user: expect.objectContaining({ id: others[index]?.user.id, email: others[index]?.user.email }),
        }),
      )
  })
})
