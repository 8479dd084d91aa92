import { uuidOf, type Id } from '@denizen/core'
import { useWorld, type SignedInUser } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

describe('access.check says what happens when it is done', () => {
  const world = useWorld()

  async function exclude(roles: readonly Id<'rol'>[]) {
    const [row] = await world().rows<{ id: string }>(
      `insert into role_exclusions (id, name, kind, cardinality, created_at, updated_at)
        values (gen_random_uuid(), gen_random_uuid()::text, 'dynamic', 2, now(), now()) returning id::text as id`,
    )
    for (const role of roles)
      await world().rows(
        `insert into role_exclusion_members (exclusion_id, role_id, exclusion_home, role_home)
          select ?::uuid, r.id, '00000000-0000-0000-0000-000000000000', r.home from roles r where r.id = ?`,
        [row?.id, uuidOf(role)],
      )
    // What roles are is kept in memory: whatever is written past the actions is not heard of.
    for (const roleId of roles) await world().asSystem().roles.update({ roleId, name: crypto.randomUUID() })
  }

  /** Whether a user may change a resource: as it is asked about, and as it turns out. */
  async function may({ as }: SignedInUser, resourceId: Id<'res'>) {
    const { allowed } = await as.access.check({ permission: 'resources.update', on: { resourceId } })
    const done = await as.resources.update({ resourceId, name: crypto.randomUUID() }).then(
      () => true,
      () => false,
    )
    return [allowed, done]
  }

  test('with roles that exclude each other, one of them on a resource: neither is used until it is chosen', async () => {
    const organizationId = await world().newOrganization()
    const member = await world().newUser()
    await world().join(organizationId, member)
    const [here, there] = [await world().access.newResource({ organizationId }), await world().access.newResource({ organizationId })]
    const [clerk, auditor] = [
      await world().access.newRole({ permissions: ['resources.update'] }),
      await world().access.newRole({ permissions: ['resources.update'] }),
    ]
    await world().access.give({ userId: member.id, roleId: clerk, on: { resourceId: here } })
    await world().access.give({ userId: member.id, roleId: auditor, on: { resourceId: there } })
    expect(await may(await world().signIn(member), here)).toEqual([true, true])
    await exclude([clerk, auditor])
    const session = await world().signIn(member)
    expect([await may(session, here), await may(session, there)]).toEqual([
      [false, false],
      [false, false],
    ])
    await session.as.access.activateRole({ roleId: clerk })
    const again = await world().core.authenticate(session.token)
    expect(again).not.toBeNull()
    const chosen = { ...session, principal: again ?? session.principal }
    expect([await may(chosen, here), await may(chosen, there)]).toEqual([
      [true, true],
      [false, false],
    ])
    await world().access.give({ userId: member.id, roleId: auditor, on: { organizationId } })
    expect(await may(await world().signIn(member), here)).toEqual([false, false])
  })

  test('for whoever is contained: not even with what is theirs', async () => {
    const owner = await world().signUp()
    const resourceId = await world().access.newResource({ ownerUserId: owner.user.id })
    expect(await may(owner, resourceId)).toEqual([true, true])
    await world().rows('update users set grants_frozen_at = now() where id = ?', [uuidOf(owner.user.id)])
    expect(await may(await world().signIn(owner.user), resourceId)).toEqual([false, false])
  })
})
