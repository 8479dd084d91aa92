import type { Id, User } from '@denizen/core'
import { useWorld, type SignedInUser } from '@denizen/core/testing'
import { beforeEach, describe, expect, test } from 'vitest'

describe('S21: of former members an owner learns what was while they were members', () => {
  const world = useWorld()
  let organizationId: Id<'org'>
  let owner: SignedInUser
  let [joinedAt, leftAt, later]: Date[] = []
  let ada: User
  const tick = () => {
    world().clock.advance(60_000)
    return world().clock.now()
  }
  const setStatus = (status: 'active' | 'suspended') => world().asSystem().users.setStatus({ userId: ada.id, status })

  beforeEach(async () => {
    organizationId = await world().newOrganization()
    owner = await world().asMember(organizationId, 'owner')
    ada = await world().newUser()
    tick()
    await setStatus('suspended')
    tick()
    await setStatus('active')
    joinedAt = tick()
    await world().asSystem().organizations.addMember({ organizationId, userId: ada.id })
    tick()
    await setStatus('suspended')
    tick()
    await setStatus('active')
    leftAt = tick()
    await owner.as.organizations.removeMember({ organizationId, userId: ada.id })
    tick()
    await world().access.give({ userId: ada.id, permission: 'document.read' })
    tick()
    await setStatus('suspended')
    later = tick()
  })
  const on = () => ({ userId: ada.id, on: { organizationId } })
  const dates = () => [joinedAt, leftAt, later].map((date) => date ?? new Date(0)) as [Date, Date, Date]

  test('access.at', async () => {
    const [from, until, now] = dates()
    const at = async (time: Date) => {
      const { user, allowed } = await owner.as.access.at({ time, permission: 'document.read', ...on() })
      return { status: user?.status, frozen: user?.frozen, permissions: user?.permissions, allowed }
    }
    const nothing = { status: null, frozen: false, permissions: [], allowed: false }
    expect(await at(new Date(from.getTime() - 90_000))).toEqual(nothing)
    expect(await at(new Date(from.getTime() + 90_000))).toMatchObject({ status: 'suspended' })
    expect(await at(new Date(until.getTime() - 1))).toMatchObject({ status: 'active' })
    for (const time of [new Date(until.getTime() + 90_000), now, new Date(now.getTime() + 90_000)]) expect(await at(time)).toEqual(nothing)
    const whole = await world()
      .asSystem()
      .access.at({ time: now, ...on() })
    expect(whole.user?.status).toBe('suspended')
  })

  test('access.compare', async () => {
    const [joined, left, to] = dates()
    const from = new Date(0)
    const { changes, items } = await owner.as.access.compare({ from, to, ...on() })
    expect(changes.filter(({ what }) => what === 'userStatus').map(({ at }) => at.getTime() >= joined.getTime() && at <= left)).toEqual([
      true,
      true,
    ])
    expect(items).toMatchObject([{ gained: [], lost: [] }])
    const since = await owner.as.access.compare({ from: left, to, ...on() })
    expect([since.changes, since.items]).toMatchObject([[], [{ gained: [], lost: [] }]])
    const everybody = await owner.as.access.compare({ from: new Date(left.getTime() - 1), to, on: { organizationId } })
    const difference = everybody.items.find(({ userId }) => userId === ada.id)
    expect([difference?.gained, difference?.lost]).toEqual([[], expect.arrayContaining(['teams.list'])])
    const all = await world()
      .asSystem()
      .access.compare({ from, to, ...on() })
    expect(all.changes.filter(({ what }) => what === 'userStatus')).toHaveLength(6)
  })

  test('access.explain: the answer for somebody who left is the same, whatever they are now', async () => {
    const explain = () => owner.as.access.explain({ permission: 'document.read', ...on() })
    const suspended = await explain()
    expect(suspended).toMatchObject({ allowed: false, unmet: [{ code: 'notMember' }] })
    await setStatus('active')
    expect(await explain()).toEqual(suspended)
  })
})
