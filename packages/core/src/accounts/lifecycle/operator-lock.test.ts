import type { DenizenError, Id } from '@denizen/core'
import { useWorld, type SignedInUser } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: DenizenError) => error.code,
  )

describe('69: S15: what an operator took from a managed account', () => {
  const world = useWorld()
  const locked = 'users.lockedByOperator'
  let organizationId: Id<'org'>
  let [operator, admin]: [SignedInUser, SignedInUser] = [null as never, null as never]
  const newAccount = async () => (await world().newUser({ organizationId, email: `${crypto.randomUUID().slice(0, 8)}@managed.example` })).id
  const activate = (userId: Id<'usr'>, releaseGrants = false) =>
    codeOf(admin.as.users.setStatus({ userId, status: 'active', releaseGrants }))
  beforeAll(async () => {
    organizationId = await world().newOrganization()
    await world().ownDomain(organizationId, 'managed.example')
    ;[operator, admin] = [await world().asSuperadmin(), await world().asMember(organizationId, 'admin')]
  })

  test('is given back by operators only, and the organization may take more', async () => {
    const userId = await newAccount()
    await operator.as.users.contain({ userId, reason: 'stolen laptop' })
    expect([await activate(userId), await activate(userId, true)]).toEqual([locked, locked])
    const { users } = admin.as
    expect(await codeOf(users.setStatus({ userId, status: 'inactive', releaseGrants: true }))).toBe(locked)
    expect(await codeOf(users.setStatus({ userId, status: 'inactive' }))).toBe('done')
    expect(await codeOf(users.contain({ userId, reason: 'once more' }))).toBe('done')
    expect(await codeOf(users.archive({ userId }))).toBe('done')
    expect([await codeOf(users.restore({ userId })), await codeOf(operator.as.users.restore({ userId }))]).toEqual([locked, 'done'])
    expect(await activate(userId)).toBe(locked)
    await operator.as.users.setStatus({ userId, status: 'active' })
    expect(await activate(userId, true)).toBe(locked)
    await operator.as.users.setStatus({ userId, status: 'active', releaseGrants: true })
    await users.contain({ userId, reason: 'our own' })
    expect(await activate(userId, true)).toBe('done')
  })

  test('by whichever action', async () => {
    const takes: readonly ((userId: Id<'usr'>) => Promise<unknown>)[] = [
      (userId) => operator.as.users.setStatus({ userId, status: 'suspended' }),
      (userId) => operator.as.users.bulkArchive({ userIds: [userId] }),
      (userId) => world().asSystem().users.archive({ userId }),
    ]
    for (const take of takes) {
      const userId = await newAccount()
      await take(userId)
      expect(['users.archived', locked]).toContain(await activate(userId))
      expect(['users.notArchived', locked]).toContain(await codeOf(admin.as.users.restore({ userId })))
    }
  })

  test('what the organization took it gives back itself', async () => {
    const userId = await newAccount()
    await admin.as.users.setStatus({ userId, status: 'suspended' })
    expect(await activate(userId)).toBe('done')
    await admin.as.users.bulkArchive({ organizationId, userIds: [userId] })
    expect(await codeOf(admin.as.users.restore({ userId }))).toBe('done')
  })
})
