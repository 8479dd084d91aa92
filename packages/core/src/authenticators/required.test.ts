import { builtInRoles, type User } from '@denizen/core'
import { useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

describe('S14: where administrators have to enrol a factor', () => {
  const world = useWorld({ settings: { requireFactor: 'administrators' } })

  test('whoever holds more than the role user everywhere does, however and on whatever condition, and nobody else', async () => {
    const [nobody, conditional, single, custom, later, member] = [
      await world().newUser(),
      await world().newUser(),
      await world().newUser(),
      await world().newUser(),
      await world().newUser(),
      await world().newUser(),
    ]
    const [superadmin, organizationId] = [builtInRoles.superadmin.id, await world().newOrganization()]
    await world().access.give({ userId: conditional.id, roleId: superadmin, condition: { networks: ['192.0.2.0/24'] } })
    await world().access.give({ userId: single.id, permission: '*' })
    await world().access.give({ userId: later.id, roleId: superadmin, validFrom: new Date(world().clock.now().getTime() + 3_600_000) })
    await world().join(organizationId, member, 'owner')
    const role = await world().access.newRole({ permissions: ['users.get'] })
    await world().access.give({ userId: custom.id, roleId: role, condition: { assurance: 'aal2' } })
    const asked = async (user: User) => {
      const { principal } = await world().signIn(user)
      const { required } = await world().asSystem().factors.list({ userId: user.id })
      return [principal.pendingSteps, required]
    }
    for (const user of [conditional, single, custom, later]) expect(await asked(user)).toEqual([['enrolFactor'], true])
    for (const user of [nobody, member]) expect(await asked(user)).toEqual([[], false])
  })
})
