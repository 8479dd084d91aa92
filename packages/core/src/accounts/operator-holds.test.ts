import type { DenizenError, Id } from '@denizen/core'
import { password, useWorld, type SignedInUser } from '@denizen/core/testing'
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
    expect([await codeOf(users.restore({ userId })), await activate(userId)]).toEqual(['done', locked]) // archived was it by the organization
    await users.archive({ userId })
    await operator.as.users.restore({ userId })
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

  test('each thing by itself: what an operator gave back, or never took, is the organization’s', async () => {
    const userId = await newAccount()
    const { users } = admin.as
    await operator.as.users.contain({ userId, reason: 'stolen laptop' })
    await operator.as.users.setStatus({ userId, status: 'active' }) // the grants stay frozen
    await users.setStatus({ userId, status: 'suspended' })
    expect([await activate(userId, true), await activate(userId)]).toEqual([locked, 'done'])
    await users.setStatus({ userId, status: 'suspended' })
    await operator.as.users.archive({ userId })
    expect(await codeOf(users.restore({ userId }))).toBe(locked)
    await operator.as.users.restore({ userId })
    expect([await activate(userId, true), await activate(userId)]).toEqual([locked, 'done'])
  })

  test('a new password that an operator asks for: only they, or its user, do without', async () => {
    const userId = await newAccount()
    const { users } = admin.as
    const asks = async () => (await users.get({ userId })).needPasswordChange
    const clear = () => codeOf(users.update({ userId, needPasswordChange: false }))
    await operator.as.users.update({ userId, needPasswordChange: true })
    expect(await clear()).toBe(locked)
    const [failed] = (await users.bulkUpdate({ organizationId, userIds: [userId], patch: { needPasswordChange: false } })).failed
    expect(failed?.code).toBe(locked)
    expect(await codeOf(users.update({ userId, needPasswordChange: true, fullName: 'Ada' }))).toBe('done')
    expect([await clear(), await asks()]).toEqual([locked, true])
    await operator.as.users.update({ userId, needPasswordChange: false })
    await users.update({ userId, needPasswordChange: true })
    expect([await clear(), await asks()]).toEqual(['done', false])
    // Both ask: it is the operator's.
    await users.update({ userId, needPasswordChange: true })
    await operator.as.users.bulkUpdate({ userIds: [userId], patch: { needPasswordChange: true } })
    expect(await clear()).toBe(locked)
    const own = await world().signIn(await world().asSystem().users.get({ userId }))
    await own.as.auth.changePassword({ oldPassword: password, newPassword: `new ${password}` })
    await users.update({ userId, needPasswordChange: true })
    expect(await clear()).toBe('done')
  })

  test('also where they asked for it when they made the account', async () => {
    const account = { organizationId, needPasswordChange: true }
    const made = await Promise.all(
      [operator, admin].map(({ as }) => as.users.create({ ...account, username: crypto.randomUUID().slice(0, 8) })),
    )
    const codes = made.map((user) => codeOf(admin.as.users.update({ userId: user?.id ?? 'usr_', needPasswordChange: false })))
    expect(await Promise.all(codes)).toEqual([locked, 'done'])
  })
})
