import { catalogue, databases, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { newId, uuidOf } from '../kernel/id.ts'
import { everywhereScope, type Scope } from '../kernel/decisions.ts'
import { FactsReader } from './facts/reader.ts'
import { loadScopes } from './facts/scopes.ts'
import type { SubjectFacts } from './facts/subjects.ts'
import { isAllowedAt, grantsOfSubject } from './subjects.ts'

describe.each(databases)('subjects on %s', (database) => {
  const world = useWorld({ database })

  const now = () => world().clock.now()
  const load = async (userId: `usr_${string}`, sessionId: `ses_${string}` | null = null): Promise<SubjectFacts | undefined> =>
    (await new FactsReader(world().em(), 'now', now()).subjects([{ userId, sessionId }]))[0]
  const may = async (userId: `usr_${string}`, permission: string, place: Scope, ip: string | null = null) => {
    const facts = await load(userId)
    if (facts === undefined) throw new Error('there is no such user')
    const grants = grantsOfSubject(catalogue, facts, { now: now(), from: ip === null ? null : { ip, remote: true } })
    return isAllowedAt(grants, facts, permission, place)
  }
  const placeOf = async (id: `res_${string}`): Promise<Scope> => {
    const place = (await loadScopes(world().em(), [id])).get(id)
    if (place === undefined) throw new Error('there is no such resource')
    return place
  }

  test('a user as they stand: memberships, and what they and their teams were given', async () => {
    const organizationId = await world().newOrganization()
    const user = await world().newUser()
    await world().join(organizationId, user, 'admin')
    await world().access.give({ userId: user.id, permission: 'document.read' })
    expect(await load(user.id)).toMatchObject({
      userId: user.id,
      sessionId: null,
      isActive: true,
      memberships: [{ organizationId, role: 'admin' }],
      assignments: [
        { name: 'user', permission: null, scope: 'system' },
        { name: null, permission: 'document.read', scope: 'system' },
      ],
      assurance: null,
      activeRoles: { activated: [], deactivated: [] },
    })
  })

  test('however many are asked for in one statement, in their order, without those who are not there', async () => {
    const users = await Promise.all([world().newUser(), world().newUser(), world().newUser()])
    const unknown = newId('usr', now(), new Uint8Array(10))
    const keys = [...users.map(({ id }) => id), unknown].toReversed().map((userId) => ({ userId, sessionId: null }))
    const facts = await new FactsReader(world().em(), 'now', now()).subjects(keys)
    expect(facts.map(({ userId }) => userId)).toEqual(users.map(({ id }) => id).toReversed())
  })

  test('what was given in an organization goes with the membership', async () => {
    const [organizationId, other] = [await world().newOrganization(), await world().newOrganization()]
    const user = await world().newUser()
    await world().join(organizationId, user)
    for (const on of [{ organizationId }, { organizationId: other }])
      await world().access.give({ userId: user.id, permission: 'document.read', on })
    const facts = await load(user.id)
    expect(facts?.assignments.filter(({ scope }) => scope === 'organization')).toHaveLength(1)
    await world().rows(`update organizations set status = 'archived' where id = ?`, [uuidOf(organizationId)])
    const archived = await load(user.id)
    expect([archived?.memberships, archived?.assignments.map(({ name }) => name)]).toEqual([[], ['user']])
  })

  test('a session counts if it is that user’s and live', async () => {
    const [ada, eve] = [await world().signUp(), await world().signUp()]
    const { sessionId } = ada.principal
    expect(await load(ada.user.id, sessionId)).toMatchObject({ sessionId, assurance: 'aal1' })
    expect(await load(eve.user.id, sessionId)).toBeUndefined()
    await ada.as.auth.signOut({})
    expect(await load(ada.user.id, sessionId)).toBeUndefined()
  })

  test('whoever is suspended or contained may do nothing, not even with what is theirs', async () => {
    const user = await world().newUser()
    const place = await placeOf(await world().access.newResource({ ownerUserId: user.id }))
    expect(await may(user.id, 'document.read', place)).toBe(true)
    await world().asSystem().users.contain({ userId: user.id, reason: 'test' })
    expect(await may(user.id, 'document.read', place)).toBe(false)
  })

  test('owners do as they like with what is theirs and inside, as long as they are members of its organization', async () => {
    const organizationId = await world().newOrganization()
    const [member, stranger] = [await world().newUser(), await world().newUser()]
    await world().join(organizationId, member)
    const [his, theirs] = [
      await world().access.newResource({ organizationId, ownerUserId: member.id }),
      await world().access.newResource({ organizationId, ownerUserId: stranger.id }),
    ]
    const inside = await placeOf(await world().access.newResource({ organizationId, parentId: his }))
    for (const permission of ['document.read', 'resources.delete']) {
      expect(await may(member.id, permission, await placeOf(his))).toBe(true)
      expect(await may(member.id, permission, inside)).toBe(true)
      expect(await may(member.id, permission, await placeOf(theirs))).toBe(false)
      expect(await may(stranger.id, permission, await placeOf(theirs))).toBe(false)
    }
    expect(await may(member.id, 'users.purge', inside)).toBe(false)
    expect(await may(member.id, 'document.read', everywhereScope)).toBe(false)
  })

  test('what begins later counts from then, what has an end until then, and the facts say when they change', async () => {
    const user = await world().newUser()
    const [from, until] = [new Date(now().getTime() + 60_000), new Date(now().getTime() + 120_000)]
    await world().access.give({ userId: user.id, permission: 'document.read', validFrom: from, validUntil: until })
    expect((await load(user.id))?.validUntil).toEqual(from)
    expect(await may(user.id, 'document.read', everywhereScope)).toBe(false)
    world().clock.advance(60_000)
    expect((await load(user.id))?.validUntil).toEqual(until)
    expect(await may(user.id, 'document.read', everywhereScope)).toBe(true)
    world().clock.advance(60_000)
    expect(await may(user.id, 'document.read', everywhereScope)).toBe(false)
  })

  test('conditions are met by what is known: without an address or a session none is', async () => {
    const user = await world().newUser()
    await world().access.give({ userId: user.id, permission: 'document.read', condition: { networks: ['10.0.0.0/8'] } })
    await world().access.give({ userId: user.id, permission: 'document.write', condition: { assurance: 'aal2' } })
    expect(await may(user.id, 'document.read', everywhereScope)).toBe(false)
    expect(await may(user.id, 'document.read', everywhereScope, '10.1.2.3')).toBe(true)
    expect(await may(user.id, 'document.read', everywhereScope, '192.0.2.1')).toBe(false)
    expect(await may(user.id, 'document.write', everywhereScope, '10.1.2.3')).toBe(false)
  })
})
