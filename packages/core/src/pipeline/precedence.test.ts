import type { DenizenError, Id } from '@denizen/core'
import { createWorld, untilWaiting, useWorld, type SignedInUser } from '@denizen/core/testing'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../../../../tests/deadlines.ts'
import { askToGiveWay } from '../kernel/locks.ts'

/** PGlite runs one transaction after the other: this is on PostgreSQL. */
const world = useWorld()

let done: string[] = []
beforeEach(() => void (done = []))
const told = (name: string, call: Promise<unknown>) =>
  call.then(
    () => done.push(`${name} done`),
    ({ code }: DenizenError) => done.push(`${name} ${code}`),
  )

const slug = 'takes-long'
let organizationId: Id<'org'>
let operator: SignedInUser
beforeAll(async () => {
  organizationId = await world().newOrganization(slug)
  operator = await world().asSuperadmin()
})

const many = Array.from({ length: 20 }, (_, index) => index)
const makeUsers = ({ as }: SignedInUser, tag: string) =>
  as.users.bulkCreate({ organizationId, users: many.map((index) => ({ username: `${tag}-${index}` })) })
const countUsers = async (tag: string) => (await world().rows('select 1 from users where username like ?', [`${tag}-%`])).length

/** Runs `work` until it waits at the gate, then `calls`; opens the gate when the last of them has asked for precedence. */
async function atGate(gate: string, work: () => Promise<unknown>, calls: readonly (() => Promise<unknown>)[]): Promise<void> {
  const [holder, watcher] = [await world().connect(), await world().connect()]
  await holder.query(`begin; ${gate}`)
  const running = [work()]
  for (const [index, call] of calls.entries()) {
    await untilWaiting(watcher, index + 1)
    running.push(call())
  }
  await eventually(30_000, 'somebody asking for precedence', async () => {
    const { rows } = await watcher.query(
      `select 1 from pg_locks join pg_database d on d.oid = database
        where datname = current_database() and locktype = 'advisory' and objsubid = 2 and granted`,
    )
    return rows.length > 0
  })
  await holder.query('commit')
  await Promise.all(running)
}

describe('64: R1: a suspension does not wait for what takes long', () => {
  test('a batch of its user is begun again behind it, and is refused', async () => {
    const suspect = await world().asMember(organizationId, 'admin')
    await atGate('lock table memberships in share mode', () => told('batch', makeUsers(suspect, 'batch')), [
      () => told('suspension', operator.as.users.setStatus({ userId: suspect.user.id, status: 'suspended' })),
    ])
    expect(done.toSorted()).toEqual(['batch request.unauthenticated', 'suspension done'])
    expect(await countUsers('batch')).toBe(0)
  })

  test('so is a document of access that is all or nothing', async () => {
    const suspect = await world().asMember(organizationId, 'admin')
    const roles = Object.fromEntries(many.map((index) => [`made-${index}`, { permissions: ['paper.read'] }]))
    await atGate(
      'lock table roles in share mode',
      () => told('document', suspect.as.access.apply({ document: { version: 1, organization: slug, roles } })),
      [() => told('suspension', operator.as.users.contain({ userId: suspect.user.id, reason: 'R1' }))],
    )
    expect(done.toSorted()).toEqual(['document request.unauthenticated', 'suspension done'])
    expect(await world().rows(`select 1 from roles where name like 'made-%'`)).toEqual([])
  })

  test('so is a batch of somebody else whom a call of its user waits for', async () => {
    const [suspect, other] = [await world().asMember(organizationId, 'admin'), await world().asMember(organizationId, 'admin')]
    await atGate('lock table memberships in share mode', () => told('batch', makeUsers(other, 'other')), [
      () => told('update', suspect.as.organizations.update({ organizationId, name: 'Renamed' })),
      () => told('suspension', operator.as.users.setStatus({ userId: suspect.user.id, status: 'suspended' })),
    ])
    expect(done).toEqual(['update done', 'suspension done', 'batch done'])
    expect(await countUsers('other')).toBe(many.length)
  })

  test('whoever asks in another database of the server stops nobody here', async () => {
    const [suspect, elsewhere] = [await world().asMember(organizationId, 'admin'), await createWorld({ connections: 1 })]
    const asking = elsewhere.em()
    await asking.begin()
    try {
      await askToGiveWay(asking, [suspect.user.id])
      await makeUsers(suspect, 'undisturbed')
    } finally {
      await asking.rollback()
      await elsewhere.close()
    }
    expect(await countUsers('undisturbed')).toBe(many.length)
  })

  test('an administrator of the organization has what its user does give way, too', async () => {
    await world().ownDomain(organizationId, 'long.example')
    const account = await world().newUser({ organizationId, email: 'managed@long.example' })
    await world().access.give({ userId: account.id, permission: 'users.bulkCreate', on: { organizationId } })
    const [suspect, admin] = [await world().signIn(account), await world().asMember(organizationId, 'admin')]
    await atGate('lock table memberships in share mode', () => told('batch', makeUsers(suspect, 'managed')), [
      () => told('suspension', admin.as.users.setStatus({ userId: account.id, status: 'suspended' })),
    ])
    expect(done.toSorted()).toEqual(['batch request.unauthenticated', 'suspension done'])
  })
})
