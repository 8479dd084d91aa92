import { uuidOf } from '@denizen/core'
import { databases, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

const hour = 3_600_000

describe.each(databases)('what permissions are used for is written (%s)', (database) => {
  const world = useWorld({ database })

  const usesOf = async ({ id }: { id: `usr_${string}` }) => {
    await world().core.writeLastSeen()
    return world().rows<{ permission: string; home: string; at: number }>(
      'select permission, home::text as home, (extract(epoch from last_used_at) * 1000)::float8 as at from permission_uses where user_id = ? order by permission, home',
      [uuidOf(id)],
    )
  }
  const nowhere = '00000000-0000-0000-0000-000000000000'

  test('with the organization, once an hour', async () => {
    const organizationId = await world().newOrganization()
    const admin = await world().asMember(organizationId, 'admin')
    const first = world().clock.now().getTime()
    await admin.as.organizations.listMembers({ organizationId })
    expect(await usesOf(admin.user)).toEqual([{ permission: 'organizations.listMembers', home: uuidOf(organizationId), at: first }])
    world().clock.advance(hour - 1)
    await admin.as.organizations.listMembers({ organizationId })
    expect(await usesOf(admin.user)).toMatchObject([{ at: first }])
    world().clock.advance(1)
    await admin.as.organizations.listMembers({ organizationId })
    expect(await usesOf(admin.user)).toMatchObject([{ at: world().clock.now().getTime() }])
  })

  test('of commands too, and of nothing in particular without an organization', async () => {
    const superadmin = await world().asSuperadmin()
    const { id: userId } = await world().newUser()
    await superadmin.as.users.update({ userId, description: 'one of us' })
    expect(await usesOf(superadmin.user)).toMatchObject([{ permission: 'users.update', home: nowhere }])
  })

  test('but not what anybody may do, nor what somebody does to what is theirs', async () => {
    const superadmin = await world().asSuperadmin()
    await superadmin.as.sessions.whoami()
    await superadmin.as.sessions.list({})
    await superadmin.as.users.get({ userId: superadmin.user.id })
    expect(await usesOf(superadmin.user)).toEqual([])
  })

  test('nor what was denied, or only planned', async () => {
    const superadmin = await world().asSuperadmin()
    const { user, as } = await world().signUp()
    await superadmin.as.users.update.plan({ userId: user.id, description: 'x' })
    await expect(as.users.stats({})).rejects.toMatchObject({ code: 'request.denied' })
    expect(await usesOf(superadmin.user)).toEqual([])
    expect(await usesOf(user)).toEqual([])
  })
})
