import { systemActor } from '@denizen/core'
import { lostCodes, raced, useWorld, won } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { uuidOf } from '../kernel/id.ts'

/** Callers who race for each guard; the world has connections for all of them. */
const callers = 6
const rounds = 3

describe.each(['repeatable read', 'serializable'])('65: on a database whose transactions are %s unless they say otherwise', (level) => {
  const world = useWorld({ connections: 10, defaults: { default_transaction_isolation: level }, settings: { maxOwnedOrganizations: 2 } })

  test('R2: a superadmin is left, however many are demoted at once', async () => {
    for (let round = 0; round < rounds; round++) {
      const admins = await world().crowd(callers, {})
      for (const { user } of admins) await world().asSystem().users.promote({ userId: user.id })
      const results = await raced(
        world(),
        'lock table role_assignments in exclusive mode',
        admins.map(
          ({ user }) =>
            () =>
              world().asSystem().users.demote({ userId: user.id }),
        ),
      )
      expect(lostCodes(results)).toEqual(['users.lastSuperadmin'])
      expect(won(results)).toHaveLength(callers - 1)
      await world().rows(
        'update role_assignments set revoked_at = now() where role_id = (select id from roles where name = ?) returning 1',
        ['superadmin'],
      )
    }
  })

  test('R2: an owner is left, however many leave at once', async () => {
    for (let round = 0; round < rounds; round++) {
      const organizationId = await world().newOrganization()
      const owners = await world().crowd(callers, { organizationId, role: 'owner' })
      const results = await raced(
        world(),
        'lock table organizations, memberships, users in share mode',
        owners.map(
          ({ as, user }) =>
            () =>
              as.organizations.removeMember({ organizationId, userId: user.id }),
        ),
      )
      expect(lostCodes(results)).toEqual(['organizations.lastOwner'])
      const left = await world().rows(`select 1 from memberships where organization_id = ? and role = 'owner'`, [uuidOf(organizationId)])
      expect(left).toHaveLength(1)
    }
  })

  test('R2: a limit holds, however many calls use it up at once', async () => {
    for (let round = 0; round < rounds; round++) {
      const { as, user } = await world().signUp()
      const results = await raced(
        world(),
        'lock table organizations in share mode',
        Array.from(
          { length: callers },
          (_, index) => () => as.organizations.create({ slug: `${user.username}-${index}`, name: 'One too many' }),
        ),
        { least: 1 },
      )
      expect(won(results)).toHaveLength(2)
      expect(new Set(lostCodes(results))).toEqual(new Set(['organizations.tooMany']))
    }
  })

  test('R2: commands that touch the same rows do not fail for it', async () => {
    const organizationId = await world().newOrganization()
    const calls = Array.from({ length: 30 }, () => () => world().core.as(systemActor('test')).organizations.get({ organizationId }))
    const writes = Array.from(
      { length: callers },
      (_, index) => () =>
        world()
          .asSystem()
          .organizations.update({ organizationId, name: `Name ${index}` }),
    )
    const results = await raced(world(), 'lock table organizations in share mode', [...writes, ...calls], { least: callers })
    expect(lostCodes(results)).toEqual([])
  })
})
